//! A member of a group, and what it has on loan.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use rusqlite::Connection;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::messaging::keyed_deliveries::{Lent, Loan};
use ticketing_core::ports::transport::{
    Arrival, Delivery, Settlement, Subscription, SubscriptionConfig, TransportError,
};

use crate::error::Failure;
use crate::news::News;
use crate::readers::Readers;

use super::SqliteBroker;
use super::group::{self, Groups, MemberId, Place, Unread};

/// A subscription to a broker in a file. Dropped, it leaves its group.
#[derive(Debug)]
pub(super) struct SqliteSubscription {
    member: Arc<Member>,
    topics: Vec<Topic>,
    max_unsettled: usize,
    /// Which topic is asked first, so that a busy one does not starve the others.
    turn: usize,
    stopped: bool,
}

/// Who holds loans. Outlives the subscription as long as they do.
#[derive(Debug)]
struct Member {
    broker: SqliteBroker,
    group: String,
    id: MemberId,
}

/// A read of the log for a group; it does not keep the file open. Dropped, for one by a runtime that ends, it lets the
/// next one begin.
struct Reading {
    readers: Readers,
    groups: Arc<Mutex<Groups>>,
    appended: Arc<News>,
    group: String,
    unread: Arc<[Unread]>,
    rung: u64,
}

impl SqliteSubscription {
    pub(super) fn join(broker: &SqliteBroker, config: SubscriptionConfig, places: Vec<Place>) -> Self {
        let SubscriptionConfig { group, topics, max_unsettled, .. } = config;
        let id = broker.groups.lock().join(&group, places);
        let member = Arc::new(Member { broker: broker.clone(), group, id });
        Self { member, topics, max_unsettled, turn: 0, stopped: false }
    }

    /// Has the log read on, and returns at once; whether the last read failed.
    ///
    /// The bell is rung once what was read may be taken. A read goes on when nobody waits for it any more, and there is
    /// one at a time of a topic, however many members ask.
    fn read_on(&self) -> Result<(), TransportError> {
        let Member { broker, group, .. } = &*self.member;
        let rung = broker.appended.rung();
        let unread = {
            let mut groups = broker.groups.lock();
            let Some(group) = groups.get(group) else { return Ok(()) };
            if let Some(failure) = group.take_failure(&self.topics) {
                return Err(failure.into());
            }
            group.begin_reading(&self.topics, rung)
        };
        if !unread.is_empty() {
            let reading = Reading {
                readers: broker.file.readers().clone(),
                groups: Arc::clone(&broker.groups),
                appended: Arc::clone(&broker.appended),
                group: group.clone(),
                unread: unread.into(),
                rung,
            };
            tokio::spawn(reading.run());
        }
        Ok(())
    }

    /// Lends what can be lent now, or returns when a delayed delivery is due.
    fn take(&mut self, max: usize) -> (Vec<Delivery>, Option<Duration>) {
        let Member { broker, group, id } = &*self.member;
        let now = broker.time();
        let mut groups = broker.groups.lock();
        let Some(group) = groups.get(group) else { return (Vec::new(), None) };
        let room = max.min(self.max_unsettled.saturating_sub(group.out(*id)));
        self.turn += 1;
        let turn = self.turn % self.topics.len().max(1);
        let (mut batch, mut due) = (Vec::new(), None::<Duration>);
        for topic in self.topics.iter().cycle().skip(turn).take(self.topics.len()) {
            let Some(sequence) = group.sequences.get_mut(topic) else { continue };
            let lent = sequence.deliveries.lend(now, room - batch.len());
            due = [due, sequence.deliveries.due()].into_iter().flatten().min();
            sequence.note_out(*id, lent.len());
            batch.extend(lent.into_iter().map(|lent| self.member.deliver(*topic, lent)));
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
                () = broker.file.clock.sleep(due.saturating_sub(broker.time())) => {}
            },
        }
    }
}

