//! Keeps a replica of each order, as far as money is concerned.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::domain::event::Topic;
use crate::domain::ids::OrderId;
use crate::domain::order::Order;
use crate::domain::payment::Payable;
use crate::flow::consumer::{EventHandler, HandleError, Incoming};
use crate::ports::payment_store::{PaymentNeeds, PaymentRecord, PaymentRecords};
use crate::ports::store::{StoreError, UnitOfWork, Write};
use crate::usecase::DECISIONS;

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
        let newest = newest_orders(events);
        for _ in 0..DECISIONS {
            match self.0.follow(&newest).await {
                Ok(()) => return Ok(()),
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict(Vec::new()).into())
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
    async fn follow(&self, newest: &HashMap<OrderId, &Order>) -> Result<(), StoreError> {
        let needs = PaymentNeeds { payables: newest.keys().copied().collect(), ..PaymentNeeds::default() };
        let records = self.store.load(&needs).await?;
        let writes: Vec<_> = newest.values().flat_map(|order| writes_for(order, &records)).collect();
        if writes.is_empty() {
            return Ok(());
        }
        self.store.commit(UnitOfWork { writes, events: Vec::new() }).await.map(drop)
    }
}

fn writes_for(order: &Order, records: &PaymentRecords) -> Vec<Write<PaymentRecord>> {
    let Some(account) = account_of(records, order.id) else {
        return vec![Write::insert(Payable::of(order))];
    };
    let live = account.live.as_ref().map(|stored| stored.record.clone());
    let Some((payable, due)) = account.payable.record.follow(order, live) else { return Vec::new() };
    let due = account.live.zip(due).map(|(stored, due)| stored.replace(due));
    std::iter::once(account.payable.replace(payable)).chain(due).collect()
}
