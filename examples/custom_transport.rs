//! A transport of one's own, proven by the kit.
//!
//! One log, and for each group a queue with one member. What it cannot do, it
//! does not claim, and refuses.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ticketing_conformance::time::TimeFixture;
use ticketing_conformance::transport::TransportFixture;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::transport::{
    Arrival, Delivery, EventPublisher, EventSubscriber, PublishError, Settle, Settlement, StartFrom, Subscription,
    SubscriptionConfig, TransportError, TransportFeatures,
};
use ticketing_core::wire::{EventEnvelope, RawMessage, from_message};
use tokio::sync::Notify;

/// A clone carries the same events.
#[derive(Debug, Clone, Default)]
struct Wire(Arc<(Mutex<Log>, Notify)>);

#[derive(Debug, Default)]
struct Log {
    all: Vec<(String, Arrival)>,
    groups: HashMap<String, Group>,
}

/// What a group has not acknowledged yet, in order.
#[derive(Debug, Default)]
struct Group {
    topics: Vec<String>,
    waiting: BTreeMap<usize, Item>,
    member: bool,
    /// How many members have left; what they borrowed is theirs no more.
    left: u32,
}

#[derive(Debug, Clone)]
struct Item {
    arrival: Arrival,
    attempt: u32,
    on_loan: bool,
    not_before: Instant,
}

impl Wire {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.0.lock().expect("nobody panics while holding the log")
    }

    fn append(&self, topic: &str, arrival: &Arrival) {
        let mut log = self.log();
        let at = log.all.len();
        log.all.push((topic.to_owned(), arrival.clone()));
        for group in log.groups.values_mut().filter(|group| group.topics.iter().any(|wanted| wanted == topic)) {
            group.waiting.insert(at, Item::new(arrival));
        }
        self.0.1.notify_waiters();
    }
}

impl Item {
    fn new(arrival: &Arrival) -> Self {
        Self { arrival: arrival.clone(), attempt: 0, on_loan: false, not_before: Instant::now() }
    }
}

impl Group {
    fn on_loan(&self) -> usize {
        self.waiting.values().filter(|item| item.on_loan).count()
    }

    /// Lends what is due and not behind an earlier event of its subject that is on loan or waits for a retry.
    fn lend(&mut self, most: usize) -> Vec<(usize, Item)> {
        let (mut blocked, mut lent, now) = (HashSet::new(), Vec::new(), Instant::now());
        for (at, item) in &mut self.waiting {
            let key = item.arrival.key();
            if item.on_loan || item.not_before > now || blocked.contains(&key) || lent.len() == most {
                blocked.insert(key);
                continue;
            }
            (item.on_loan, item.attempt) = (true, item.attempt + 1);
            lent.push((*at, item.clone()));
        }
        lent
    }

    fn settle(&mut self, at: usize, settlement: Settlement) {
        match (settlement, self.waiting.get_mut(&at)) {
            (Settlement::Ack, _) => drop(self.waiting.remove(&at)),
            (Settlement::Retry { after }, Some(item)) => {
                (item.on_loan, item.not_before) = (false, Instant::now() + after);
            }
            (Settlement::Retry { .. }, None) => {}
        }
    }

    fn leave(&mut self) -> usize {
        let abandoned = self.on_loan();
        self.waiting.values_mut().for_each(|item| item.on_loan = false);
        self.member = false;
        self.left += 1;
        abandoned
    }
}

#[async_trait]
impl EventPublisher for Wire {
    async fn publish(&self, events: &[EventEnvelope]) -> Result<(), PublishError> {
        for envelope in events {
            self.append(envelope.topic.name(), &Arrival::Event(envelope.clone()));
        }
        Ok(())
    }
}

#[async_trait]
impl EventSubscriber for Wire {
    fn features(&self) -> TransportFeatures {
        TransportFeatures { replays_history: true, competing_consumers: false, survives_restart: false }
    }

