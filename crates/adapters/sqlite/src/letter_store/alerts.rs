//! The questions that people keep, and the tickets that begin to answer them.

use std::collections::BTreeSet;

use rusqlite::types::Value;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use ticketing_core::domain::alert::{Alert, Alerts, Candidate, Filed, Handle, Sieve, Told, filing_of};
use ticketing_core::domain::ids::{AccountId, AlertId, TicketId};
use ticketing_core::domain::search::SearchEntry;
use ticketing_core::ports::store::{Page, RecordKey, Revision, StoreError};
use ticketing_core::wire::{kept_question, question_of};
use uuid::Uuid;

use crate::commit::{Change, Statement};
use crate::document::{Millis, Record, SalesDocument, Wrong, blob, date, limit, time};
use crate::error::Failure;
use crate::ticket_store::{ListingDocument, ticket_replica};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AlertsDocument {
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
pub(crate) struct EntryDocument {
    facts: Option<ListingDocument>,
    sales: SalesDocument,
}

const IS_FILED: &str = "SELECT 1 FROM alerts WHERE id = ?1 AND filing = ?2";
const LEAVE: &str = "DELETE FROM alert_handles WHERE account = ?1";
const FILE: &str = "INSERT INTO alert_handles (handle, account, sieve) VALUES (?1, ?2, ?3)";
const UNDER: &str =
    "SELECT account, sieve FROM alert_handles WHERE handle = ?1 AND account > ?2 ORDER BY account LIMIT ?3";

pub(super) fn change(alerts: &Alerts, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let account = alerts.account.uuid();
    let filed = alerts.filed();
    let filing = Value::Integer(filing_of(&filed).cast_signed());
    let leave = Statement { sql: LEAVE, params: vec![blob(account)] };
    let file = |(handle, sieve): (Handle, Sieve)| {
        let params = vec![number(handle), blob(account), Value::Blob(sieve.as_bytes().to_vec())];
        Statement { sql: FILE, params }
    };
    Ok(Change {
        // Who is only told of a ticket is filed as before.
        unless: Some(Statement { sql: IS_FILED, params: vec![blob(account), filing.clone()] }),
        before: [leave].into_iter().chain(filed.into_iter().map(file)).collect(),
        columns: vec![("filing", filing)],
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

/// Those who are filed under these, in the order of handles and accounts: each handle is one walk along the table.
pub(super) fn under(
    connection: &Connection,
    handles: &BTreeSet<Handle>,
    page: Page<Filed>,
) -> Result<Vec<Candidate>, Failure> {
    let mut select = connection.prepare_cached(UNDER)?;
    let mut found = Vec::new();
    let first = page.after.map_or(Handle(0), |after| after.handle);
    for &handle in handles.range(first..) {
        let after = page.after.filter(|after| after.handle == handle);
        let after = after.map_or(Value::Blob(Vec::new()), |after| blob(after.account.uuid()));
        let left = page.limit.saturating_sub(found.len());
        let mut rows = select.query(params![number(handle), after, limit(left)])?;
        while let Some(row) = rows.next()? {
            let account = AccountId::new(Uuid::from_bytes(row.get(0)?));
            let sieve = Sieve::stored(row.get_ref(1)?.as_blob().unwrap_or_default());
            found.push(Candidate { filed: Filed { handle, account }, sieve });
        }
        if found.len() >= page.limit {
            break;
        }
    }
    Ok(found)
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
