//! How values of the domain lie in the file.

use rusqlite::Row;
use rusqlite::types::{Value, ValueRef};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::money::{Currency, Money, Price, Quantity};
use ticketing_core::domain::ticket::Sales;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::store::{CommitToken, Revision, StoreError, Stored};
use ticketing_core::ports::unreadable::Unreadable;
use uuid::Uuid;

/// What is wrong with a record, in a few words.
pub(crate) type Wrong = &'static str;

/// A record as it lies in its table, beside its id and its revision.
pub(crate) trait Record: DeserializeOwned + Serialize {
    /// What it is in the domain.
    type Domain: Send + 'static;
    /// Where it lies.
    const TABLE: &'static str;
    /// The columns of what it has beside its text.
    const BESIDE: &'static [&'static str] = &[];

    /// Takes over what lies in those, in a row of [`columns`].
    fn read_beside(&mut self, _: &Row<'_>) -> rusqlite::Result<()> {
        Ok(())
    }

    /// What it says, as it is in the domain.
    fn into_domain(self, id: Uuid) -> Result<Self::Domain, Wrong>;

    /// A row of [`columns`].
    fn read(row: &Row<'_>) -> rusqlite::Result<Result<Stored<Self::Domain>, Unreadable>> {
        let id = row.get_ref(0)?;
        let unreadable = |what: String| Unreadable { collection: Self::TABLE, id: name(id), what };
        let (count, token) = (row.get::<_, i64>(1)?, row.get::<_, i64>(2)?);
        let record = row.get_ref(3)?.as_str().map_err(|error| unreadable(error.to_string()));
        Ok(record.and_then(|record| {
            let mut found: Self = serde_json::from_str(record).map_err(|error| unreadable(error.to_string()))?;
            found.read_beside(row).map_err(|error| unreadable(error.to_string()))?;
            let id = uuid_of(id).ok_or_else(|| unreadable("no id".to_owned()))?;
            let record = found.into_domain(id).map_err(|wrong| unreadable(wrong.to_owned()))?;
            Ok(Stored { record, revision: revision(count, token) })
        }))
    }
}

/// What is read of a record: its id, both parts of its revision, its text, and what it has beside that.
pub(crate) fn columns<R: Record>() -> String {
    let of_all = ["id", "rev", "token", "record"];
    let columns: Vec<_> = of_all.iter().chain(R::BESIDE).map(|column| [R::TABLE, ".", column].concat()).collect();
    columns.join(", ")
}

pub(crate) const fn revision(count: i64, token: i64) -> Revision {
    Revision { count: count.cast_unsigned(), token: CommitToken(token.cast_unsigned()) }
}

/// A value as it lies in a column of JSON.
pub(crate) fn encoded<D: Serialize>(document: &D) -> Result<String, StoreError> {
    serde_json::to_string(document).map_err(|error| StoreError::Corrupt(error.into()))
}

pub(crate) fn uuid_of(value: ValueRef<'_>) -> Option<Uuid> {
    Uuid::from_slice(value.as_blob().ok()?).ok()
}

/// What a row is called, whatever its id is made of.
fn name(id: ValueRef<'_>) -> String {
    uuid_of(id).map_or_else(|| format!("{id:?}"), |id| id.to_string())
}

/// An id as it is bound.
pub(crate) fn blob(id: Uuid) -> Value {
    Value::Blob(id.as_bytes().to_vec())
}

/// Counts and amounts stay far below 2^63.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// So many rows, at most.
pub(crate) fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Milliseconds since the start of 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Millis(i64);

pub(crate) const fn date(time: Timestamp) -> Millis {
    Millis(time.millis())
}

pub(crate) const fn time(millis: Millis) -> Timestamp {
    Timestamp::from_millis(millis.0)
}

/// An amount of money.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MoneyDocument {
    pub(crate) amount: u64,
    pub(crate) currency: String,
}

impl From<Money> for MoneyDocument {
    fn from(money: Money) -> Self {
        Self { amount: money.amount, currency: money.currency.code().to_owned() }
    }
}

impl TryFrom<MoneyDocument> for Money {
    type Error = Wrong;

    fn try_from(document: MoneyDocument) -> Result<Self, Wrong> {
        let currency: Currency = document.currency.parse().map_err(|_| "an unknown currency")?;
        Ok(Self { amount: document.amount, currency })
    }
}

/// Held and sold places.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct SalesDocument {
    held: u32,
    sold: u32,
    version: u64,
}

impl From<Sales> for SalesDocument {
    fn from(sales: Sales) -> Self {
        Self { held: sales.held, sold: sales.sold, version: sales.version }
    }
}

impl From<SalesDocument> for Sales {
    fn from(document: SalesDocument) -> Self {
        Self { held: document.held, sold: document.sold, version: document.version }
    }
}

pub(crate) fn price(document: MoneyDocument) -> Result<Price, Wrong> {
    Price::new(document.try_into()?).map_err(|_| "a price out of bounds")
}

pub(crate) fn quantity(places: u32) -> Result<Quantity, Wrong> {
    Quantity::new(places).map_err(|_| "a quantity out of bounds")
}
