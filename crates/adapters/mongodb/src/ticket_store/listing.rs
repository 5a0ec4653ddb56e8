//! Listings as documents.

use std::sync::Arc;

use bson::spec::BinarySubtype;
use bson::{Binary, DateTime, Uuid, doc};
use serde::{Deserialize, Serialize};
use ticketing_core::domain::account::DisplayName;
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::event_facts::{EventFacts, FactsKnown};
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::money::Quantity;
use ticketing_core::domain::search::{attributes_to_find, event_to_find, name_to_find};
use ticketing_core::domain::ticket::{CreationRequest, Details, Listing, Offer, Ticket, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::domain::time_zone::LocalTime;
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};

use crate::commit::Change;
use crate::document::{
    MoneyDocument, Record, SalesDocument, Wrong, date, encoded, price, quantity, signed, time, unsigned,
};
use crate::facts::{FactsDocument, VersionedFacts};

/// A field that a listing does not have is null. A release that does not know one leaves it in place, except in
/// the offer, which it writes whole.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ListingDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    seller: Uuid,
    #[serde(default)]
    seller_name: Option<Arc<str>>,
    on_sale: bool,
    #[serde(default)]
    called_off: bool,
    offer: OfferDocument,
    /// The facts of the event, of which the offer has those that releases before knew.
    #[serde(default)]
    event: Option<VersionedFacts>,
    created_at: DateTime,
    version: i64,
    sales: SalesDocument,
    #[serde(default)]
    request: Option<RequestDocument>,
    /// By what it is found; not read back.
    #[serde(default, skip_deserializing)]
    found_by: FoundBy,
}

#[derive(Debug, Serialize, Deserialize)]
struct OfferDocument {
    title: Arc<str>,
    description: Option<Arc<str>>,
    category: Option<Arc<str>>,
    venue: Option<Arc<str>>,
    city: Option<Arc<str>>,
    starts_at: Option<DateTime>,
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
    digest: Binary,
}

impl From<&CreationRequest> for RequestDocument {
    fn from(request: &CreationRequest) -> Self {
        let digest = Binary { subtype: BinarySubtype::Generic, bytes: request.digest.to_vec() };
        Self { key: request.key.to_string(), digest }
    }
}

impl RequestDocument {
    fn into_domain(self) -> Result<CreationRequest, Wrong> {
        Ok(CreationRequest {
            key: self.key.parse().map_err(|_| "no idempotency key")?,
            digest: self.digest.bytes.try_into().map_err(|_| "no digest")?,
        })
    }
}

/// All but start, end of sales, amount and event is what a release before searches: it goes with the release after.
#[derive(Debug, Default, Serialize)]
struct FoundBy {
    soonest: i64,
    /// The start on the clocks of the place, where they are not those of UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    local: Option<i64>,
    /// When sales end before the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    closes: Option<i64>,
    amount: i64,
    category: Option<String>,
    city: Option<String>,
    words: Vec<String>,
    /// A listing without attributes is not in their index.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<String>,
    /// An event without a start is not in their index.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
}

impl FoundBy {
    pub(crate) fn of(listing: &Listing) -> Self {
        let details = &listing.ticket.offer.details;
        let event = &details.event;
        let is_elsewhere = event.time_zone.is_some();
        Self {
            soonest: event.starts_at.map_or(i64::MAX, Timestamp::millis),
            local: event.starts_local().filter(|_| is_elsewhere).map(LocalTime::millis),
            closes: details.sales_end_at.map(Timestamp::millis),
            amount: signed(listing.ticket.offer.price.money().amount),
            category: details.category.as_deref().map(name_to_find),
            city: event.city.as_deref().map(name_to_find),
            words: details.words(),
            attributes: attributes_to_find(&details.attributes),
            event: event_to_find(event),
        }
    }
}

impl OfferDocument {
    fn of(offer: &Offer) -> Self {
        let Details { event, description, category, attributes, .. } = offer.details.clone();
        Self {
            title: Arc::clone(&event.title),
            description,
            category,
            venue: event.venue.clone(),
            city: event.city.clone(),
            starts_at: event.starts_at.map(date),
            price: offer.price.money().into(),
            quantity: offer.quantity.get(),
            max_per_buyer: offer.max_per_buyer.map(Quantity::get),
            attributes,
        }
    }

    /// The facts are those of the event, if it has those of this version.
    fn into_domain(self, (facts, sales_end_at): (Option<FactsDocument>, Option<Timestamp>)) -> Result<Offer, Wrong> {
        let Self { title, description, category, venue, city, starts_at, attributes, .. } = self;
        let event = match facts {
            Some(facts) => facts.into_domain(title),
            None => {
                let (starts_at, known) = (starts_at.map(time), FactsKnown::PlaceAndTime);
                EventFacts { title, venue, city, starts_at, known, ..EventFacts::default() }
            }
        };
        let details = Details { event: event.into(), description, category, sales_end_at, attributes };
        let max_per_buyer = self.max_per_buyer.map(quantity).transpose()?;
        Ok(Offer { details, price: price(self.price)?, quantity: quantity(self.quantity)?, max_per_buyer })
    }
}

