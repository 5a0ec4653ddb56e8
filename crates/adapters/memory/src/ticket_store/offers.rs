//! What is on sale of each event, cheapest first.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::money::Currency;
use ticketing_core::domain::search::event_to_find;
use ticketing_core::domain::ticket::{Listing, TicketStatus};

/// Tickets on sale, by event and currency; of equal amounts the newest comes first.
#[derive(Default)]
pub(super) struct Offers(HashMap<(String, Currency), BTreeSet<(u64, Reverse<TicketId>)>>);

impl Offers {
    pub(super) fn add(&mut self, listing: &Listing) {
        if let Some((event, place)) = place(listing) {
            self.0.entry(event).or_default().insert(place);
        }
    }

    pub(super) fn remove(&mut self, listing: &Listing) {
        let Some((event, place)) = place(listing) else { return };
        let Some(offers) = self.0.get_mut(&event) else { return };
        offers.remove(&place);
        if offers.is_empty() {
            self.0.remove(&event);
        }
    }

    pub(super) fn of(&self, event: &str, currency: Currency) -> impl Iterator<Item = &TicketId> {
        let offers = self.0.get(&(event.to_owned(), currency));
        offers.into_iter().flatten().map(|(_, Reverse(id))| id)
    }
}

/// Where an offer stands, if it is one of an event that is recognised.
fn place(listing: &Listing) -> Option<((String, Currency), (u64, Reverse<TicketId>))> {
    let ticket = &listing.ticket;
    let event = event_to_find(&ticket.offer.details.event).filter(|_| ticket.status == TicketStatus::OnSale)?;
    let price = ticket.offer.price.money();
    Some(((event, price.currency), (price.amount, Reverse(ticket.id))))
}
