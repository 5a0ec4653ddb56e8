//! The whole log is read exactly up to its end.

use rdkafka::message::OwnedHeaders;
use ticketing_conformance::sample;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::log::{EventLog, LogProgress};
use ticketing_core::ports::transport::Arrival;
use ticketing_core::wire::EventEnvelope;
use ticketing_kafka::KafkaLog;

use crate::world::{World, orders, soon};

async fn read(log: &mut KafkaLog) -> Vec<Arrival> {
    let mut all = Vec::new();
    loop {
        let batch = soon("a batch comes", log.next()).await.expect("a batch comes");
        if batch.is_empty() {
            return all;
        }
        all.extend(batch);
    }
}

#[tokio::test]
async fn a_log_is_read_up_to_where_it_ended_when_it_was_opened() {
    let world = World::start(3).await;
    let subjects: Vec<_> = (0..20).map(|_| sample::history(Topic::Payments, 100)).collect();
    world.publish(&subjects.concat()).await;
    world.put(Some(b"foreign"), Some(b"?"), OwnedHeaders::new()).await;

    let mut log = KafkaLog::open(&world.config, &Topic::ALL).await.unwrap();
    world.publish(&orders(50)).await;
    assert_eq!(log.progress(), LogProgress { read: 0, total: 2001 });
    let arrivals = read(&mut log).await;

    assert_eq!(log.progress(), LogProgress { read: 2001, total: 2001 });
    assert_eq!(arrivals.len(), 2001);
    let of = |subject: &[EventEnvelope]| -> Vec<EventEnvelope> {
        let events = arrivals.iter().filter_map(|arrival| match arrival {
            Arrival::Event(event) if event.subject == subject[0].subject => Some(event.clone()),
            Arrival::Event(_) | Arrival::Undecodable { .. } => None,
        });
        events.collect()
    };
    assert!(subjects.iter().all(|subject| of(subject) == *subject), "a subject is not complete or not in order");
}

#[tokio::test]
async fn an_empty_log_ends_at_once() {
    let world = World::start(2).await;

    let mut log = KafkaLog::open(&world.config, &Topic::ALL).await.unwrap();

    assert_eq!(read(&mut log).await, []);
    assert_eq!(log.progress(), LogProgress::default());
}
