//! Finds a page of tickets.
//!
//! A search walks an index in the order asked for, leaves out what the filters
//! forbid, and stops when the page is full. Where matches are rare that would
//! take long, so a walk is soon given up where there is another way: the index
//! of words, or a narrow window of price or time. Nothing has to be estimated.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::ops::{Bound, RangeInclusive};

use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::search::{attributes_to_find, event_to_find, name_to_find, words_to_find};
use ticketing_core::domain::ticket::Listing;
use ticketing_core::ports::ticket_store::{TicketCursor, TicketQuery, TicketSort};
use uuid::Uuid;

use crate::store::Table;

use super::catalog::{Catalog, Place, Shelf, place};
use super::words::beginning;

/// A window of price or time is narrow if it holds no more tickets, and a walk takes no more looks if it need not.
const FEW: usize = 4096;

pub(super) fn search(catalog: &Catalog, listings: &Table<TicketId, Listing>, query: &TicketQuery) -> Vec<Listing> {
    let wanted = Wanted::of(query);
    if query.text.is_some() && wanted.words.is_empty() {
        return Vec::new();
    }
    let search = Search { catalog, listings, wanted: &wanted };
    search.page().unwrap_or_default().into_iter().cloned().collect()
}

/// A query with its texts as they are indexed.
struct Wanted<'a> {
    query: &'a TicketQuery,
    words: Vec<String>,
    beginnings: Vec<String>,
    category: Option<String>,
    city: Option<String>,
}

impl<'a> Wanted<'a> {
    fn of(query: &'a TicketQuery) -> Self {
        let words: Vec<String> = query.text.as_deref().map(words_to_find).unwrap_or_default();
        Self {
            query,
            beginnings: words.iter().map(|word| beginning(word)).collect(),
            words,
            category: query.category.as_deref().map(name_to_find),
            city: query.city.as_deref().map(name_to_find),
        }
    }

    /// The ranks that the filters leave in an order.
    fn window(&self, sort: TicketSort) -> RangeInclusive<u64> {
        let query = self.query;
        let (cheapest, dearest) = (query.min_price.unwrap_or(0), query.max_price.unwrap_or(u64::MAX));
        match sort {
            TicketSort::Newest => 0..=u64::MAX,
            TicketSort::Cheapest => cheapest..=dearest,
            TicketSort::Dearest => u64::MAX - dearest..=u64::MAX - cheapest,
            TicketSort::Soonest => {
                let from = query.from.map_or(query.now, |from| from.window().0.max(query.now));
                let last = query.to.map_or(u64::MAX, |to| to.window().1.millis().unsigned_abs().saturating_sub(1));
                from.millis().unsigned_abs()..=last
            }
        }
    }
}

struct Search<'a> {
    catalog: &'a Catalog,
    listings: &'a Table<TicketId, Listing>,
    wanted: &'a Wanted<'a>,
}

