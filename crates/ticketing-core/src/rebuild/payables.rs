//! What the payments service knows of orders.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::event::{Event, Topic};
use crate::domain::ids::OrderId;
use crate::domain::order::Order;
use crate::domain::payment::Payable;
use crate::ports::payment_store::{PaymentNeeds, PaymentRecord, PaymentRecords, PaymentStore};
use crate::ports::store::{StoreError, Stored, UnitOfWork, Write};

use super::{Differing, Rebuild, Rebuilt};

/// Rebuilds what a payable takes over from its order; the attempt to pay that it names is the service's own.
#[derive(Debug)]
pub struct RebuildPayables {
    store: Arc<dyn PaymentStore>,
    shadow: BTreeMap<Uuid, Order>,
}

impl RebuildPayables {
    /// For the payables of this store.
    #[must_use]
    pub fn new(store: Arc<dyn PaymentStore>) -> Self {
        Self { store, shadow: BTreeMap::new() }
    }
}

#[async_trait]
impl Rebuild for RebuildPayables {
    fn topics(&self) -> &[Topic] {
        &[Topic::Orders]
    }

    fn shadow(&mut self, event: Event) {
        if let Some(change) = event.order_change() {
            let known = self.shadow.entry(change.order.id.uuid()).or_insert_with(|| change.order.clone());
            if change.order.version > known.version {
                *known = change.order.clone();
            }
        }
    }

    fn subjects(&self) -> Vec<Uuid> {
        self.shadow.keys().copied().collect()
    }

    async fn compare(&self, subjects: &[Uuid], differing: Differing) -> Result<Rebuilt, StoreError> {
        let needs =
            PaymentNeeds { payables: subjects.iter().copied().map(OrderId::new).collect(), ..PaymentNeeds::default() };
        let records = self.store.load(&needs).await?;
        let (mut rebuilt, mut work) = (Rebuilt::default(), UnitOfWork::default());
        for order in subjects.iter().filter_map(|id| self.shadow.get(id)) {
            let Some(stored) = records.payables.iter().find(|stored| stored.record.order == order.id) else {
                rebuilt.differing.push(format!("the payable of order {} is missing", order.id));
                work = work.with(Write::insert(Payable::of(order)));
                continue;
            };
            let Payable { live, declined, .. } = stored.record;
            let told = Payable { live, declined, ..Payable::of(order) };
            if stored.record == told {
                rebuilt.same += 1;
            } else if stored.record.order_version > order.version {
                rebuilt.newer += 1;
            } else {
                rebuilt.differing.push(format!("the payable of order {} is not what the order says", order.id));
                work.writes.extend(replacing(stored, order, &records));
            }
        }
        if differing == Differing::Replace && !work.is_empty() {
            self.store.commit(work).await?;
        }
        Ok(rebuilt)
    }
}

/// The payable as the order wants it, and the money that must go back by that.
fn replacing(stored: &Stored<Payable>, order: &Order, records: &PaymentRecords) -> Vec<Write<PaymentRecord>> {
    let live = records.payments.iter().find(|payment| Some(payment.record.id) == stored.record.live);
    // As if it had never heard of the order, so that nothing of it is believed.
    let forgotten = Payable { order_version: 0, ..stored.record.clone() };
    let followed = forgotten.follow(order, live.map(|payment| payment.record.clone()));
    let Some((payable, due)) = followed else { return Vec::new() };
    let due = live.zip(due).map(|(payment, due)| payment.replace(due));
    std::iter::once(stored.replace(payable)).chain(due).collect()
}