impl Reading {
    async fn run(self) {
        let unread = Arc::clone(&self.unread);
        let read = self.readers.read(move |connection| group::read(connection, &unread)).await;
        if let Some(group) = self.groups.lock().get(&self.group) {
            group.take_in(read, &self.unread, self.rung);
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let Some(group) = self.groups.lock().get(&self.group) {
            group.end_reading(&self.unread);
        }
        // Order matters: those who wait find that the read has ended.
        self.appended.wake();
    }
}

#[async_trait]
impl Subscription for SqliteSubscription {
    async fn next(&mut self, max: usize) -> Result<Vec<Delivery>, TransportError> {
        if self.stopped {
            return Ok(Vec::new());
        }
        let appended = Arc::clone(&self.member.broker.appended);
        loop {
            let news = appended.next();
            tokio::pin!(news);
            // Order matters: listening begins before the look, so what happens between the two is heard.
            news.as_mut().enable();
            self.read_on()?;
            let (batch, due) = self.take(max.max(1));
            if !batch.is_empty() {
                return Ok(batch);
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
            let news = member.broker.appended.next();
            tokio::pin!(news);
            news.as_mut().enable();
            let out = member.out();
            if out == 0 || member.broker.time() >= end {
                // Dropping the subscription leaves the group. What it settled is written before that is acknowledged.
                member.saved().await?;
                return Ok(out);
            }
            self.wait_until(Some(end), news).await;
        }
    }
}

impl Drop for SqliteSubscription {
    fn drop(&mut self) {
        self.member.leave();
    }
}

impl Member {
    fn deliver(self: &Arc<Self>, topic: Topic, lent: Lent<Arc<Arrival>>) -> Delivery {
        let member = Arc::clone(self);
        let settle = move |loan, settlement| member.settle(topic, loan, settlement);
        lent.loan.into_delivery(Arrival::clone(&lent.delivery), lent.attempt, settle)
    }

    fn settle(&self, topic: Topic, loan: Loan, settlement: Settlement) -> Result<(), TransportError> {
        let mut groups = self.broker.groups.lock();
        let group = groups.get(&self.group).ok_or(TransportError::Closed)?;
        let sequence = group.sequences.get_mut(&topic).ok_or(TransportError::Closed)?;
        sequence.deliveries.settle(loan, settlement, || self.broker.time())?;
        sequence.note_back(self.id);
        if group.begin_saving() {
            self.save();
        }
        self.broker.appended.wake();
        Ok(())
    }

    /// Has the places of the group written in the next transaction, as they are then.
    fn save(&self) {
        let (groups, group) = (Arc::clone(&self.broker.groups), self.group.clone());
        let places = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&places);
        let all = (Arc::clone(&groups), group.clone());
        let work = move |connection: &Connection| {
            *written.lock() = save(connection, &all.0, &all.1)?;
            Ok(())
        };
        let ended = move |is_on_disk| {
            let saved = std::mem::take(&mut *places.lock());
            if let Some(group) = groups.lock().get(&group) {
                group.end_saving(if is_on_disk { &saved } else { &[] });
            }
        };
        self.broker.file.write_later(work, ended);
    }

    /// Waits until the places of the group are written.
    async fn saved(&self) -> Result<(), TransportError> {
        let (groups, group) = (Arc::clone(&self.broker.groups), self.group.clone());
        Ok(self.broker.file.write(move |connection| save(connection, &groups, &group).map(drop)).await?)
    }

    fn out(&self) -> usize {
        self.broker.groups.lock().get(&self.group).map_or(0, |group| group.out(self.id))
    }

    fn leave(&self) {
        if let Some(group) = self.broker.groups.lock().get(&self.group) {
            group.leave(self.id);
        }
        self.broker.appended.wake();
    }
}

/// Writes the places of a group as they are now; returns them.
fn save(connection: &Connection, groups: &Mutex<Groups>, group: &str) -> Result<Vec<(Topic, u64)>, Failure> {
    let places = groups.lock().get(group).map(|group| group.unsaved()).unwrap_or_default();
    group::save(connection, group, &places)?;
    Ok(places)
}

impl SqliteBroker {
    /// The time, as deliveries count it.
    fn time(&self) -> Duration {
        self.file.clock.now().since(Timestamp::EPOCH)
    }
}
