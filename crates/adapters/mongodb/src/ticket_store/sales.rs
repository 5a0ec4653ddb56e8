//! Follows sales by the fields that they need, without the rest of a listing.

use std::collections::HashMap;

use bson::{DateTime, Document, RawDocument, RawDocumentBuf, Uuid, doc};
use futures::TryStreamExt;
use mongodb::error::Error;
use mongodb::{ClientSession, Database};
use serde::{Deserialize, Serialize};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::ticket::{Sales, TicketStatus};
use ticketing_core::ports::store::{CommitToken, RecordKey, Revision};
use ticketing_core::wire::TicketState;

use crate::commit::{Change, Work, set, update_all};
use crate::document::{
    MoneyDocument, Record, SalesDocument, Wrong, named, price, quantity, revision, time, unreadable, unsigned,
};
use crate::facts::VersionedFacts;
use crate::query::BATCH;

use super::ListingDocument;

/// Sales to follow. They are compared with the listings in the transaction that writes them.
#[derive(Debug)]
pub(super) struct FollowSales {
    newest: HashMap<TicketId, Sales>,
    wanted: Document,
    token: CommitToken,
    changes: Vec<Change>,
    states: Vec<(TicketId, TicketState)>,
}

impl FollowSales {
    /// `None` if there is nothing to follow.
    pub(super) fn of(newest: &HashMap<TicketId, Sales>) -> Option<Self> {
        let wanted = named(newest.keys().map(|id| id.uuid()))?;
        let token = CommitToken(rand::random());
        Some(Self { newest: newest.clone(), wanted, token, changes: Vec::new(), states: Vec::new() })
    }

    /// How the tickets stand whose sales were older.
    pub(super) fn into_states(self) -> Vec<(TicketId, TicketState)> {
        self.states
    }

    fn compare(&mut self, listing: &RawDocument) -> Result<(), Error> {
        let found: Standing =
            bson::deserialize_from_slice(listing.as_bytes()).map_err(|error| damaged(listing, error.to_string()))?;
        let replaces = revision(listing).map_err(|what| damaged(listing, what))?;
        let ticket = TicketId::new(found.id.into());
        let known = Sales::try_from(found.sales).map_err(|what| damaged(listing, what))?;
        let newer = self.newest.get(&ticket).filter(|newest| newest.version > known.version);
        let Some(sales) = newer.copied() else { return Ok(()) };
        let change = sold(ticket, sales, replaces)?.stamped(self.token);
        self.states.push((ticket, found.with(sales).map_err(|what| damaged(listing, what))?));
        self.changes.push(change);
        Ok(())
    }
}

impl Work for FollowSales {
    async fn write(&mut self, database: &Database, session: &mut ClientSession) -> Result<bool, Error> {
        self.changes.clear();
        self.states.clear();
        let listings = database.collection::<RawDocumentBuf>(ListingDocument::COLLECTION);
        let find = listings.find(self.wanted.clone()).projection(Standing::fields()).batch_size(BATCH);
        let mut cursor = find.session(&mut *session).await?;
        let found: Vec<RawDocumentBuf> = cursor.stream(&mut *session).try_collect().await?;
        for listing in &found {
            self.compare(listing)?;
        }
        let statements: Vec<_> = self.changes.iter().map(|change| set(change.id, &change.document)).collect();
        update_all(database, ListingDocument::COLLECTION, &statements, session).await
    }

    fn changes(&self) -> &[Change] {
        &self.changes
    }
}

fn damaged(listing: &RawDocument, what: impl Into<String>) -> Error {
    Error::custom(unreadable(ListingDocument::COLLECTION, listing, what))
}

/// Writes the sales of a listing; all else of it stays as it is.
fn sold(ticket: TicketId, sales: Sales, replaces: Revision) -> Result<Change, Error> {
    Ok(Change {
        collection: ListingDocument::COLLECTION,
        key: RecordKey::Listing(ticket),
        id: ticket.uuid().into(),
        document: bson::serialize_to_raw_document_buf(&Sold { sales: sales.into() })?,
        replaces: Some(replaces),
        unique: Vec::new(),
    })
}

#[derive(Serialize)]
struct Sold {
    sales: SalesDocument,
}

/// What a listing says of how its ticket stands.
#[derive(Debug, Deserialize)]
struct Standing {
    #[serde(rename = "_id")]
    id: Uuid,
    on_sale: bool,
    #[serde(default)]
    called_off: bool,
    offer: OfferStanding,
    #[serde(default)]
    event: Option<VersionedFacts<FactsStanding>>,
    version: i64,
    sales: SalesDocument,
}

#[derive(Debug, Deserialize)]
struct OfferStanding {
    price: MoneyDocument,
    quantity: u32,
    starts_at: Option<DateTime>,
}

#[derive(Debug, Deserialize)]
struct FactsStanding {
    starts_at: Option<DateTime>,
}

impl Standing {
    /// Fields of the first level alone: what is within them costs the server more to take out than to send.
    fn fields() -> Document {
        doc! { "rev": 1, "token": 1, "on_sale": 1, "called_off": 1, "offer": 1, "event": 1, "version": 1, "sales": 1 }
    }

    fn with(self, sales: Sales) -> Result<TicketState, Wrong> {
        let (facts, sales_end_at) = VersionedFacts::of(self.event, self.version);
        let starts_at = facts.map_or(self.offer.starts_at, |facts| facts.starts_at);
        Ok(TicketState {
            price: price(self.offer.price)?,
            quantity: quantity(self.offer.quantity)?,
            status: TicketStatus::stored(self.on_sale, self.called_off),
            version: unsigned(self.version)?,
            sales,
            closes_at: sales_end_at.or(starts_at.map(time)),
        })
    }
}