    async fn subscribe(&self, config: SubscriptionConfig) -> Result<Box<dyn Subscription>, TransportError> {
        let mut log = self.log();
        let topics: Vec<_> = config.topics.iter().map(|topic| topic.name().to_owned()).collect();
        let history = log.all.iter().enumerate().filter(|(_, (topic, _))| topics.contains(topic));
        let history = history.map(|(at, (_, arrival))| (at, Item::new(arrival))).collect();
        let waiting = if config.start == StartFrom::Earliest { history } else { BTreeMap::new() };
        let group = log.groups.entry(config.group.clone()).or_insert(Group { topics, waiting, ..Group::default() });
        if std::mem::replace(&mut group.member, true) {
            return Err(TransportError::Unsupported);
        }
        let number = group.left;
        Ok(Box::new(Member { wire: self.clone(), config, number, stopped: false }))
    }
}

#[derive(Debug)]
struct Member {
    wire: Wire,
    config: SubscriptionConfig,
    number: u32,
    stopped: bool,
}

impl Member {
    fn group<T>(&self, look: impl FnOnce(&mut Group) -> T) -> T {
        look(self.wire.log().groups.entry(self.config.group.clone()).or_default())
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.group(|group| if group.left == self.number { group.leave() } else { 0 });
        self.wire.0.1.notify_waiters();
    }
}

#[async_trait]
impl Subscription for Member {
    async fn next(&mut self, max: usize) -> Result<Vec<Delivery>, TransportError> {
        if self.stopped {
            return Ok(Vec::new());
        }
        loop {
            let free = self.config.max_unsettled.saturating_sub(self.group(|group| group.on_loan()));
            let lent = self.group(|group| group.lend(max.min(free)));
            if !lent.is_empty() {
                let (group, member) = (&self.config.group, self.number);
                let loan = |at| Box::new(Loan { wire: self.wire.clone(), group: group.clone(), member, at: Some(at) });
                return Ok(lent
                    .into_iter()
                    .map(|(at, item)| Delivery::new(item.arrival, item.attempt, loan(at)))
                    .collect());
            }
            // Something new wakes it at once; a retry that came due, a moment later.
            drop(tokio::time::timeout(Duration::from_millis(5), self.wire.0.1.notified()).await);
        }
    }

    async fn stop(&mut self) {
        self.stopped = true;
    }

    async fn close(self: Box<Self>, deadline: Duration) -> Result<usize, TransportError> {
        let ends = Instant::now() + deadline;
        while self.group(|group| group.on_loan()) > 0 && Instant::now() < ends {
            drop(tokio::time::timeout(Duration::from_millis(5), self.wire.0.1.notified()).await);
        }
        Ok(self.group(Group::leave))
    }
}

/// Comes again if it is dropped.
#[derive(Debug)]
struct Loan {
    wire: Wire,
    group: String,
    member: u32,
    at: Option<usize>,
}

impl Loan {
    fn give_back(&mut self, settlement: Settlement) -> Result<(), TransportError> {
        let (at, member) = (self.at.take(), self.member);
        let mut log = self.wire.log();
        let group = log.groups.get_mut(&self.group).filter(|group| group.left == member);
        let (at, group) = at.zip(group).ok_or(TransportError::Closed)?;
        group.settle(at, settlement);
        self.wire.0.1.notify_waiters();
        Ok(())
    }
}

impl Settle for Loan {
    fn settle(mut self: Box<Self>, settlement: Settlement) -> Result<(), TransportError> {
        self.give_back(settlement)
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        // Settled already, or too late: then it comes again anyway.
        self.give_back(Settlement::Retry { after: Duration::ZERO }).unwrap_or_default();
    }
}

/// Tells the kit how to make a env of this transport.
#[async_trait]
impl TimeFixture for Wire {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH.after(std::time::UNIX_EPOCH.elapsed().unwrap_or_default())
    }

    async fn pass(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}

#[async_trait]
impl TransportFixture for Wire {
    fn publisher(&self) -> Arc<dyn EventPublisher> {
        Arc::new(self.clone())
    }

    fn subscriber(&self) -> Arc<dyn EventSubscriber> {
        Arc::new(self.clone())
    }

    async fn append(&self, raw: RawMessage) {
        let arrival = match from_message(&raw) {
            Ok(envelope) => Arrival::Event(envelope),
            Err(reason) => Arrival::Undecodable { raw: raw.clone(), reason },
        };
        self.append(&raw.topic, &arrival);
    }

    async fn restart(&self) {}

    fn too_large(&self) -> Option<usize> {
        None
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let report = ticketing_conformance::report! { transport: Wire::default() };
    println!("{report}");
    if report.conforms() { Ok(()) } else { Err("the transport breaks a promise".into()) }
}
