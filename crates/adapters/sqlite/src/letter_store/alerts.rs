//! The questions that people keep, and the tickets that begin to answer them.

use std::collections::BTreeSet;

use rusqlite::Connection;
use rusqlite::types::Value;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::alert::{Alert, Alerts, Handle, Told};
use ticketing_core::domain::ids::{AccountId, AlertId, TicketId};
use ticketing_core::domain::search::SearchEntry;
use ticketing_core::ports::store::{Page, RecordKey, Revision, StoreError, Stored};
use ticketing_core::ports::unreadable::Listed;
use ticketing_core::wire::{kept_question, question_of};
use uuid::Uuid;

use crate::commit::{Change, Statement};
use crate::document::{Millis, Record, SalesDocument, Wrong, blob, date, limit, time};
use crate::error::Failure;
use crate::store;
use crate::ticket_store::{ListingDocument, ticket_replica};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AlertsDocument {
    alerts: Vec<AlertDocument>,
    day: u64,
    letters: u32,
    left_out: u32,
    is_closed: bool,
    version: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct AlertDocument {
    id: Uuid,
    question: String,
    key: String,
    created_at: Millis,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EntryDocument {
    facts: Option<ListingDocument>,
    sales: SalesDocument,
}

const LEAVE: &str = "DELETE FROM alert_handles WHERE account = ?1";
const FILE: &str = "INSERT INTO alert_handles (handle, account) VALUES (?1, ?2)";
const UNDER: &str = "SELECT account FROM alert_handles WHERE handle = ?1 AND account > ?2 ORDER BY account LIMIT ?3";

pub(super) fn change(alerts: &Alerts, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let account = alerts.account.uuid();
    let leave = Statement { sql: LEAVE, params: vec![blob(account)] };
    let file = |handle: Handle| Statement { sql: FILE, params: vec![number(handle), blob(account)] };
    Ok(Change {
        after: [leave].into_iter().chain(alerts.handles().into_iter().map(file)).collect(),
        ..Change::of(RecordKey::Alerts(alerts.account), account, replaces, &AlertsDocument::of(alerts))?
    })
}

pub(super) fn of_entry(entry: SearchEntry, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let document = EntryDocument { facts: entry.facts.map(ticket_replica), sales: entry.sales.into() };
    Change::of(RecordKey::AlertEntry(entry.id), entry.id.uuid(), replaces, &document)
}

/// A handle as it is compared: all of its bits.
fn number(Handle(handle): Handle) -> Value {
    Value::Integer(handle.cast_signed())
}

/// The alerts of people who have one that is filed under one of these, in the order of their ids.
pub(super) fn under(
    connection: &Connection,
    handles: &[Handle],
    page: Page<AccountId>,
) -> Result<Listed<Stored<Alerts>>, Failure> {
    let mut listed = Listed::default();
    let mut after = page.after.map_or(Value::Blob(Vec::new()), |after| blob(after.uuid()));
    while listed.records.len() < page.limit {
        let people = people_under(connection, handles, &after, page.limit)?;
        for account in &people {
            if listed.records.len() < page.limit {
                listed.take(store::readable::<AlertsDocument>(connection, *account)?.transpose());
            }
        }
        match people.last() {
            Some(last) if people.len() == page.limit => after = blob(*last),
            Some(_) | None => break,
        }
    }
    Ok(listed)
}

/// The first accounts behind a cursor. Each handle is one walk along its index, of no more rows than are asked for.
fn people_under(
    connection: &Connection,
    handles: &[Handle],
    after: &Value,
    most: usize,
) -> Result<BTreeSet<Uuid>, Failure> {
    let mut people = BTreeSet::new();
    for handle in handles {
        people.extend(store::ids(connection, UNDER, &[number(*handle), after.clone(), Value::Integer(limit(most))])?);
    }
    Ok(people.into_iter().take(most).collect())
}

impl AlertsDocument {
    fn of(alerts: &Alerts) -> Self {
        let Told { day, letters, left_out } = alerts.told;
        let (is_closed, version) = (alerts.is_closed, alerts.version);
        let alerts = alerts.alerts.iter().map(AlertDocument::of).collect();
        Self { alerts, day, letters, left_out, is_closed, version }
    }
}

impl AlertDocument {
    fn of(alert: &Alert) -> Self {
        let (question, key) = (kept_question(&alert.question), alert.key.expose());
        Self { id: alert.id.uuid(), question, key, created_at: date(alert.created_at) }
    }

    fn into_domain(self) -> Result<Alert, Wrong> {
        Ok(Alert {
            id: AlertId::new(self.id),
            question: question_of(&self.question).map_err(|_| "an alert without its question")?,
            key: self.key.parse().map_err(|_| "an alert without its key")?,
            created_at: time(self.created_at),
        })
    }
}

impl Record for AlertsDocument {
    type Domain = Alerts;
    const TABLE: &'static str = "alerts";

    fn into_domain(self, id: Uuid) -> Result<Alerts, Wrong> {
        let Self { alerts, day, letters, left_out, is_closed, version } = self;
        let alerts = alerts.into_iter().map(AlertDocument::into_domain).collect::<Result<_, _>>()?;
        let told = Told { day, letters, left_out };
        Ok(Alerts { account: AccountId::new(id), alerts, told, is_closed, version })
    }
}

impl Record for EntryDocument {
    type Domain = SearchEntry;
    const TABLE: &'static str = "alert_entries";

    fn into_domain(self, id: Uuid) -> Result<SearchEntry, Wrong> {
        let facts = self.facts.map(|facts| facts.into_domain(id)).transpose()?;
        let facts = facts.map(|listing| listing.ticket);
        Ok(SearchEntry { id: TicketId::new(id), facts, sales: self.sales.into() })
    }
}
