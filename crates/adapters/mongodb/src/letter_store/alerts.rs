//! The questions that people keep, and the tickets that begin to answer them.

use std::collections::HashSet;

use bson::spec::BinarySubtype;
use bson::{Binary, Bson, DateTime, Uuid, doc};
use mongodb::IndexModel;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::alert::{Alert, Alerts, Candidate, Filed, Handle, Sieve, Told};
use ticketing_core::domain::ids::{AccountId, AlertId, TicketId};
use ticketing_core::domain::search::SearchEntry;
use ticketing_core::domain::ticket::Listing;
use ticketing_core::ports::store::{Page, RecordKey, Revision, StoreError};
use ticketing_core::wire::{kept_question, question_of};

use crate::commit::Change;
use crate::document::{Record, SalesDocument, Wrong, date, encoded, index, signed, time, unsigned};
use crate::query::Query;
use crate::ticket_store::ListingDocument;

/// The alerts of an account, with everything that they are filed under.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AlertsDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    alerts: Vec<AlertDocument>,
    /// Written and looked up, not read.
    #[serde(skip_deserializing)]
    filed: Vec<PlaceDocument>,
    day: i64,
    letters: u32,
    left_out: u32,
    is_closed: bool,
    version: i64,
}

/// A handle, and what a ticket must have for a closer look.
#[derive(Debug, Serialize, Deserialize)]
struct PlaceDocument {
    handle: i64,
    sieve: Binary,
}

/// All that alerts are found by.
#[derive(Debug, Deserialize)]
pub(super) struct FiledDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    filed: Vec<PlaceDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
struct AlertDocument {
    id: Uuid,
    question: String,
    key: String,
    created_at: DateTime,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EntryDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    facts: Option<ListingDocument>,
    sales: SalesDocument,
}

pub(super) fn indexes() -> Vec<IndexModel> {
    vec![index("under", doc! { "filed.handle": 1, "_id": 1 })]
}

/// People who are filed under one of these, in the order of accounts: the index has each handle in that order.
pub(super) fn under(handles: &[Handle], page: Page<Filed>) -> Query {
    let handles: Vec<Bson> = handles.iter().map(|handle| handle.0.cast_signed().into()).collect();
    let mut filter = doc! { "filed.handle": { "$in": handles } };
    if let Some(after) = page.after {
        // A page may have ended among the handles of a person.
        filter.insert("_id", doc! { "$gte": Uuid::from(after.account.uuid()) });
    }
    let most = page.limit.saturating_add(page.after.map_or(0, |_| 1));
    Query::of::<FiledDocument>(filter).first(most, doc! { "_id": 1 })
}

/// The first of all places where these people are filed under these handles, in the order of accounts and handles.
pub(super) fn candidates(people: Vec<Vec<Candidate>>, handles: &[Handle], page: Page<Filed>) -> Vec<Candidate> {
    let handles: HashSet<&Handle> = handles.iter().collect();
    let order = |filed: &Filed| (filed.account, filed.handle);
    let is_next = |candidate: &Candidate| {
        let is_behind = page.after.is_none_or(|after| order(&candidate.filed) > order(&after));
        is_behind && handles.contains(&candidate.filed.handle)
    };
    people.into_iter().flatten().filter(is_next).take(page.limit).collect()
}

pub(super) fn change(alerts: &Alerts, replaces: Option<Revision>) -> Result<Change, StoreError> {
    Ok(Change {
        collection: AlertsDocument::COLLECTION,
        key: RecordKey::Alerts(alerts.account),
        id: alerts.account.uuid().into(),
        document: encoded(&AlertsDocument::of(alerts))?,
        replaces,
        unique: Vec::new(),
    })
}

pub(super) fn of_entry(entry: SearchEntry, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let id = entry.id;
    let facts = entry.facts.map(|ticket| ListingDocument::of(&Listing::new(ticket)));
    let document = EntryDocument { id: id.uuid().into(), facts, sales: entry.sales.into() };
    Ok(Change {
        collection: EntryDocument::COLLECTION,
        key: RecordKey::AlertEntry(id),
        id: id.uuid().into(),
        document: encoded(&document)?,
        replaces,
        unique: Vec::new(),
    })
}

impl AlertsDocument {
    fn of(alerts: &Alerts) -> Self {
        let Told { day, letters, left_out } = alerts.told;
        Self {
            id: alerts.account.uuid().into(),
            alerts: alerts.alerts.iter().map(AlertDocument::of).collect(),
            filed: alerts.filed().into_iter().map(PlaceDocument::of).collect(),
            day: signed(day),
            letters,
            left_out,
            is_closed: alerts.is_closed,
            version: signed(alerts.version),
        }
    }
}

impl PlaceDocument {
    fn of((handle, sieve): (Handle, Sieve)) -> Self {
        let sieve = Binary { subtype: BinarySubtype::Generic, bytes: sieve.as_bytes().to_owned() };
        Self { handle: handle.0.cast_signed(), sieve }
    }

    fn into_domain(self, account: AccountId) -> Candidate {
        let filed = Filed { handle: Handle(self.handle.cast_unsigned()), account };
        Candidate { filed, sieve: Sieve::stored(&self.sieve.bytes) }
    }
}

impl AlertDocument {
    fn of(alert: &Alert) -> Self {
        let (question, key) = (kept_question(&alert.question), alert.key.expose());
        Self { id: alert.id.uuid().into(), question, key, created_at: date(alert.created_at) }
    }

    fn into_domain(self) -> Result<Alert, Wrong> {
        Ok(Alert {
            id: AlertId::new(self.id.into()),
            question: question_of(&self.question).map_err(|_| "an alert without its question")?,
            key: self.key.parse().map_err(|_| "an alert without its key")?,
            created_at: time(self.created_at),
        })
    }
}

impl Record for AlertsDocument {
    type Domain = Alerts;
    const COLLECTION: &'static str = "alerts";
    const NOT_READ: &'static [&'static str] = &["filed"];

    fn into_domain(self) -> Result<Alerts, Wrong> {
        let told = Told { day: unsigned(self.day)?, letters: self.letters, left_out: self.left_out };
        Ok(Alerts {
            account: AccountId::new(self.id.into()),
            alerts: self.alerts.into_iter().map(AlertDocument::into_domain).collect::<Result<_, _>>()?,
            told,
            is_closed: self.is_closed,
            version: unsigned(self.version)?,
        })
    }
}

impl Record for FiledDocument {
    type Domain = Vec<Candidate>;
    const COLLECTION: &'static str = AlertsDocument::COLLECTION;
    const NOT_READ: &'static [&'static str] = &["alerts"];

    fn into_domain(self) -> Result<Vec<Candidate>, Wrong> {
        let account = AccountId::new(self.id.into());
        let mut filed: Vec<Candidate> = self.filed.into_iter().map(|place| place.into_domain(account)).collect();
        filed.sort_by_key(|candidate| candidate.filed);
        Ok(filed)
    }
}

impl Record for EntryDocument {
    type Domain = SearchEntry;
    const COLLECTION: &'static str = "alert_entries";

    fn into_domain(self) -> Result<SearchEntry, Wrong> {
        let facts = self.facts.map(ListingDocument::into_domain).transpose()?.map(|listing| listing.ticket);
        Ok(SearchEntry { id: TicketId::new(self.id.into()), facts, sales: self.sales.try_into()? })
    }
}