impl<'a> Search<'a> {
    /// The page; `None` if a filter that is indexed leaves no ticket.
    fn page(&self) -> Option<Vec<&'a Listing>> {
        let shelf = self.shelf()?;
        let having = self.rarest_word()?;
        let has_other_way = !having.is_empty() || self.windows().next().is_some();
        let patience = if has_other_way { FEW.min(self.cost_of(&having)) } else { usize::MAX };
        Some(match self.walked(self.walk(shelf), patience) {
            Some(page) => page,
            None => match self.narrow(shelf) {
                Some(few) => self.sorted(few.into_iter()),
                None if having.is_empty() => self.first_matching(self.walk(shelf)),
                None if self.sort() == TicketSort::Newest => self.first_matching(self.merge(having)),
                None => self.sorted(having.into_iter().flatten().copied()),
            },
        })
    }

    /// How many looks it takes to find the page among those that have a word.
    fn cost_of(&self, having: &[&BTreeSet<TicketId>]) -> usize {
        match self.sort() {
            _ if having.is_empty() => usize::MAX,
            TicketSort::Newest => having.len(),
            TicketSort::Soonest | TicketSort::Cheapest | TicketSort::Dearest => count(having),
        }
    }

    /// The page, unless it takes more than so many looks.
    fn walked(&self, listings: impl Iterator<Item = &'a Listing>, patience: usize) -> Option<Vec<&'a Listing>> {
        let mut found = Vec::new();
        for (looks, listing) in listings.enumerate() {
            if found.len() == self.limit() {
                break;
            }
            if looks == patience {
                return None;
            }
            found.extend(self.matches(listing).then_some(listing));
        }
        Some(found)
    }

    fn first_matching(&self, listings: impl Iterator<Item = &'a Listing>) -> Vec<&'a Listing> {
        listings.filter(|listing| self.matches(listing)).take(self.limit()).collect()
    }

    fn shelf(&self) -> Option<&'a Shelf> {
        let mut least = &self.catalog.all;
        if let Some(name) = &self.wanted.category {
            least = fewer(least, self.catalog.category(name)?);
        }
        if let Some(name) = &self.wanted.city {
            least = fewer(least, self.catalog.city(name)?);
        }
        if let Some(currency) = self.wanted.query.currency {
            least = fewer(least, self.catalog.currency(currency)?);
        }
        if let Some(event) = &self.wanted.query.event {
            least = fewer(least, self.catalog.event(event)?);
        }
        for attribute in attributes_to_find(&self.wanted.query.attributes) {
            least = fewer(least, self.catalog.attribute(&attribute)?);
        }
        Some(least)
    }

    /// The tickets that have the word which fewest have; none listed if no word is asked for.
    fn rarest_word(&self) -> Option<Vec<&'a BTreeSet<TicketId>>> {
        let each = self.wanted.words.iter().map(|word| self.catalog.having(word));
        let rarest = each.min_by_key(|having| count(having));
        match rarest {
            None => Some(Vec::new()),
            Some(nobody) if nobody.is_empty() => None,
            Some(having) => Some(having),
        }
    }

    /// The tickets within a window of price or time, if they are few.
    fn narrow(&self, shelf: &'a Shelf) -> Option<Vec<TicketId>> {
        self.windows()
            .map(|sort| self.within(shelf, sort).take(FEW + 1).collect::<Vec<_>>())
            .find(|few| few.len() <= FEW)
    }

    /// The orders, but for the one asked for, in which the filters leave a window.
    fn windows(&self) -> impl Iterator<Item = TicketSort> {
        let query = self.wanted.query;
        let by_price = (query.min_price.is_some() || query.max_price.is_some()).then_some(TicketSort::Cheapest);
        let by_time = (query.from.is_some() || query.to.is_some()).then_some(TicketSort::Soonest);
        by_price.into_iter().chain(by_time).filter(|sort| *sort != self.sort())
    }

    fn within(&self, shelf: &'a Shelf, sort: TicketSort) -> impl Iterator<Item = TicketId> {
        let window = self.wanted.window(sort);
        places(shelf, sort, Bound::Included((*window.start(), Reverse(LAST))), *window.end())
    }

    /// What stands on a shelf behind the cursor, in the order asked for.
    fn walk(&self, shelf: &'a Shelf) -> impl Iterator<Item = &'a Listing> {
        let window = self.wanted.window(self.sort());
        let first = (*window.start(), Reverse(LAST));
        let start = match self.after() {
            Some(after) if after >= first => Bound::Excluded(after),
            _ => Bound::Included(first),
        };
        self.known(places(shelf, self.sort(), start, *window.end()))
    }

    /// What is in any of these behind the cursor, newest first and once each.
    fn merge(&self, having: Vec<&'a BTreeSet<TicketId>>) -> impl Iterator<Item = &'a Listing> {
        let before = self.after().map_or(Bound::Unbounded, |(_, Reverse(id))| Bound::Excluded(id));
        self.known(newest_first(having, before))
    }

    /// The page out of these, whatever their order and however often each is named.
    fn sorted(&self, ids: impl Iterator<Item = TicketId>) -> Vec<&'a Listing> {
        let place = |listing: &&Listing| place(self.sort(), listing);
        let is_behind = |listing: &&Listing| self.after().is_none_or(|after| place(listing) > after);
        let mut sorted: Vec<_> =
            self.known(ids).filter(|listing| is_behind(listing) && self.matches(listing)).collect();
        sorted.sort_unstable_by_key(place);
        sorted.dedup_by_key(|listing| listing.ticket.id);
        sorted.truncate(self.limit());
        sorted
    }

    fn matches(&self, listing: &Listing) -> bool {
        let (wanted, query, offer) = (self.wanted, self.wanted.query, &listing.ticket.offer);
        let amount = offer.price.money().amount;
        query.has_time_for(&offer.details)
            && query.currency.is_none_or(|currency| offer.price.money().currency == currency)
            && query.min_price.is_none_or(|least| amount >= least)
            && query.max_price.is_none_or(|most| amount <= most)
            && wanted.category.as_deref().is_none_or(|name| is_called(offer.details.category.as_deref(), name))
            && wanted.city.as_deref().is_none_or(|name| is_called(offer.details.event.city.as_deref(), name))
            && offer.details.attributes.have_all(&query.attributes)
            && query.event.as_ref().is_none_or(|event| event_to_find(&offer.details.event).as_ref() == Some(event))
            && self.has_words(listing.ticket.id)
    }

    fn has_words(&self, id: TicketId) -> bool {
        let wanted = &self.wanted.beginnings;
        wanted.is_empty() || self.catalog.words_of(id).is_some_and(|words| wanted.iter().all(|word| words.have(word)))
    }

    fn known(&self, ids: impl Iterator<Item = TicketId>) -> impl Iterator<Item = &'a Listing> {
        let listings = self.listings;
        ids.filter_map(move |id| listings.get(&id)).map(|stored| &stored.record)
    }

    fn limit(&self) -> usize {
        self.wanted.query.page.limit
    }

    fn sort(&self) -> TicketSort {
        self.wanted.query.sort
    }

    fn after(&self) -> Option<Place> {
        self.wanted.query.page.after.map(|TicketCursor { rank, id }| (rank, Reverse(id)))
    }
}

