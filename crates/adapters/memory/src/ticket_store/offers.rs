//! What is on sale of each event, cheapest first.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::money::Currency;
use ticketing_core::domain::search::event_to_find;
use ticketing_core::domain::ticket::{Listing, TicketStatus};

/// Tickets on sale, by event and currency; of equal amounts the newest comes first.
#[derive(Default)]
pub(super) struct Offers(HashMap<Event, BTreeSet<Place>>);

/// An event as it is recognised, and the currency of its offers.
type Event = (String, Currency);
type Place = (u64, Reverse<TicketId>);

impl Offers {
    pub(super) fn add(&mut self, listing: &Listing) {
        if let Some(event) = event_of(listing) {
            self.0.entry(event).or_default().insert(place(listing));
        }
    }

    pub(super) fn remove(&mut self, listing: &Listing) {
        let Some(event) = event_of(listing) else { return };
        let Some(offers) = self.0.get_mut(&event) else { return };
        offers.remove(&place(listing));
        if offers.is_empty() {
            self.0.remove(&event);
        }
    }

    pub(super) fn of(&self, event: &str, currency: Currency) -> impl Iterator<Item = &TicketId> {
        let offers = self.0.get(&(event.to_owned(), currency));
        offers.into_iter().flatten().map(|(_, Reverse(id))| id)
    }
}

/// None if the ticket is not on sale, or nothing tells its event.
fn event_of(listing: &Listing) -> Option<Event> {
    let ticket = &listing.ticket;
    let event = event_to_find(&ticket.offer.details.event).filter(|_| ticket.status == TicketStatus::OnSale)?;
    Some((event, ticket.offer.price.money().currency))
}

fn place(listing: &Listing) -> Place {
    (listing.ticket.offer.price.money().amount, Reverse(listing.ticket.id))
}