impl ListingDocument {
    /// A listing that is found by its id alone.
    pub(crate) fn of(listing: &Listing) -> Self {
        let ticket = &listing.ticket;
        let details = &ticket.offer.details;
        Self {
            id: ticket.id.uuid().into(),
            seller: ticket.seller.uuid().into(),
            seller_name: ticket.seller_name.as_ref().map(DisplayName::to_shared),
            on_sale: ticket.status == TicketStatus::OnSale,
            called_off: ticket.status == TicketStatus::CalledOff,
            offer: OfferDocument::of(&ticket.offer),
            event: Some(VersionedFacts::new(&details.event, details.sales_end_at, ticket.version)),
            created_at: date(ticket.created_at),
            version: signed(ticket.version),
            sales: listing.sales.into(),
            request: listing.request.as_ref().map(Into::into),
            found_by: FoundBy::default(),
        }
    }
}

pub(super) fn change(listing: &Listing, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let ticket = &listing.ticket;
    let id = Uuid::from(ticket.id.uuid());
    let document = ListingDocument { found_by: FoundBy::of(listing), ..ListingDocument::of(listing) };
    let unique = listing.request.as_ref().map(|CreationRequest { key, .. }| {
        let other = doc! { "seller": document.seller, "request.key": key.as_str(), "_id": { "$ne": id } };
        (RecordKey::ListingKey(ticket.seller, key.clone()), other)
    });
    Ok(Change {
        collection: ListingDocument::COLLECTION,
        key: RecordKey::Listing(ticket.id),
        id,
        document: encoded(&document)?,
        replaces,
        unique: unique.into_iter().collect(),
    })
}

/// Writes another service's replica of a ticket. Nobody looks for offers there.
pub(crate) fn ticket_replica(ticket: Ticket, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let (id, listing) = (ticket.id, Listing::new(ticket));
    Ok(Change {
        collection: ListingDocument::COLLECTION,
        key: RecordKey::TicketReplica(id),
        id: id.uuid().into(),
        document: encoded(&ListingDocument::of(&listing))?,
        replaces,
        unique: Vec::new(),
    })
}

impl Record for ListingDocument {
    type Domain = Listing;
    const COLLECTION: &'static str = "listings";
    const NOT_READ: &'static [&'static str] = &["found_by"];

    fn into_domain(self) -> Result<Listing, Wrong> {
        let ticket = Ticket {
            id: TicketId::new(self.id.into()),
            seller: AccountId::new(self.seller.into()),
            seller_name: self.seller_name.as_deref().map(DisplayName::from_stored),
            offer: self.offer.into_domain(VersionedFacts::of(self.event, self.version))?,
            status: TicketStatus::stored(self.on_sale, self.called_off),
            created_at: time(self.created_at),
            version: unsigned(self.version)?,
        };
        let request = self.request.map(RequestDocument::into_domain).transpose()?;
        Ok(Listing { ticket, sales: self.sales.try_into()?, request })
    }
}

#[cfg(test)]
mod tests {
    use bson::Document;
    use ticketing_core::domain::ticket::OfferInput;

    use super::*;

    fn listing() -> Listing {
        let opera = OfferInput { title: "Opera", amount: 1200, currency: "EUR", quantity: 2, ..OfferInput::default() };
        let offer = Offer::parse(opera).expect("an offer");
        let ids = (TicketId::new(uuid::Uuid::from_u128(1)), AccountId::new(uuid::Uuid::from_u128(2)));
        let (ticket, _) = Ticket::create(ids.0, ids.1, offer, Timestamp::EPOCH).expect("a ticket");
        Listing::new(ticket)
    }

    fn document(listing: &Listing) -> Document {
        let change = change(listing, None).expect("it is written");
        bson::deserialize_from_slice(change.document.as_bytes()).expect("a document")
    }

    #[test]
    fn a_listing_without_attributes_is_written_as_releases_without_them_did_and_read() {
        let written = document(&listing());

        assert!(!written.to_string().contains("attributes"), "{written}");
        let raw = encoded(&written).expect("a document");
        assert_eq!(ListingDocument::read(&raw), Ok(listing()));
    }

    #[test]
    fn attributes_are_kept_in_the_offer_and_in_the_index() {
        let mut with = listing();
        with.ticket.offer.details.attributes = Attributes::parse([("row", "F")]).expect("attributes");
        let written = document(&with);

        let found_by = written.get_document("found_by").expect("it is found by something");
        assert_eq!(found_by.get_array("attributes").ok(), Some(&vec![r#"row="F""#.into()]));
        assert_eq!(ListingDocument::read(&encoded(&written).expect("a document")), Ok(with));
    }
}
