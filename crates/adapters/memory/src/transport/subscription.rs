//! A member of a group, and what it has on loan.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::messaging::keyed_deliveries::{Lent, Loan};
use ticketing_core::ports::transport::{
    Arrival, Delivery, Settle, Settlement, Subscription, SubscriptionConfig, TransportError,
};
use tokio::sync::Notify;

use crate::faults::{Fault, FaultPlan, Operation};

use super::log::PartitionId;
use super::progress::MemberId;
use super::{Shared, State};

/// A subscription to a broker in memory. Dropped, it leaves its group.
#[derive(Debug)]
pub(super) struct MemorySubscription {
    member: Arc<Member>,
    max_unsettled: usize,
    /// Which partition is asked first, so that a full one does not starve the others.
    turn: usize,
    stopped: bool,
}

/// Who holds loans. Outlives the subscription as long as they do.
struct Member {
    broker: Arc<Shared>,
    faults: FaultPlan,
    group: String,
    id: MemberId,
    news: Arc<Notify>,
}

impl MemorySubscription {
    pub(super) fn join(broker: &Arc<Shared>, faults: &FaultPlan, config: SubscriptionConfig) -> Self {
        let mut state = broker.state.lock();
        let State { log, groups, members } = &mut *state;
        *members += 1;
        let group = groups.entry(config.group.clone()).or_default();
        group.join(*members, &config, log);
        let (id, news) = (*members, group.news());
        let member = Member { broker: Arc::clone(broker), faults: faults.clone(), group: config.group, id, news };
        Self { member: Arc::new(member), max_unsettled: config.max_unsettled, turn: 0, stopped: false }
    }

    /// Lends what can be lent now, or returns when a delayed delivery is due.
    fn take(&mut self, max: usize) -> (Vec<Delivery>, Option<Duration>) {
        let Member { broker, group, id, .. } = &*self.member;
        let now = broker.time();
        let mut state = broker.state.lock();
        let State { log, groups, .. } = &mut *state;
        let Some(group) = groups.get_mut(group) else { return (Vec::new(), None) };
        let room = max.min(self.max_unsettled.saturating_sub(group.out(*id)));
        self.turn += 1;
        let mut batch = Vec::new();
        let mut due: Option<Duration> = None;
        let mut owned: Vec<_> = group.owned_by(*id).collect();
        let first = self.turn % owned.len().max(1);
        owned.rotate_left(first);
        for (partition, progress) in owned {
            let Some(messages) = log.get(partition) else { continue };
            let lent = progress.lend(messages, now, room - batch.len());
            due = [due, progress.deliveries.due()].into_iter().flatten().min();
            batch.extend(lent.into_iter().filter_map(|lent| {
                let message = messages.get(lent.loan.position())?;
                Some(self.member.deliver(partition, message.arrival.clone(), lent))
            }));
        }
        (batch, due)
    }

    async fn wait_until(&self, due: Option<Duration>, news: impl Future<Output = ()>) {
        let broker = &self.member.broker;
        match due {
            None => news.await,
            Some(due) => tokio::select! {
                biased;
                () = news => {}
                () = broker.clock.sleep(due.saturating_sub(broker.time())) => {}
            },
        }
    }
}

#[async_trait]
impl Subscription for MemorySubscription {
    async fn next(&mut self, max: usize) -> Result<Vec<Delivery>, TransportError> {
        if self.stopped {
            return Ok(Vec::new());
        }
        let member = Arc::clone(&self.member);
        let fault = member.faults.enter(Operation::Receive).await?;
        loop {
            let news = member.news.notified();
            tokio::pin!(news);
            // Order matters: listening begins before the look, so what happens between the two is heard.
            news.as_mut().enable();
            let (batch, due) = self.take(max.max(1));
            if !batch.is_empty() {
                member.faults.leave(fault)?;
                return Ok(disturb(batch, fault, max));
            }
            self.wait_until(due, news).await;
        }
    }

