//! A page of a search as bytes that say what they are the answer to.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use ticketing_core::domain::money::Currency;
use ticketing_core::domain::ticket::Listing;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::ticket_store::{Moment, TicketQuery, TicketSort};

use crate::document::ListingDocument;

/// A search, but for the time at which it was made.
pub(super) struct Question {
    /// In one line.
    text: String,
    asked_at: Timestamp,
}

/// The answer to a search.
#[derive(Serialize, Deserialize)]
struct PageDocument<'a> {
    asked_at: i64,
    #[serde(borrow)]
    listings: Vec<ListingDocument<'a>>,
}

impl Question {
    pub(super) fn of(query: &TicketQuery) -> Self {
        let TicketQuery { text, category, city, from, to, currency, min_price, max_price, .. } = query;
        let TicketQuery { attributes, event, sort, now, page, .. } = query;
        let texts = (text, category, city, attributes, event);
        let currency = currency.map(Currency::code);
        let bounds = (from.map(bound), to.map(bound), currency, min_price, max_price);
        let place = (name(*sort), page.after.map(|after| (after.rank, after.id.uuid())), page.limit);
        let text = serde_json::json!([texts, bounds, place]).to_string();
        Self { text, asked_at: *now }
    }

    /// One of so many slots; another release may choose another, which costs a miss.
    pub(super) fn slot(&self, slots: u64) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.text.hash(&mut hasher);
        hasher.finish() % slots
    }

    /// An answer as it is kept under a generation.
    pub(super) fn answered(&self, generation: &[u8], listings: &[Listing]) -> Vec<u8> {
        let listings = listings.iter().map(ListingDocument::from).collect();
        let page = PageDocument { asked_at: self.asked_at.millis(), listings };
        // Nothing in it can fail to be written; bytes that cannot be read are a miss.
        let page = serde_json::to_vec(&page).unwrap_or_default();
        [generation, self.text.as_bytes(), b"\n", &page].concat()
    }

    /// The answer, if that is what the bytes are, and if the store would still give it.
    pub(super) fn answer(&self, generation: &[u8], kept: &[u8], ttl: Duration) -> Option<Vec<Listing>> {
        let page = kept.strip_prefix(generation)?.strip_prefix(self.text.as_bytes())?.strip_prefix(b"\n")?;
        let page: PageDocument<'_> = serde_json::from_slice(page).ok()?;
        let age = u64::try_from(self.asked_at.millis() - page.asked_at).ok().map(Duration::from_millis);
        let listings: Vec<_> = page.listings.into_iter().map(ListingDocument::read).collect::<Option<_>>()?;
        let is_ahead = |listing: &Listing| {
            listing.ticket.offer.details.closes_at().is_none_or(|closes_at| closes_at >= self.asked_at)
        };
        // A Redis that hung may have kept it too long. An event that began since then would leave its place to
        // another, which only the store knows.
        let still_holds = age.is_some_and(|age| age < ttl) && listings.iter().all(is_ahead);
        still_holds.then_some(listings)
    }
}

fn bound(moment: Moment) -> (&'static str, i64) {
    match moment {
        Moment::At(time) => ("at", time.millis()),
        Moment::AtPlace(time) => ("at place", time.millis()),
    }
}

const fn name(sort: TicketSort) -> &'static str {
    match sort {
        TicketSort::Newest => "newest",
        TicketSort::Soonest => "soonest",
        TicketSort::Cheapest => "cheapest",
        TicketSort::Dearest => "dearest",
    }
}
