//! How values of the domain lie in documents.

use bson::{Bson, DateTime, Document, RawDocumentBuf, Uuid, doc, serialize_to_raw_document_buf};
use mongodb::IndexModel;
use mongodb::options::IndexOptions;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::ids::AccountId;
use ticketing_core::domain::money::{Currency, Money, Price, Quantity};
use ticketing_core::domain::order::IdempotencyKey;
use ticketing_core::domain::ticket::Sales;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::store::{StoreError, Stored};

use crate::error::Unreadable;

/// What is wrong with a document, in a few words.
pub(crate) type Wrong = &'static str;

/// A record as it lies in its collection.
pub(crate) trait Record: Sized {
    /// What it is in the domain.
    type Domain;
    /// Where it lies.
    const COLLECTION: &'static str;

    /// Its name and its revision.
    fn head(&self) -> (Uuid, i64);

    fn into_domain(self) -> Result<Self::Domain, Wrong>;

    /// What was stored, as it is in the domain.
    fn read(self) -> Result<Stored<Self::Domain>, StoreError> {
        let (id, rev) = self.head();
        let unreadable = |what| Unreadable { collection: Self::COLLECTION, id: id.to_string(), what };
        let revision = unsigned(rev).map_err(unreadable)?;
        Ok(Stored { record: self.into_domain().map_err(unreadable)?, revision })
    }
}

/// All of them, or the first that cannot be read.
pub(crate) fn read_all<R: Record>(found: Vec<R>) -> Result<Vec<Stored<R::Domain>>, StoreError> {
    found.into_iter().map(Record::read).collect()
}

/// The records alone.
pub(crate) fn records<R: Record>(found: Vec<R>) -> Result<Vec<R::Domain>, StoreError> {
    found.into_iter().map(|record| record.read().map(|stored| stored.record)).collect()
}

pub(crate) fn encoded<D: Serialize>(document: &D) -> Result<RawDocumentBuf, StoreError> {
    serialize_to_raw_document_buf(document).map_err(|error| StoreError::Corrupt(error.into()))
}

/// The revision that a write makes.
pub(crate) fn next_revision(replaces: Option<u64>) -> i64 {
    signed(replaces.unwrap_or_default()).saturating_add(1)
}

/// Counts and amounts stay far below 2^63.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn unsigned(number: i64) -> Result<u64, Wrong> {
    u64::try_from(number).map_err(|_| "a negative number")
}

pub(crate) const fn date(time: Timestamp) -> DateTime {
    DateTime::from_millis(time.millis())
}

pub(crate) const fn time(date: DateTime) -> Timestamp {
    Timestamp::from_millis(date.timestamp_millis())
}

/// An amount of money.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MoneyDocument {
    pub(crate) amount: i64,
    pub(crate) currency: String,
}

impl From<Money> for MoneyDocument {
    fn from(money: Money) -> Self {
        Self { amount: signed(money.amount), currency: money.currency.code().to_owned() }
    }
}

impl TryFrom<MoneyDocument> for Money {
    type Error = Wrong;

    fn try_from(document: MoneyDocument) -> Result<Self, Wrong> {
        let currency: Currency = document.currency.parse().map_err(|_| "an unknown currency")?;
        Ok(Self { amount: unsigned(document.amount)?, currency })
    }
}

/// Held and sold places.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct SalesDocument {
    held: u32,
    sold: u32,
    version: i64,
}

impl From<Sales> for SalesDocument {
    fn from(sales: Sales) -> Self {
        Self { held: sales.held, sold: sales.sold, version: signed(sales.version) }
    }
}

impl TryFrom<SalesDocument> for Sales {
    type Error = Wrong;

    fn try_from(document: SalesDocument) -> Result<Self, Wrong> {
        Ok(Self { held: document.held, sold: document.sold, version: unsigned(document.version)? })
    }
}

pub(crate) fn price(document: MoneyDocument) -> Result<Price, Wrong> {
    Price::new(document.try_into()?).map_err(|_| "a price out of bounds")
}

pub(crate) fn quantity(places: u32) -> Result<Quantity, Wrong> {
    Quantity::new(places).map_err(|_| "a quantity out of bounds")
}

/// Documents of these names; `None` if there are no names.
pub(crate) fn named(ids: impl Iterator<Item = uuid::Uuid>) -> Option<Document> {
    let ids: Vec<Bson> = ids.map(|id| Uuid::from(id).into()).collect();
    (!ids.is_empty()).then(|| doc! { "_id": { "$in": ids } })
}

/// Documents that their buyers called by one of these keys; `None` if there are no keys.
pub(crate) fn with_any_key(keys: &[(AccountId, IdempotencyKey)]) -> Option<Document> {
    let each = keys.iter().map(|(buyer, key)| doc! { "buyer": Uuid::from(buyer.uuid()), "key": key.as_str() });
    let any: Vec<Document> = each.collect();
    (!any.is_empty()).then(|| doc! { "$or": any })
}

/// An index with a name.
pub(crate) fn index(name: &str, keys: Document) -> IndexModel {
    let options = IndexOptions::builder().name(name.to_owned()).build();
    IndexModel::builder().keys(keys).options(options).build()
}

/// An index of the documents alone that a filter lets through.
pub(crate) fn partial(name: &str, keys: Document, filter: Document) -> IndexModel {
    let options = IndexOptions::builder().name(name.to_owned()).partial_filter_expression(filter).build();
    IndexModel::builder().keys(keys).options(options).build()
}

/// As [`partial`], and no two documents in it are alike.
pub(crate) fn unique(name: &str, keys: Document, filter: Document) -> IndexModel {
    let options = IndexOptions::builder().name(name.to_owned()).unique(true).partial_filter_expression(filter).build();
    IndexModel::builder().keys(keys).options(options).build()
}
