//! Many who publish at once.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bson::{Document, doc};
use futures::TryStreamExt;
use futures::future::join_all;
use ticketing_conformance::sample;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{EventPublisher, PublishError, TransportError};
use ticketing_core::wire::EventEnvelope;
use uuid::Uuid;

use crate::carrier::{Carrier, Process, ack, event_of, soon, take};

/// The positions of every partition of orders, in order.
pub(crate) async fn positions(process: &Process) -> BTreeMap<i32, Vec<i64>> {
    let rows: Vec<Document> = process
        .collection("log")
        .find(doc! { "_id.topic": Topic::Orders.name() })
        .sort(doc! { "_id": 1 })
        .projection(doc! { "_id": 1 })
        .await
        .expect("the log is read")
        .try_collect()
        .await
        .expect("the log is read");
    let mut positions: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
    for row in rows {
        let id = row.get_document("_id").expect("a place");
        let position = id.get_i64("position").expect("a position");
        positions.entry(id.get_i32("partition").expect("a partition")).or_default().push(position);
    }
    positions
}

/// Every partition has the positions from 1 on without a gap.
pub(crate) fn assert_dense(positions: &BTreeMap<i32, Vec<i64>>) {
    for (partition, positions) in positions {
        let dense: Vec<i64> = (1..).take(positions.len()).collect();
        assert_eq!(*positions, dense, "partition {partition}");
    }
}

#[tokio::test]
async fn two_who_publish_at_once_leave_no_gap_and_no_disorder() {
    let carrier = Carrier::open().await;
    let processes = [carrier.process(), carrier.another().await, carrier.another().await];
    let mut member = processes[0].join("catalog").await;
    let histories: Vec<Vec<EventEnvelope>> = (0..90).map(|_| sample::history(Topic::Orders, 8)).collect();
    let publishing = processes.iter().zip(histories.chunks(30)).map(|(process, histories)| async move {
        for version in 0..8 {
            for some in histories.chunks(7) {
                let events: Vec<_> = some.iter().map(|history| history[version].clone()).collect();
                process.publish(&events).await;
            }
        }
    });
    let reading = async {
        let mut newest: HashMap<Uuid, u64> = HashMap::new();
        while newest.len() < 90 || newest.values().any(|version| *version < 8) {
            for delivery in soon("events come", member.next(100)).await.expect("events come") {
                let event = event_of(&delivery);
                let before = newest.insert(event.subject, event.version).unwrap_or_default();
                assert_eq!(event.version, before + 1, "of {}", event.subject);
                ack(delivery);
            }
        }
    };
    futures::join!(join_all(publishing), reading);

    let positions = positions(&processes[0]).await;
    assert_eq!(positions.values().map(Vec::len).sum::<usize>(), 720);
    assert_dense(&positions);
    assert_eq!(processes[0].broker.missed(), 0);
}

#[tokio::test]
async fn a_call_that_is_longer_than_a_transaction_is_published_whole_and_in_order() {
    let carrier = Carrier::open().await;
    let process = carrier.process();
    let mut member = process.join("catalog").await;
    let large = |n| EventEnvelope {
        data: vec![b'x'; 900_000].into(),
        ..sample::envelope(Topic::Orders, Uuid::from_u128(7), n)
    };
    // 27 MB, and more rows than one transaction holds.
    let mut events: Vec<EventEnvelope> = (1..=30).map(large).collect();
    events.extend((31..=1500).map(|version| sample::envelope(Topic::Orders, Uuid::from_u128(7), version)));
    process.publish(&events).await;

    let mut versions = Vec::new();
    while versions.len() < events.len() {
        for delivery in take(&mut member, 1).await {
            versions.push(event_of(&delivery).version);
            ack(delivery);
        }
    }
    assert_eq!(versions, (1..=1500).collect::<Vec<u64>>());
    assert_dense(&positions(&process).await);
    member.close(Duration::from_secs(10)).await.expect("it leaves");
}

#[tokio::test]
async fn of_a_call_that_was_dropped_a_topic_has_all_or_nothing() {
    let carrier = Carrier::open().await;
    let process = carrier.process();
    let events: Vec<_> = (0..200).flat_map(|_| sample::history(Topic::Orders, 2)).collect();
    for patience in [0, 1, 2, 4, 8] {
        let publisher = process.broker.publisher();
        let publishing = publisher.publish(&events);
        let _dropped = tokio::time::timeout(Duration::from_millis(patience), publishing).await;
    }
    // It goes behind what is still under way in this process.
    process.publish(&events).await;
    let positions = positions(&process).await;
    assert_eq!(positions.values().map(Vec::len).sum::<usize>() % 400, 0);
    assert_dense(&positions);
}

#[tokio::test]
async fn an_event_of_no_topic_of_ours_is_refused() {
    let carrier = Carrier::open().await;
    let message = ticketing_core::wire::RawMessage {
        topic: "weather".to_owned(),
        key: String::new(),
        headers: Vec::new(),
        body: bytes::Bytes::new(),
    };
    let refused = carrier.process().broker.append_raw(message).await;
    assert!(matches!(refused, Err(TransportError::Refused(_))), "{refused:?}");
}

/// Publishes again what is not known to be durable, until all is.
pub(crate) async fn publish_all(process: &Process, mut events: &[EventEnvelope]) {
    while !events.is_empty() {
        match process.broker.publisher().publish(events).await {
            Ok(()) => return,
            Err(PublishError { durable, source: TransportError::Unavailable(_) }) => {
                events = events.get(durable..).unwrap_or_default();
            }
            Err(other) => panic!("it is not published: {other:?}"),
        }
    }
}
