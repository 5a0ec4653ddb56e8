//! Keeps a replica of each order, as far as money is concerned.

use std::collections::HashMap;

use async_trait::async_trait;
use tracing::Instrument;

use crate::domain::event::Topic;
use crate::domain::ids::OrderId;
use crate::domain::order::Order;
use crate::domain::payment::Payable;
use crate::domain::time::Timestamp;
use crate::messaging::consumer::{EventHandler, HandleError, Incoming};
use crate::messaging::spans;
use crate::ports::payment_store::{PaymentNeeds, PaymentRecord, PaymentRecords};
use crate::ports::store::{RecordKey, StoreError, UnitOfWork, Write};
use crate::usecase::contended::{Contended, NotFollowed};

use super::{Payments, account_of};

/// Feeds order events to the payments service.
///
/// The version of the order that a payable holds is the mark of what was
/// handled; money of a cancelled order is marked for refund in the same commit.
#[derive(Debug, Clone)]
pub struct PaymentsFollowOrders(pub Payments);

#[async_trait]
impl EventHandler for PaymentsFollowOrders {
    fn name(&self) -> &str {
        "payments"
    }

    fn topics(&self) -> &[Topic] {
        &[Topic::Orders]
    }

    async fn handle(&self, events: &[Incoming]) -> Result<(), HandleError> {
        let mut orders = Contended::new(newest_orders(events));
        loop {
            match self.0.follow(&orders.news).await {
                Ok(()) => return orders.answer(events, |incoming| Some(incoming.event.order_change()?.order.id)),
                Err(NotFollowed::Conflict(named)) => orders.leave_out(named),
                Err(NotFollowed::Store(error)) => return Err(error.into()),
            }
        }
    }
}

fn newest_orders(events: &[Incoming]) -> HashMap<OrderId, &Order> {
    let mut newest: HashMap<OrderId, &Order> = HashMap::new();
    for change in events.iter().filter_map(|incoming| incoming.event.order_change()) {
        let known = newest.entry(change.order.id).or_insert(&change.order);
        if change.order.version > known.version {
            *known = &change.order;
        }
    }
    newest
}

impl Payments {
    async fn follow(&self, newest: &HashMap<OrderId, &Order>) -> Result<(), NotFollowed<OrderId>> {
        if newest.is_empty() {
            return Ok(());
        }
        let needs = PaymentNeeds { payables: newest.keys().copied().collect(), ..PaymentNeeds::default() };
        let records = self.store.load(&needs).await?;
        let now = self.env.now();
        let writes: Vec<_> = newest.values().flat_map(|order| writes_for(order, &records, now)).collect();
        if writes.is_empty() {
            return Ok(());
        }
        let work = UnitOfWork { writes, events: Vec::new() };
        let span = spans::commit(&work);
        match self.store.commit(work).instrument(span).await {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict(keys)) => {
                Err(NotFollowed::Conflict(keys.iter().filter_map(|key| order_of(key, &records)).collect()))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Whose record a conflict named.
fn order_of(key: &RecordKey, records: &PaymentRecords) -> Option<OrderId> {
    match key {
        RecordKey::Payable(order) => Some(*order),
        RecordKey::Payment(id) => {
            let payment = records.payments.iter().find(|stored| stored.record.id == *id)?;
            Some(payment.record.order)
        }
        _ => None,
    }
}

fn writes_for(order: &Order, records: &PaymentRecords, now: Timestamp) -> Vec<Write<PaymentRecord>> {
    let Some(account) = account_of(records, order.id) else {
        return vec![Write::insert(Payable::of(order))];
    };
    let live = account.live.as_ref().map(|stored| stored.record.clone());
    let Some((payable, due)) = account.payable.record.follow(order, live) else { return Vec::new() };
    let due = account.live.zip(due).map(|(stored, due)| stored.replace(due.changed(now)));
    std::iter::once(account.payable.replace(payable)).chain(due).collect()
}
