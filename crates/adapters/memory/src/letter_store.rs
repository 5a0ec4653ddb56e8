//! The notifications service's store.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::alert::{Alerts, Candidate, Filed, Handle, Sieve};
use ticketing_core::domain::ids::{AccountId, LetterId, OrderId, TicketId};
use ticketing_core::domain::letter::Letter;
use ticketing_core::domain::order::Order;
use ticketing_core::domain::search::SearchEntry;
use ticketing_core::domain::ticket::Ticket;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::letter_store::{LetterNeeds, LetterRecord, LetterRecords, LetterStore};
use ticketing_core::ports::store::{CommitToken, Page, RecordKey, Revision, StoreError, Stored, UnitOfWork};
use ticketing_core::ports::unreadable::{Listed, Unreadable};

use crate::faults::FaultPlan;
use crate::outbox::MemoryOutbox;
use crate::store::{Store, Table, Tables};

/// Keeps letters and alerts, and replicas of orders and tickets, in memory. A clone is a handle to the same store.
#[derive(Debug, Clone)]
pub struct MemoryLetterStore(pub(crate) Store<LetterTables>);

impl MemoryLetterStore {
    /// An empty store; the clock measures the lease of its outbox.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self(Store::new(clock))
    }

    /// A handle to the same store that fails by this plan.
    #[must_use]
    pub fn with_faults(&self, faults: FaultPlan) -> Self {
        Self(self.0.with_faults(faults))
    }

    /// The events of this store that are not published yet.
    #[must_use]
    pub fn outbox(&self) -> MemoryOutbox {
        self.0.outbox()
    }

    /// Makes a record unreadable, as a hand or another release does in a database; `false` if there is none.
    #[must_use = "it says whether there was one"]
    pub fn spoil(&self, record: &RecordKey) -> bool {
        self.0.spoil(record)
    }
}

#[async_trait]
impl LetterStore for MemoryLetterStore {
    async fn load(&self, needs: &LetterNeeds) -> Result<LetterRecords, StoreError> {
        self.0.find(|tables| tables.load(needs)).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Stored<Letter>>, StoreError> {
        self.0.list(|tables| tables.due(now, limit)).await
    }

    async fn orders_of(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        self.0.list(|tables| tables.orders_of(ticket, page)).await
    }

    async fn alerts_under(&self, handles: &[Handle], page: Page<Filed>) -> Result<Vec<Candidate>, StoreError> {
        self.0.list(|tables| tables.alerts_under(handles, page).into()).await
    }

    async fn commit(&self, work: UnitOfWork<LetterRecord>) -> Result<CommitToken, StoreError> {
        self.0.commit(work).await
    }
}

#[derive(Default)]
pub(crate) struct LetterTables {
    pub(crate) letters: Table<LetterId, Letter>,
    pub(crate) orders: Table<OrderId, Order>,
    pub(crate) tickets: Table<TicketId, Ticket>,
    by_due: BTreeSet<(Timestamp, LetterId)>,
    by_ticket: HashMap<TicketId, BTreeSet<OrderId>>,
    alerts: Table<AccountId, Alerts>,
    entries: Table<TicketId, SearchEntry>,
    filed: BTreeMap<Filed, Sieve>,
}

impl LetterTables {
    fn load(&self, needs: &LetterNeeds) -> Result<LetterRecords, Unreadable> {
        Ok(LetterRecords {
            letters: self.letters.find(needs.letters.iter())?,
            orders: self.orders.find(needs.orders.iter())?,
            tickets: self.tickets.find(needs.tickets.iter())?,
            alerts: self.alerts.find(needs.alerts.iter())?,
            entries: self.entries.find(needs.entries.iter())?,
        })
    }

    pub(crate) fn due(&self, now: Timestamp, limit: usize) -> Listed<Stored<Letter>> {
        let due = self.by_due.iter().take_while(|(due_at, _)| *due_at <= now).map(|(_, id)| id);
        self.letters.list_stored(due, limit)
    }

    fn orders_of(&self, ticket: TicketId, page: Page<OrderId>) -> Listed<Order> {
        let after = page.after.map_or(Bound::Unbounded, Bound::Excluded);
        let orders = self.by_ticket.get(&ticket).into_iter().flat_map(|orders| orders.range((after, Bound::Unbounded)));
        self.orders.list(orders, page.limit)
    }

