//! The payload of a ticket's events.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::account::DisplayName;
use crate::domain::attributes::Attributes;
use crate::domain::event_facts::{EventFacts, FactsKnown, Seating};
use crate::domain::ids::{AccountId, TicketId};
use crate::domain::money::Quantity;
use crate::domain::ticket::{ChangedTicket, Details, Offer, Sales, Ticket, TicketStatus};
use crate::domain::time::Timestamp;
use crate::domain::time_zone::TimeZone;
use crate::wire::Undecodable;

use super::{FactsKnownPayload, MoneyPayload, Rfc3339, SalesPayload, price, quantity};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TicketPayload<'a> {
    id: Uuid,
    seller_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    seller_name: Option<Arc<str>>,
    title: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    description: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    venue: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    city: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    category: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    starts_at: Option<Rfc3339>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    time_zone: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    section: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    row: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    seats: Option<Arc<str>>,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    together: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    facts_known: Option<FactsKnownPayload>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    sales_end_at: Option<Rfc3339>,
    #[serde(borrow)]
    price: MoneyPayload<'a>,
    quantity: u32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    max_per_buyer: Option<u32>,
    #[serde(skip_serializing_if = "Attributes::is_empty", default)]
    attributes: Attributes,
    status: TicketStatusPayload,
    created_at: Rfc3339,
    version: u64,
    /// Absent of a ticket that nobody ordered, and of events of earlier releases.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    sales: Option<SalesPayload>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum TicketStatusPayload {
    OnSale,
    Withdrawn,
    CalledOff,
}

impl From<&ChangedTicket> for TicketPayload<'_> {
    fn from(ChangedTicket { ticket, sales }: &ChangedTicket) -> Self {
        let Details { event, description, category, sales_end_at, attributes } = &ticket.offer.details;
        let Seating { section, row, seats, together } = &event.seating;
        Self {
            id: ticket.id.uuid(),
            seller_id: ticket.seller.uuid(),
            seller_name: ticket.seller_name.as_ref().map(DisplayName::to_shared),
            title: Arc::clone(&event.title),
            description: description.clone(),
            venue: event.venue.clone(),
            city: event.city.clone(),
            category: category.clone(),
            starts_at: event.starts_at.map(Into::into),
            time_zone: event.time_zone.clone().map(Into::into),
            section: section.clone(),
            row: row.clone(),
            seats: seats.clone(),
            together: *together,
            facts_known: FactsKnownPayload::unless(FactsKnown::PlaceAndTime, event.known),
            sales_end_at: sales_end_at.map(Into::into),
            price: ticket.offer.price.money().into(),
            quantity: ticket.offer.quantity.get(),
            max_per_buyer: ticket.offer.max_per_buyer.map(Quantity::get),
            attributes: attributes.clone(),
            status: match ticket.status {
                TicketStatus::OnSale => TicketStatusPayload::OnSale,
                TicketStatus::Withdrawn => TicketStatusPayload::Withdrawn,
                TicketStatus::CalledOff => TicketStatusPayload::CalledOff,
            },
            created_at: ticket.created_at.into(),
            version: ticket.version,
            sales: (sales.version > 0).then(|| (*sales).into()),
        }
    }
}

impl TryFrom<TicketPayload<'_>> for ChangedTicket {
    type Error = Undecodable;

    fn try_from(payload: TicketPayload<'_>) -> Result<Self, Undecodable> {
        if payload.title.is_empty() {
            return Err(Undecodable::new("the ticket has no title"));
        }
        // Texts and attributes were judged when they were offered: a rule that got stricter since takes back nothing.
        let event = EventFacts {
            title: payload.title,
            venue: payload.venue,
            city: payload.city,
            starts_at: payload.starts_at.map(Timestamp::from),
            time_zone: payload.time_zone.map(TimeZone::stored),
            seating: Seating {
                section: payload.section,
                row: payload.row,
                seats: payload.seats,
                together: payload.together,
            },
            known: payload.facts_known.map_or(FactsKnown::PlaceAndTime, Into::into),
        };
        let details = Details {
            event: event.into(),
            description: payload.description,
            category: payload.category,
            sales_end_at: payload.sales_end_at.map(Timestamp::from),
            attributes: payload.attributes,
        };
        let offer = Offer {
            details,
            price: price(payload.price)?,
            quantity: quantity(payload.quantity)?,
            max_per_buyer: payload.max_per_buyer.map(quantity).transpose()?,
        };
        let ticket = Ticket {
            id: TicketId::new(payload.id),
            seller: AccountId::new(payload.seller_id),
            seller_name: payload.seller_name.as_deref().map(DisplayName::from_stored),
            offer,
            status: match payload.status {
                TicketStatusPayload::OnSale => TicketStatus::OnSale,
                TicketStatusPayload::Withdrawn => TicketStatus::Withdrawn,
                TicketStatusPayload::CalledOff => TicketStatus::CalledOff,
            },
            created_at: payload.created_at.into(),
            version: payload.version,
        };
        Ok(Self { ticket, sales: payload.sales.map(Sales::from).unwrap_or_default() })
    }
}