/// Sorts before every other id of its rank.
const LAST: TicketId = TicketId::new(Uuid::max());

fn fewer<'a>(one: &'a Shelf, other: &'a Shelf) -> &'a Shelf {
    if other.len() < one.len() { other } else { one }
}

fn count(having: &[&BTreeSet<TicketId>]) -> usize {
    having.iter().map(|having| having.len()).sum()
}

fn is_called(name: Option<&str>, wanted: &str) -> bool {
    // Most names are ASCII, and many are compared.
    name.is_some_and(
        |name| if name.is_ascii() { name.eq_ignore_ascii_case(wanted) } else { name_to_find(name) == wanted },
    )
}

fn places(shelf: &Shelf, sort: TicketSort, start: Bound<Place>, last: u64) -> impl Iterator<Item = TicketId> {
    let behind = shelf.by(sort).range((start, Bound::Unbounded));
    behind.take_while(move |(rank, _)| *rank <= last).map(|(_, Reverse(id))| *id)
}

fn newest_first(sets: Vec<&BTreeSet<TicketId>>, before: Bound<TicketId>) -> impl Iterator<Item = TicketId> {
    let below = |set: &BTreeSet<TicketId>, bound| set.range((Bound::Unbounded, bound)).next_back().copied();
    let mut heads: BinaryHeap<(TicketId, usize)> =
        sets.iter().enumerate().filter_map(|(at, set)| below(set, before).map(|id| (id, at))).collect();
    let mut last = None;
    std::iter::from_fn(move || {
        loop {
            let (id, at) = heads.pop()?;
            heads.extend(sets.get(at).and_then(|set| below(set, Bound::Excluded(id))).map(|next| (next, at)));
            if last.replace(id) != Some(id) {
                return Some(id);
            }
        }
    })
}
