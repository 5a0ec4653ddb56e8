//! Listings as documents.

use std::sync::Arc;

use bson::{DateTime, Uuid};
use serde::{Deserialize, Serialize};
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::ticket::{Details, Listing, Offer, Ticket, TicketStatus};
use ticketing_core::ports::store::{RecordKey, StoreError, Write};
use ticketing_core::ports::ticket_store::TicketSort;

use crate::commit::Change;
use crate::document::{
    MoneyDocument, Record, SalesDocument, Wrong, date, encoded, price, quantity, signed, time, unsigned,
};

/// A field that a listing does not have is null.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ListingDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    seller: Uuid,
    on_sale: bool,
    offer: OfferDocument,
    created_at: DateTime,
    version: i64,
    sales: SalesDocument,
    /// What a search looks for; not read back.
    #[serde(default, skip_deserializing)]
    found_by: FoundBy,
}

#[derive(Debug, Serialize, Deserialize)]
struct OfferDocument {
    title: Arc<str>,
    description: Option<String>,
    venue: Option<String>,
    city: Option<String>,
    category: Option<String>,
    starts_at: Option<DateTime>,
    price: MoneyDocument,
    quantity: u32,
}

#[derive(Debug, Default, Serialize)]
struct FoundBy {
    soonest: i64,
    amount: i64,
    category: Option<String>,
    city: Option<String>,
    words: Vec<String>,
}

impl FoundBy {
    fn of(listing: &Listing) -> Self {
        let details = &listing.ticket.offer.details;
        Self {
            soonest: signed(TicketSort::Soonest.rank(listing)),
            amount: signed(TicketSort::Cheapest.rank(listing)),
            category: details.category.as_deref().map(str::to_lowercase),
            city: details.city.as_deref().map(str::to_lowercase),
            words: details.words(),
        }
    }
}

impl OfferDocument {
    fn of(offer: &Offer) -> Self {
        let Details { title, description, venue, city, category, starts_at } = offer.details.clone();
        let (price, quantity) = (offer.price.money().into(), offer.quantity.get());
        Self { title, description, venue, city, category, starts_at: starts_at.map(date), price, quantity }
    }

    fn into_domain(self) -> Result<Offer, Wrong> {
        let Self { title, description, venue, city, category, starts_at, .. } = self;
        let details = Details { title, description, venue, city, category, starts_at: starts_at.map(time) };
        Ok(Offer { details, price: price(self.price)?, quantity: quantity(self.quantity)? })
    }
}

pub(super) fn change(write: &Write<Listing>) -> Result<Change, StoreError> {
    let Write { record: listing, replaces } = write;
    let ticket = &listing.ticket;
    let id = Uuid::from(ticket.id.uuid());
    let document = ListingDocument {
        id,
        seller: ticket.seller.uuid().into(),
        on_sale: ticket.status == TicketStatus::OnSale,
        offer: OfferDocument::of(&ticket.offer),
        created_at: date(ticket.created_at),
        version: signed(ticket.version),
        sales: listing.sales.into(),
        found_by: FoundBy::of(listing),
    };
    Ok(Change {
        collection: ListingDocument::COLLECTION,
        key: RecordKey::Listing(ticket.id),
        id,
        document: encoded(&document)?,
        replaces: *replaces,
        unique: Vec::new(),
    })
}

impl Record for ListingDocument {
    type Domain = Listing;
    const COLLECTION: &'static str = "listings";

    fn into_domain(self) -> Result<Listing, Wrong> {
        let ticket = Ticket {
            id: TicketId::new(self.id.into()),
            seller: AccountId::new(self.seller.into()),
            offer: self.offer.into_domain()?,
            status: if self.on_sale { TicketStatus::OnSale } else { TicketStatus::Withdrawn },
            created_at: time(self.created_at),
            version: unsigned(self.version)?,
        };
        Ok(Listing { ticket, sales: self.sales.try_into()? })
    }
}