    async fn stop(&mut self) {
        self.stopped = true;
    }

    async fn close(mut self: Box<Self>, deadline: Duration) -> Result<usize, TransportError> {
        self.stopped = true;
        let member = Arc::clone(&self.member);
        let end = member.broker.time().saturating_add(deadline);
        loop {
            let news = member.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            let out = member.out();
            if out == 0 || member.broker.time() >= end {
                // Dropping the subscription leaves the group.
                return Ok(out);
            }
            self.wait_until(Some(end), news).await;
        }
    }
}

impl Drop for MemorySubscription {
    fn drop(&mut self) {
        self.member.leave();
    }
}

impl Member {
    fn deliver(self: &Arc<Self>, partition: PartitionId, arrival: Arrival, lent: Lent<()>) -> Delivery {
        let member = Arc::clone(self);
        let settle = move |loan, settlement| member.settle(partition, loan, settlement);
        let delivery = lent.loan.into_delivery(arrival, lent.attempt, settle);
        if self.faults.is_none() {
            return delivery;
        }
        let (arrival, attempt, faults) = (delivery.arrival.clone(), delivery.attempt, self.faults.clone());
        Delivery::new(arrival, attempt, Box::new(Faulty { delivery, faults }))
    }

    fn settle(&self, partition: PartitionId, loan: Loan, settlement: Settlement) -> Result<(), TransportError> {
        let mut state = self.broker.state.lock();
        let group = state.groups.get_mut(&self.group).ok_or(TransportError::Closed)?;
        let progress = group.progress.get_mut(&partition).ok_or(TransportError::Closed)?;
        progress.deliveries.settle(loan, settlement, || self.broker.time())?;
        group.wake();
        Ok(())
    }

    fn out(&self) -> usize {
        self.broker.state.lock().groups.get(&self.group).map_or(0, |group| group.out(self.id))
    }

    fn leave(&self) {
        if let Some(group) = self.broker.state.lock().groups.get_mut(&self.group) {
            group.leave(self.id);
        }
    }
}

/// Settles by a plan. What it does not settle it drops, and so gives back.
#[derive(Debug)]
struct Faulty {
    delivery: Delivery,
    faults: FaultPlan,
}

impl Settle for Faulty {
    fn settle(self: Box<Self>, settlement: Settlement) -> Result<(), TransportError> {
        match self.faults.step(Operation::Settle) {
            Ok(Some(Fault::LoseSettlement)) => return Ok(()),
            Err(_) | Ok(Some(Fault::FailBefore)) => return Err(TransportError::Closed),
            Ok(_) => {}
        }
        self.delivery.settle(settlement)?;
        self.faults.leave(None).map_err(|_| TransportError::Closed)
    }
}

/// What a plan does to a batch on its way to the consumer.
fn disturb(mut batch: Vec<Delivery>, fault: Option<Fault>, max: usize) -> Vec<Delivery> {
    match (fault, batch.first()) {
        (Some(Fault::Duplicate), Some(first)) if batch.len() < max => {
            let echo = Delivery::new(first.arrival.clone(), first.attempt, Box::new(Echo));
            batch.insert(1, echo);
        }
        (Some(Fault::Reorder), _) => {
            // The sort is stable, so only subjects change places.
            let mut subjects = HashMap::new();
            for delivery in batch.iter().rev() {
                let later = subjects.len();
                subjects.entry(delivery.arrival.key()).or_insert(later);
            }
            batch.sort_by_key(|delivery| subjects.get(&delivery.arrival.key()).copied());
        }
        _ => {}
    }
    batch
}

/// Settles a copy, of which the broker knows nothing.
#[derive(Debug)]
struct Echo;

impl Settle for Echo {
    fn settle(self: Box<Self>, _: Settlement) -> Result<(), TransportError> {
        Ok(())
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member").field("group", &self.group).field("id", &self.id).finish_non_exhaustive()
    }
}