    fn alerts_under(&self, handles: &[Handle], page: Page<Filed>) -> Vec<Candidate> {
        let handles: BTreeSet<Handle> = handles.iter().copied().collect();
        let under = |handle| {
            let [first, last] = [u128::MIN, u128::MAX].map(|id| Filed { handle, account: AccountId::from_u128(id) });
            let after = page.after.filter(|after| *after >= first).map_or(Bound::Included(first), Bound::Excluded);
            // Behind the cursor there may be nothing of this handle.
            let is_behind = page.after.is_none_or(|after| after < last);
            is_behind.then(|| self.filed.range((after, Bound::Included(last)))).into_iter().flatten()
        };
        let found = handles.into_iter().flat_map(under).take(page.limit);
        found.map(|(filed, sieve)| Candidate { filed: *filed, sieve: sieve.clone() }).collect()
    }

    fn put_alerts(&mut self, alerts: Alerts, token: CommitToken) {
        let account = alerts.account;
        let at = |handle| Filed { handle, account };
        let old = self.alerts.kept(&account).map(|stored| stored.record.filed()).unwrap_or_default();
        for handle in old.into_keys() {
            self.filed.remove(&at(handle));
        }
        self.filed.extend(alerts.filed().into_iter().map(|(handle, sieve)| (at(handle), sieve)));
        self.alerts.put(account, alerts, token);
    }

    fn put_letter(&mut self, letter: Letter, token: CommitToken) {
        let id = letter.id;
        if let Some(due_at) = self.letters.kept(&id).and_then(|stored| stored.record.due_at()) {
            self.by_due.remove(&(due_at, id));
        }
        self.by_due.extend(letter.due_at().map(|due_at| (due_at, id)));
        self.letters.put(id, letter, token);
    }
}

impl Tables for LetterTables {
    type Record = LetterRecord;

    fn name(record: &LetterRecord) -> RecordKey {
        match record {
            LetterRecord::Letter(letter) => RecordKey::Letter(letter.id),
            LetterRecord::Order(order) => RecordKey::OrderReplica(order.id),
            LetterRecord::Ticket(ticket) => RecordKey::TicketReplica(ticket.id),
            LetterRecord::Alerts(alerts) => RecordKey::Alerts(alerts.account),
            LetterRecord::Entry(entry) => RecordKey::AlertEntry(entry.id),
        }
    }

    fn revision(&self, record: &LetterRecord) -> Option<Revision> {
        match record {
            LetterRecord::Letter(letter) => self.letters.revision(&letter.id),
            LetterRecord::Order(order) => self.orders.revision(&order.id),
            LetterRecord::Ticket(ticket) => self.tickets.revision(&ticket.id),
            LetterRecord::Alerts(alerts) => self.alerts.revision(&alerts.account),
            LetterRecord::Entry(entry) => self.entries.revision(&entry.id),
        }
    }

    fn unique(_: &LetterRecord) -> Option<RecordKey> {
        None
    }

    fn is_taken(&self, _: &LetterRecord) -> bool {
        false
    }

    fn put(&mut self, record: LetterRecord, token: CommitToken) {
        match record {
            LetterRecord::Letter(letter) => self.put_letter(letter, token),
            LetterRecord::Order(order) => {
                self.by_ticket.entry(order.ticket.id).or_default().insert(order.id);
                self.orders.put(order.id, order, token);
            }
            LetterRecord::Ticket(ticket) => {
                self.tickets.put(ticket.id, ticket, token);
            }
            LetterRecord::Alerts(alerts) => self.put_alerts(alerts, token),
            LetterRecord::Entry(entry) => {
                self.entries.put(entry.id, entry, token);
            }
        }
    }

    fn spoil(&mut self, record: &RecordKey) -> bool {
        match record {
            RecordKey::Letter(id) => self.letters.spoil(*id),
            RecordKey::OrderReplica(id) => self.orders.spoil(*id),
            RecordKey::TicketReplica(id) => self.tickets.spoil(*id),
            RecordKey::Alerts(id) => self.alerts.spoil(*id),
            RecordKey::AlertEntry(id) => self.entries.spoil(*id),
            _ => false,
        }
    }
}
