//! The admissions service's store.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::admission::{Admission, Entrance, PassCounts};
use ticketing_core::domain::door_links::DoorLinks;
use ticketing_core::domain::ids::{OrderId, PassId, TicketId};
use ticketing_core::domain::pass::PassCode;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::pass_store::{PassNeeds, PassRecord, PassRecords, PassStore};
use ticketing_core::ports::store::{CommitToken, Page, RecordKey, Revision, StoreError, UnitOfWork};
use ticketing_core::ports::unreadable::{Listed, Unreadable};

use crate::faults::FaultPlan;
use crate::outbox::MemoryOutbox;
use crate::store::{Store, Table, Tables};

/// Keeps admissions, entrances and door links in memory. A clone is a handle to the same store.
#[derive(Debug, Clone)]
pub struct MemoryPassStore(pub(crate) Store<PassTables>);

impl MemoryPassStore {
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
impl PassStore for MemoryPassStore {
    async fn load(&self, needs: &PassNeeds) -> Result<PassRecords, StoreError> {
        self.0.find(|tables| tables.load(needs)).await
    }

    async fn admissions_of(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Admission>, StoreError> {
        self.0.list(|tables| tables.admissions_of(ticket, page)).await
    }

    async fn counts(&self, ticket: TicketId) -> Result<PassCounts, StoreError> {
        self.0.read(|tables| tables.counts(ticket)).await
    }

    async fn commit(&self, work: UnitOfWork<PassRecord>) -> Result<CommitToken, StoreError> {
        self.0.commit(work).await
    }
}

#[derive(Default)]
pub(crate) struct PassTables {
    pub(crate) admissions: Table<OrderId, Admission>,
    pub(crate) entrances: Table<TicketId, Entrance>,
    door_links: Table<TicketId, DoorLinks>,
    by_pass: HashMap<PassId, OrderId>,
    by_code: HashMap<(TicketId, PassCode), OrderId>,
    by_ticket: HashMap<TicketId, BTreeSet<OrderId>>,
}

impl PassTables {
    fn load(&self, needs: &PassNeeds) -> Result<PassRecords, Unreadable> {
        let by_pass = needs.passes.iter().filter_map(|pass| self.by_pass.get(pass));
        let by_code = needs.codes.iter().filter_map(|code| self.by_code.get(code));
        let mut seen = HashSet::new();
        let wanted = needs.admissions.iter().chain(by_pass).chain(by_code).filter(|id| seen.insert(**id));
        let admissions = self.admissions.find(wanted)?;
        let entrances = self.entrances.find(needs.entrances.iter())?;
        Ok(PassRecords { admissions, entrances, door_links: self.door_links.find(needs.door_links.iter())? })
    }

    fn admissions_of(&self, ticket: TicketId, page: Page<OrderId>) -> Listed<Admission> {
        let after = page.after.map_or(Bound::Unbounded, Bound::Excluded);
        let orders = self.by_ticket.get(&ticket).into_iter().flat_map(|orders| orders.range((after, Bound::Unbounded)));
        self.admissions.list(orders, page.limit)
    }

    fn counts(&self, ticket: TicketId) -> PassCounts {
        let orders = self.by_ticket.get(&ticket).into_iter().flatten();
        let admissions = orders.filter_map(|order| self.admissions.kept(order));
        admissions.fold(PassCounts::default(), |counts, stored| counts.plus(stored.record.counts()))
    }

    fn put_admission(&mut self, admission: Admission, token: CommitToken) {
        let (order, ticket) = (admission.order, admission.ticket);
        self.by_ticket.entry(ticket).or_default().insert(order);
        self.by_pass.extend(admission.passes.iter().map(|coded| (coded.pass.id, order)));
        self.by_code.extend(admission.passes.iter().map(|coded| ((ticket, coded.code), order)));
        self.admissions.put(order, admission, token);
    }
}

impl Tables for PassTables {
    type Record = PassRecord;

    fn name(record: &PassRecord) -> RecordKey {
        match record {
            PassRecord::Admission(admission) => RecordKey::Admission(admission.order),
            PassRecord::Entrance(entrance) => RecordKey::Entrance(entrance.ticket),
            PassRecord::DoorLinks(links) => RecordKey::DoorLinks(links.ticket),
        }
    }

    fn revision(&self, record: &PassRecord) -> Option<Revision> {
        match record {
            PassRecord::Admission(admission) => self.admissions.revision(&admission.order),
            PassRecord::Entrance(entrance) => self.entrances.revision(&entrance.ticket),
            PassRecord::DoorLinks(links) => self.door_links.revision(&links.ticket),
        }
    }

    fn unique(record: &PassRecord) -> Option<RecordKey> {
        match record {
            PassRecord::Admission(admission) => Some(RecordKey::PassCodes(admission.order)),
            PassRecord::Entrance(_) | PassRecord::DoorLinks(_) => None,
        }
    }

    fn is_taken(&self, record: &PassRecord) -> bool {
        let PassRecord::Admission(Admission { order, ticket, passes, .. }) = record else { return false };
        let owner = |code: PassCode| self.by_code.get(&(*ticket, code));
        passes.iter().any(|coded| owner(coded.code).is_some_and(|owner| owner != order))
    }

    fn put(&mut self, record: PassRecord, token: CommitToken) {
        match record {
            PassRecord::Admission(admission) => self.put_admission(admission, token),
            PassRecord::Entrance(entrance) => {
                self.entrances.put(entrance.ticket, entrance, token);
            }
            PassRecord::DoorLinks(links) => {
                self.door_links.put(links.ticket, links, token);
            }
        }
    }

    fn spoil(&mut self, record: &RecordKey) -> bool {
        match record {
            RecordKey::Admission(id) => self.admissions.spoil(*id),
            RecordKey::Entrance(id) => self.entrances.spoil(*id),
            RecordKey::DoorLinks(id) => self.door_links.spoil(*id),
            _ => false,
        }
    }
}
