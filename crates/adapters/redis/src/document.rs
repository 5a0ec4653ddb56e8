//! Tickets as they lie in Redis for a moment: as JSON.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ticketing_core::domain::account::DisplayName;
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::event_facts::{EventFacts, FactsKnown, Seating};
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::money::Quantity;
use ticketing_core::domain::ticket::{Details, Listing, Offer, Ticket};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::domain::time_zone::TimeZone;
use ticketing_core::wire::TicketState;
use uuid::Uuid;

/// A whole listing.
#[derive(Serialize, Deserialize)]
pub(crate) struct ListingDocument<'a> {
    id: Uuid,
    seller: Uuid,
    seller_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    title: Cow<'a, str>,
    description: Option<Cow<'a, str>>,
    venue: Option<Cow<'a, str>>,
    city: Option<Cow<'a, str>>,
    category: Option<Cow<'a, str>>,
    starts_at: Option<i64>,
    time_zone: Option<Cow<'a, str>>,
    section: Option<Cow<'a, str>>,
    row: Option<Cow<'a, str>>,
    seats: Option<Cow<'a, str>>,
    #[serde(default)]
    together: bool,
    sales_end_at: Option<i64>,
    created_at: i64,
    #[serde(default)]
    max_per_buyer: Option<u32>,
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    attributes: Attributes,
    state: TicketState,
}

impl<'a> From<&'a Listing> for ListingDocument<'a> {
    fn from(listing: &'a Listing) -> Self {
        let ticket = &listing.ticket;
        let Details { event, description, category, sales_end_at, attributes } = &ticket.offer.details;
        let EventFacts { title, venue, city, starts_at, time_zone, seating, known: _ } = &**event;
        let Seating { section, row, seats, together } = seating;
        let optional = |text: &'a Option<Arc<str>>| text.as_deref().map(Cow::Borrowed);
        Self {
            id: ticket.id.uuid(),
            seller: ticket.seller.uuid(),
            seller_name: ticket.seller_name.as_ref().map(|name| Cow::Borrowed(name.as_str())),
            title: Cow::Borrowed(title),
            description: optional(description),
            venue: optional(venue),
            city: optional(city),
            category: optional(category),
            starts_at: starts_at.map(Timestamp::millis),
            time_zone: time_zone.as_ref().map(|zone| Cow::Borrowed(zone.name())),
            section: optional(section),
            row: optional(row),
            seats: optional(seats),
            together: *together,
            sales_end_at: sales_end_at.map(Timestamp::millis),
            created_at: ticket.created_at.millis(),
            max_per_buyer: ticket.offer.max_per_buyer.map(Quantity::get),
            attributes: attributes.clone(),
            state: listing.into(),
        }
    }
}

impl ListingDocument<'_> {
    /// `None` if it is none that the domain knows.
    pub(crate) fn read(self) -> Option<Listing> {
        let TicketState { price, quantity, status, version, sales, .. } = self.state;
        let text = |text: Option<Cow<'_, str>>| text.map(Arc::from);
        let (section, row, seats) = (text(self.section), text(self.row), text(self.seats));
        let event = EventFacts {
            title: self.title.into(),
            venue: text(self.venue),
            city: text(self.city),
            starts_at: self.starts_at.map(Timestamp::from_millis),
            time_zone: self.time_zone.map(TimeZone::stored),
            seating: Seating { section, row, seats, together: self.together },
            // A page is only shown.
            known: FactsKnown::All,
        };
        let details = Details {
            event: event.into(),
            description: text(self.description),
            category: text(self.category),
            sales_end_at: self.sales_end_at.map(Timestamp::from_millis),
            attributes: self.attributes,
        };
        let max_per_buyer = self.max_per_buyer.map(Quantity::new).transpose().ok()?;
        let ticket = Ticket {
            id: TicketId::new(self.id),
            seller: AccountId::new(self.seller),
            seller_name: self.seller_name.map(|name| DisplayName::from_stored(&name)),
            offer: Offer { details, price, quantity, max_per_buyer },
            status,
            created_at: Timestamp::from_millis(self.created_at),
            version,
        };
        // A search does not repeat the request that made the ticket.
        Some(Listing { sales, ..Listing::new(ticket) })
    }
}
