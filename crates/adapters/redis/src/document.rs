//! Tickets as they lie in Redis for a moment, and as they are told over it: as JSON.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::money::{Money, Price, Quantity};
use ticketing_core::domain::ticket::{Details, Listing, Offer, Sales, Ticket, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use uuid::Uuid;

use crate::ticket_news::TicketState;

/// What changes most.
#[derive(Serialize, Deserialize)]
pub(crate) struct StateDocument<'a> {
    amount: u64,
    #[serde(borrow)]
    currency: Cow<'a, str>,
    quantity: u32,
    on_sale: bool,
    version: u64,
    held: u32,
    sold: u32,
    sales_version: u64,
}

/// A whole listing.
#[derive(Serialize, Deserialize)]
pub(crate) struct ListingDocument<'a> {
    id: Uuid,
    seller: Uuid,
    #[serde(borrow)]
    title: Cow<'a, str>,
    description: Option<Cow<'a, str>>,
    venue: Option<Cow<'a, str>>,
    city: Option<Cow<'a, str>>,
    category: Option<Cow<'a, str>>,
    starts_at: Option<i64>,
    created_at: i64,
    #[serde(default)]
    max_per_buyer: Option<u32>,
    #[serde(borrow)]
    state: StateDocument<'a>,
}

impl From<&TicketState> for StateDocument<'static> {
    fn from(state: &TicketState) -> Self {
        let TicketState { price, quantity, status, version, sales } = *state;
        let Money { amount, currency } = price.money();
        Self {
            amount,
            currency: Cow::Borrowed(currency.code()),
            quantity: quantity.get(),
            on_sale: status == TicketStatus::OnSale,
            version,
            held: sales.held,
            sold: sales.sold,
            sales_version: sales.version,
        }
    }
}

impl StateDocument<'_> {
    /// `None` if it is none that the domain knows.
    pub(crate) fn read(&self) -> Option<TicketState> {
        let Self { amount, ref currency, quantity, on_sale, version, held, sold, sales_version } = *self;
        Some(TicketState {
            price: Price::new(Money { amount, currency: currency.parse().ok()? }).ok()?,
            quantity: Quantity::new(quantity).ok()?,
            status: if on_sale { TicketStatus::OnSale } else { TicketStatus::Withdrawn },
            version,
            sales: Sales { held, sold, version: sales_version },
        })
    }
}

impl<'a> From<&'a Listing> for ListingDocument<'a> {
    fn from(listing: &'a Listing) -> Self {
        let ticket = &listing.ticket;
        let Details { title, description, venue, city, category, starts_at } = &ticket.offer.details;
        let optional = |text: &'a Option<String>| text.as_deref().map(Cow::Borrowed);
        Self {
            id: ticket.id.uuid(),
            seller: ticket.seller.uuid(),
            title: Cow::Borrowed(title),
            description: optional(description),
            venue: optional(venue),
            city: optional(city),
            category: optional(category),
            starts_at: starts_at.map(Timestamp::millis),
            created_at: ticket.created_at.millis(),
            max_per_buyer: ticket.offer.max_per_buyer.map(Quantity::get),
            state: StateDocument::from(&TicketState::from(listing)),
        }
    }
}

impl ListingDocument<'_> {
    /// `None` if it is none that the domain knows.
    pub(crate) fn read(self) -> Option<Listing> {
        let TicketState { price, quantity, status, version, sales } = self.state.read()?;
        let details = Details {
            title: self.title.into(),
            description: self.description.map(Cow::into_owned),
            venue: self.venue.map(Cow::into_owned),
            city: self.city.map(Cow::into_owned),
            category: self.category.map(Cow::into_owned),
            starts_at: self.starts_at.map(Timestamp::from_millis),
        };
        let max_per_buyer = self.max_per_buyer.map(Quantity::new).transpose().ok()?;
        let ticket = Ticket {
            id: TicketId::new(self.id),
            seller: AccountId::new(self.seller),
            offer: Offer { details, price, quantity, max_per_buyer },
            status,
            created_at: Timestamp::from_millis(self.created_at),
            version,
        };
        // Whoever searches does not repeat the request that made the ticket.
        Some(Listing { sales, ..Listing::new(ticket) })
    }
}
