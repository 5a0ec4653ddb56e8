//! Rules of [`EventLog`].
#![expect(clippy::missing_panics_doc, reason = "rules panic by design")]

use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::log::EventLog;
use ticketing_core::ports::transport::{Arrival, EventPublisher};
use ticketing_core::wire::EventEnvelope;

use crate::events::assert_came;
use crate::outcome::Outcome;
use crate::report::Family;
use crate::sample;
use crate::time::soon;

/// Every rule of this module.
pub const EVENT_LOG: Family<dyn LogFixture> = crate::event_log!(@ [family]);

/// A transport that carried nothing yet, and whose log can be read.
#[async_trait]
pub trait LogFixture: Send + Sync {
    /// Publishes to it.
    fn publisher(&self) -> Arc<dyn EventPublisher>;

    /// Opens its log of some topics.
    async fn log(&self, topics: &[Topic]) -> Box<dyn EventLog>;
}

/// A log has what was published before it was opened and nothing else, each subject in order, and then ends.
pub async fn a_log_ends_where_it_ended(fixture: &dyn LogFixture) -> Outcome {
    let topics = [Topic::Orders, Topic::Tickets];
    let mut empty = fixture.log(&topics).await;
    assert!(rest(&mut *empty).await.is_empty(), "a log of nothing ends at once");

    let (orders, tickets) = (histories(Topic::Orders), histories(Topic::Tickets));
    publish(fixture, &[orders.concat(), tickets.concat(), sample::history(Topic::Payments, 5)].concat()).await;
    let mut log = fixture.log(&topics).await;
    publish(fixture, &histories(Topic::Orders).concat()).await;
    let expected = orders.iter().chain(&tickets).flatten().count();
    assert_eq!((log.progress().read, log.progress().total), (0, expected as u64), "a log knows how long it is");

    let read = rest(&mut *log).await;
    let came = read.len();
    let done = "events of three topics were published before a log of two was opened, and more after";
    assert_eq!(came, expected, "{done}: {expected} were to come; {came} came");
    for history in orders.iter().chain(&tickets) {
        let of_subject: Vec<_> = read.iter().filter(|event| is_of(event, history)).cloned().collect();
        assert_came("20 events of a subject were published, then a log was opened", history, &of_subject);
    }
    assert_eq!(log.progress().read, log.progress().total, "a log that ended was read");
    assert!(rest(&mut *log).await.is_empty(), "a log that ended stays so");
    Outcome::Kept
}

fn histories(topic: Topic) -> Vec<Vec<EventEnvelope>> {
    (0..40).map(|_| sample::history(topic, 20)).collect()
}

fn is_of(event: &EventEnvelope, history: &[EventEnvelope]) -> bool {
    history.first().is_some_and(|first| first.subject == event.subject)
}

async fn publish(fixture: &dyn LogFixture, events: &[EventEnvelope]) {
    soon("events are published", fixture.publisher().publish(events)).await.expect("events are published");
}

/// The events that are left in a log.
async fn rest(log: &mut dyn EventLog) -> Vec<EventEnvelope> {
    let mut events = Vec::new();
    loop {
        let arrivals = soon("a log is read", log.next()).await.expect("a log is read");
        if arrivals.is_empty() {
            return events;
        }
        events.extend(arrivals.into_iter().filter_map(|arrival| match arrival {
            Arrival::Event(event) => Some(event),
            Arrival::Undecodable { .. } => None,
        }));
    }
}
