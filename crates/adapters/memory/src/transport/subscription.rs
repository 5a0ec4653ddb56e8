//! A member of a group, and what it has on loan.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::transport::{
    Delivery, Settle, Settlement, Subscription, SubscriptionConfig, TransportError,
};
use tokio::sync::Notify;

use crate::faults::{Fault, FaultPlan, Operation};

use super::log::PartitionId;
use super::progress::{Lent, MemberId};
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

    /// Lends what can be lent now, or tells when a delayed delivery is due.
    fn take(&mut self, max: usize) -> (Vec<Delivery>, Option<Timestamp>) {
        let Member { broker, group, id, .. } = &*self.member;
        let now = broker.clock.now();
        let mut state = broker.state.lock();
        let State { log, groups, .. } = &mut *state;
        let Some(group) = groups.get_mut(group) else { return (Vec::new(), None) };
        let room = max.min(self.max_unsettled.saturating_sub(group.out(*id)));
        self.turn += 1;
        let mut batch = Vec::new();
        let mut due: Option<Timestamp> = None;
        let mut owned: Vec<_> = group.owned_by(*id).collect();
        let first = self.turn % owned.len().max(1);
        owned.rotate_left(first);
        for (partition, progress) in owned {
            let Some(messages) = log.get(partition) else { continue };
            let lent = progress.lend(messages, now, room - batch.len());
            due = [due, progress.due()].into_iter().flatten().min();
            batch.extend(lent.into_iter().map(|lent| self.member.deliver(partition, progress.generation, lent)));
        }
        (batch, due)
    }

    async fn wait_until(&self, due: Option<Timestamp>, news: impl Future<Output = ()>) {
        let clock = &self.member.broker.clock;
        match due {
            None => news.await,
            Some(due) => tokio::select! {
                biased;
                () = news => {}
                () = clock.sleep(due.since(clock.now())) => {}
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
        let clock = Arc::clone(&member.broker.clock);
        let end = clock.now().after(deadline);
        loop {
            let news = member.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            let out = member.out();
            if out == 0 || clock.now() >= end {
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
    fn deliver(self: &Arc<Self>, partition: PartitionId, generation: u64, lent: Lent) -> Delivery {
        let Lent { offset, attempt, arrival } = lent;
        let loan = Loan { member: Arc::clone(self), partition, generation, offset, settled: false };
        Delivery::new(arrival, attempt, Box::new(loan))
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

/// The right and the duty to settle one delivery. Dropped, it gives the delivery back.
#[derive(Debug)]
struct Loan {
    member: Arc<Member>,
    partition: PartitionId,
    generation: u64,
    offset: u64,
    settled: bool,
}

impl Loan {
    fn end(&mut self, settlement: Settlement) -> Result<(), TransportError> {
        self.settled = true;
        let Member { broker, group, .. } = &*self.member;
        let again = match settlement {
            Settlement::Ack => None,
            Settlement::Retry { after } => Some(broker.clock.now().after(after)),
        };
        let mut state = broker.state.lock();
        let group = state.groups.get_mut(group).ok_or(TransportError::Closed)?;
        let progress = group.progress.get_mut(&self.partition).ok_or(TransportError::Closed)?;
        if progress.generation != self.generation {
            return Err(TransportError::Closed);
        }
        progress.settle(self.offset, again)?;
        group.wake();
        Ok(())
    }
}

impl Settle for Loan {
    fn settle(mut self: Box<Self>, settlement: Settlement) -> Result<(), TransportError> {
        let faults = self.member.faults.clone();
        match faults.step(Operation::Settle) {
            Ok(Some(Fault::LoseSettlement)) => return Ok(()),
            Err(_) | Ok(Some(Fault::FailBefore)) => return Err(TransportError::Closed),
            Ok(_) => {}
        }
        self.end(settlement)?;
        faults.leave(None).map_err(|_| TransportError::Closed)
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if !self.settled {
            // It fails only if the partition changed hands, and then the delivery comes again anyway.
            let _returned = self.end(Settlement::Retry { after: Duration::ZERO });
        }
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
