//! The payments service's store.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::{Bound, RangeInclusive};
use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::ids::{AccountId, OrderId, PaymentId};
use ticketing_core::domain::order::IdempotencyKey;
use ticketing_core::domain::payment::{Payable, Payment, PaymentStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::payment_store::{PaymentNeeds, PaymentRecord, PaymentRecords, PaymentStore};
use ticketing_core::ports::store::{CommitToken, Page, RecordKey, Revision, StoreError, Stored, UnitOfWork};
use ticketing_core::ports::unreadable::{Listed, Unreadable};

use crate::faults::FaultPlan;
use crate::outbox::MemoryOutbox;
use crate::store::{Store, Table, Tables};

/// Keeps payables and payments in memory. A clone is a handle to the same store.
#[derive(Debug, Clone)]
pub struct MemoryPaymentStore(pub(crate) Store<PaymentTables>);

impl MemoryPaymentStore {
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
impl PaymentStore for MemoryPaymentStore {
    async fn load(&self, needs: &PaymentNeeds) -> Result<PaymentRecords, StoreError> {
        self.0.find(|tables| tables.load(needs)).await
    }

    async fn unsettled(
        &self,
        young: RangeInclusive<Timestamp>,
        page: Page<PaymentId>,
    ) -> Result<Vec<Payment>, StoreError> {
        self.0.list(|tables| tables.unsettled(&young, page)).await
    }

    async fn commit(&self, work: UnitOfWork<PaymentRecord>) -> Result<CommitToken, StoreError> {
        self.0.commit(work).await
    }
}

#[derive(Default)]
pub(crate) struct PaymentTables {
    pub(crate) payables: Table<OrderId, Payable>,
    pub(crate) payments: Table<PaymentId, Payment>,
    by_key: HashMap<(AccountId, IdempotencyKey), PaymentId>,
    /// Payments that wait for the gateway. Ids sort by the time they were drawn: oldest first.
    unsettled: BTreeSet<PaymentId>,
}

impl PaymentTables {
    fn load(&self, needs: &PaymentNeeds) -> Result<PaymentRecords, Unreadable> {
        let payables: Vec<Stored<Payable>> = self.payables.find(needs.payables.iter())?;
        let live = payables.iter().filter_map(|payable| payable.record.live.as_ref());
        let by_key = needs.keys.iter().filter_map(|key| self.by_key.get(key));
        let mut seen = HashSet::new();
        let wanted = needs.payments.iter().chain(by_key).chain(live).filter(|id| seen.insert(**id));
        let payments = self.payments.find(wanted)?;
        Ok(PaymentRecords { payables, payments })
    }

    fn unsettled(&self, young: &RangeInclusive<Timestamp>, page: Page<PaymentId>) -> Listed<Payment> {
        let after = page.after.map_or(Bound::Unbounded, Bound::Excluded);
        let waiting = self.unsettled.range((after, Bound::Unbounded));
        let is_young =
            |id: &PaymentId| self.payments.get(id).is_some_and(|read| young.contains(&read.record.started_at));
        self.payments.list(waiting.filter(|id| !is_young(id)), page.limit)
    }

    fn put_payment(&mut self, payment: Payment, token: CommitToken) {
        if is_settled(&payment) {
            self.unsettled.remove(&payment.id);
        } else {
            self.unsettled.insert(payment.id);
        }
        self.by_key.extend(payment.key.clone().map(|key| ((payment.buyer, key), payment.id)));
        self.payments.put(payment.id, payment, token);
    }
}

fn is_settled(payment: &Payment) -> bool {
    match payment.status {
        PaymentStatus::Pending | PaymentStatus::AwaitingBuyer { .. } | PaymentStatus::RefundDue { .. } => false,
        PaymentStatus::Captured { .. } | PaymentStatus::Failed { .. } | PaymentStatus::Refunded { .. } => true,
    }
}

impl Tables for PaymentTables {
    type Record = PaymentRecord;

    fn name(record: &PaymentRecord) -> RecordKey {
        match record {
            PaymentRecord::Payable(payable) => RecordKey::Payable(payable.order),
            PaymentRecord::Payment(payment) => RecordKey::Payment(payment.id),
        }
    }

    fn revision(&self, record: &PaymentRecord) -> Option<Revision> {
        match record {
            PaymentRecord::Payable(payable) => self.payables.revision(&payable.order),
            PaymentRecord::Payment(payment) => self.payments.revision(&payment.id),
        }
    }

    fn unique(record: &PaymentRecord) -> Option<RecordKey> {
        match record {
            PaymentRecord::Payable(_) => None,
            PaymentRecord::Payment(payment) => payment.key.clone().map(|key| RecordKey::PaymentKey(payment.buyer, key)),
        }
    }

    fn is_taken(&self, record: &PaymentRecord) -> bool {
        let PaymentRecord::Payment(Payment { id, buyer, key: Some(key), .. }) = record else { return false };
        self.by_key.get(&(*buyer, key.clone())).is_some_and(|owner| owner != id)
    }

    fn put(&mut self, record: PaymentRecord, token: CommitToken) {
        match record {
            PaymentRecord::Payable(payable) => {
                self.payables.put(payable.order, payable, token);
            }
            PaymentRecord::Payment(payment) => self.put_payment(payment, token),
        }
    }

    fn spoil(&mut self, record: &RecordKey) -> bool {
        match record {
            RecordKey::Payable(id) => self.payables.spoil(*id),
            RecordKey::Payment(id) => self.payments.spoil(*id),
            _ => false,
        }
    }
}
