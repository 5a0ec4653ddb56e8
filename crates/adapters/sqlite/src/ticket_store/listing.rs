//! Listings as documents.

use std::sync::Arc;

use rusqlite::Row;
use rusqlite::types::Value;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::account::DisplayName;
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::money::Quantity;
use ticketing_core::domain::ticket::{CreationRequest, Details, Listing, Offer, Sales, Ticket, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};
use uuid::Uuid;

use crate::commit::{Change, Guard, Statement};
use crate::document::{Millis, MoneyDocument, Record, Wrong, blob, date, price, quantity, signed, time};
use crate::facts::FactsDocument;

use super::tokens;

/// A field that a listing does not have is null; its sales lie beside it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ListingDocument {
    seller: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seller_name: Option<Arc<str>>,
    on_sale: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    called_off: bool,
    offer: OfferDocument,
    created_at: Millis,
    version: u64,
    #[serde(default)]
    request: Option<RequestDocument>,
    #[serde(skip)]
    sales: Sales,
}

#[derive(Debug, Serialize, Deserialize)]
struct OfferDocument {
    title: Arc<str>,
    description: Option<Arc<str>>,
    category: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "FactsDocument::is_empty")]
    event: FactsDocument,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sales_end_at: Option<Millis>,
    price: MoneyDocument,
    quantity: u32,
    #[serde(default)]
    max_per_buyer: Option<u32>,
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    attributes: Attributes,
}

/// The request that put it on sale.
#[derive(Debug, Serialize, Deserialize)]
struct RequestDocument {
    key: String,
    digest: [u8; 32],
}

impl From<&CreationRequest> for RequestDocument {
    fn from(request: &CreationRequest) -> Self {
        Self { key: request.key.to_string(), digest: request.digest }
    }
}

impl RequestDocument {
    fn into_domain(self) -> Result<CreationRequest, Wrong> {
        Ok(CreationRequest { key: self.key.parse().map_err(|_| "no idempotency key")?, digest: self.digest })
    }
}

impl OfferDocument {
    fn of(offer: &Offer) -> Self {
        let Details { event, description, category, sales_end_at, attributes } = offer.details.clone();
        Self {
            title: Arc::clone(&event.title),
            description,
            category,
            event: (&*event).into(),
            sales_end_at: sales_end_at.map(date),
            price: offer.price.money().into(),
            quantity: offer.quantity.get(),
            max_per_buyer: offer.max_per_buyer.map(Quantity::get),
            attributes,
        }
    }

    fn into_domain(self) -> Result<Offer, Wrong> {
        let Self { title, description, category, event, sales_end_at, attributes, .. } = self;
        let event = event.into_domain(title).into();
        let details = Details { event, description, category, sales_end_at: sales_end_at.map(time), attributes };
        let max_per_buyer = self.max_per_buyer.map(quantity).transpose()?;
        Ok(Offer { details, price: price(self.price)?, quantity: quantity(self.quantity)?, max_per_buyer })
    }
}

impl ListingDocument {
    fn of(listing: &Listing) -> Self {
        let ticket = &listing.ticket;
        Self {
            seller: ticket.seller.uuid(),
            seller_name: ticket.seller_name.as_ref().map(DisplayName::to_shared),
            on_sale: ticket.status == TicketStatus::OnSale,
            called_off: ticket.status == TicketStatus::CalledOff,
            offer: OfferDocument::of(&ticket.offer),
            created_at: date(ticket.created_at),
            version: ticket.version,
            sales: listing.sales,
            request: listing.request.as_ref().map(Into::into),
        }
    }
}

const FORGET_CHANGED: &str =
    "DELETE FROM found_by WHERE rowid IN (SELECT number FROM listings WHERE id = ?1 AND tokens <> ?2)";
const FIND_BY: &str = "INSERT INTO found_by (rowid, tokens) SELECT number, tokens FROM listings
     WHERE id = ?1 AND tokens <> '' AND NOT EXISTS (SELECT 1 FROM found_by WHERE rowid = listings.number)";

pub(super) fn change(listing: &Listing, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let id = blob(listing.ticket.id.uuid());
    let guard = listing.request.as_ref().map(|CreationRequest { key, .. }| Guard {
        key: RecordKey::ListingKey(listing.ticket.seller, key.clone()),
        others: vec![Statement {
            sql: "SELECT 1 FROM listings WHERE seller = ?1 AND request = ?2 AND id <> ?3",
            params: vec![blob(listing.ticket.seller.uuid()), Value::Text(key.to_string()), id.clone()],
        }],
    });
    let tokens = Value::Text(tokens::of(listing));
    Ok(Change {
        guards: guard.into_iter().collect(),
        before: vec![Statement { sql: FORGET_CHANGED, params: vec![id.clone(), tokens.clone()] }],
        after: vec![Statement { sql: FIND_BY, params: vec![id] }],
        columns: columns(listing, tokens),
        ..Change::of(
            RecordKey::Listing(listing.ticket.id),
            listing.ticket.id.uuid(),
            replaces,
            &ListingDocument::of(listing),
        )?
    })
}

/// By what a listing is found, its sales, what is told with them, and `soonest`, which goes with a step of the schema.
fn columns(listing: &Listing, tokens: Value) -> Vec<(&'static str, Value)> {
    let Listing { ticket, sales, .. } = listing;
    let (offer, price) = (&ticket.offer, ticket.offer.price.money());
    let request = listing.request.as_ref().map_or(Value::Null, |request| Value::Text(request.key.to_string()));
    let closes = offer.details.closes_at().map_or(i64::MAX, Timestamp::millis);
    let soonest = offer.details.event.starts_at.map_or(i64::MAX, Timestamp::millis);
    vec![
        ("seller", blob(ticket.seller.uuid())),
        ("request", request),
        ("on_sale", (ticket.status == TicketStatus::OnSale).into()),
        ("soonest", Value::Integer(soonest)),
        ("closes", Value::Integer(closes)),
        ("amount", Value::Integer(signed(price.amount))),
        ("tokens", tokens),
        ("held", sales.held.into()),
        ("sold", sales.sold.into()),
        ("sales_version", Value::Integer(signed(sales.version))),
        ("version", Value::Integer(signed(ticket.version))),
        ("called_off", (ticket.status == TicketStatus::CalledOff).into()),
        ("currency", Value::Text(price.currency.code().to_owned())),
        ("quantity", offer.quantity.get().into()),
    ]
}

/// A ticket as others keep it who follow tickets.
pub(crate) fn ticket_replica(ticket: Ticket) -> ListingDocument {
    ListingDocument::of(&Listing::new(ticket))
}

impl Record for ListingDocument {
    type Domain = Listing;
    const TABLE: &'static str = "listings";
    const BESIDE: &'static [&'static str] = &["held", "sold", "sales_version"];

    fn read_beside(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let [held, sold] = ["held", "sold"].map(|column| row.get(column));
        self.sales = Sales { held: held?, sold: sold?, version: row.get::<_, i64>("sales_version")?.cast_unsigned() };
        Ok(())
    }

    fn into_domain(self, id: Uuid) -> Result<Listing, Wrong> {
        let ticket = Ticket {
            id: TicketId::new(id),
            seller: AccountId::new(self.seller),
            seller_name: self.seller_name.as_deref().map(DisplayName::from_stored),
            offer: self.offer.into_domain()?,
            status: TicketStatus::stored(self.on_sale, self.called_off),
            created_at: time(self.created_at),
            version: self.version,
        };
        let request = self.request.map(RequestDocument::into_domain).transpose()?;
        Ok(Listing { ticket, sales: self.sales, request })
    }
}
