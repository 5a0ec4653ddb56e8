//! How values of the domain lie in documents.

use std::time::Duration;

use bson::raw::{CStr, RawBsonRef, cstr};
use bson::{
    Binary, Bson, DateTime, Document, RawDocument, RawDocumentBuf, Uuid, doc, rawdoc, serialize_to_raw_document_buf,
};
use mongodb::IndexModel;
use mongodb::options::IndexOptions;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::ids::AccountId;
use ticketing_core::domain::money::{Currency, Money, Price, Quantity};
use ticketing_core::domain::order::IdempotencyKey;
use ticketing_core::domain::ticket::Sales;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::store::{CommitToken, Revision, StoreError, Stored};

use ticketing_core::ports::unreadable::Unreadable;

/// What is wrong with a document, in a few words.
pub(crate) type Wrong = &'static str;

/// A record as it lies in its collection, beside its name and its revision.
pub(crate) trait Record: DeserializeOwned {
    /// What it is in the domain.
    type Domain: Send + 'static;
    /// Where it lies.
    const COLLECTION: &'static str;
    /// What of it nobody reads.
    const NOT_READ: &'static [&'static str] = &[];

    fn into_domain(self) -> Result<Self::Domain, Wrong>;

    /// What a document says, as it is in the domain.
    fn read(document: &RawDocument) -> Result<Self::Domain, Unreadable> {
        let found: Self = bson::deserialize_from_slice(document.as_bytes())
            .map_err(|error| unreadable(Self::COLLECTION, document, error.to_string()))?;
        found.into_domain().map_err(|wrong| unreadable(Self::COLLECTION, document, wrong))
    }

    /// The same, with its revision.
    fn read_stored(document: &RawDocument) -> Result<Stored<Self::Domain>, Unreadable> {
        let revision = revision(document).map_err(|wrong| unreadable(Self::COLLECTION, document, wrong))?;
        Ok(Stored { record: Self::read(document)?, revision })
    }
}

pub(crate) fn unreadable(collection: &'static str, document: &RawDocument, what: impl Into<String>) -> Unreadable {
    Unreadable { collection, id: id(document), what: what.into() }
}

/// What a document is called, whatever its name is made of.
pub(crate) fn id(document: &RawDocument) -> String {
    match document.get(cstr!("_id")) {
        Ok(Some(RawBsonRef::Binary(binary))) => match binary.bytes.try_into() {
            Ok(bytes) => Uuid::from_bytes(bytes).to_string(),
            Err(_) => format!("{:?}", binary.bytes),
        },
        Ok(Some(RawBsonRef::String(name))) => format!("{name:?}"),
        Ok(Some(other)) => format!("{other:?}"),
        Ok(None) | Err(_) => "without a name".to_owned(),
    }
}

/// Which write of a document was the last. A release that had no tokens wrote none.
pub(crate) fn revision(document: &RawDocument) -> Result<Revision, Wrong> {
    let number = |name: &CStr| match document.get(name).map_err(|_| "no BSON")? {
        None | Some(RawBsonRef::Null) => Ok(None),
        Some(RawBsonRef::Int64(number)) => Ok(Some(number)),
        Some(RawBsonRef::Int32(number)) => Ok(Some(i64::from(number))),
        Some(_) => Err("a revision that is no number"),
    };
    let count = unsigned(number(COUNT)?.ok_or("no revision")?)?;
    let token = number(TOKEN)?.map_or(CommitToken::NONE, |token| CommitToken(token.cast_unsigned()));
    Ok(Revision { count, token })
}

/// Writes a revision into a document that has none yet.
pub(crate) fn stamp(document: &mut RawDocumentBuf, revision: Revision) {
    document.append(COUNT, signed(revision.count));
    document.append(TOKEN, revision.token.0.cast_signed());
}

/// The document of this name, as it was at a revision.
pub(crate) fn as_read(id: Uuid, revision: Revision) -> RawDocumentBuf {
    let (count, token) = (signed(revision.count), revision.token.0.cast_signed());
    if revision.token == CommitToken::NONE {
        return rawdoc! { "_id": Binary::from(id), "rev": count, "token": { "$in": [token, null] } };
    }
    rawdoc! { "_id": Binary::from(id), "rev": count, "token": token }
}

const COUNT: &CStr = cstr!("rev");
const TOKEN: &CStr = cstr!("token");

pub(crate) fn encoded<D: Serialize>(document: &D) -> Result<RawDocumentBuf, StoreError> {
    serialize_to_raw_document_buf(document).map_err(|error| StoreError::Corrupt(error.into()))
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

/// An index by which the server removes documents a while after the time in its field.
pub(crate) fn expiring(name: &str, keys: Document, after: Duration) -> IndexModel {
    let options = IndexOptions::builder().name(name.to_owned()).expire_after(after).build();
    IndexModel::builder().keys(keys).options(options).build()
}

/// As [`partial`], and no two documents in it are alike.
pub(crate) fn unique(name: &str, keys: Document, filter: Document) -> IndexModel {
    let options = IndexOptions::builder().name(name.to_owned()).unique(true).partial_filter_expression(filter).build();
    IndexModel::builder().keys(keys).options(options).build()
}
