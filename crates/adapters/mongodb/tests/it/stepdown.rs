//! Publishing and reading go on with the next primary.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bson::doc;
use ticketing_conformance::sample;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{Settlement, Subscription};
use ticketing_core::wire::EventEnvelope;
use ticketing_mongodb::MongoConfig;
use uuid::Uuid;

use crate::carrier::{PATIENCE, Process};
use crate::failover::Members;
use crate::publishing::{assert_dense, positions, publish_all};
use crate::world;

const VERSIONS: usize = 30;

/// Settles deliveries until each subject has come to its last version; the first time, each version in order.
async fn read_all(member: &mut Box<dyn Subscription>, subjects: usize) {
    let (began, mut newest) = (Instant::now(), HashMap::<Uuid, u64>::new());
    let is_done = |newest: &HashMap<Uuid, u64>| {
        newest.len() == subjects && newest.values().all(|version| *version == VERSIONS as u64)
    };
    while !is_done(&newest) {
        assert!(began.elapsed() < PATIENCE, "{newest:?}");
        // While nobody leads, a call may fail: it is repeated.
        let came = tokio::time::timeout(Duration::from_secs(1), member.next(100)).await;
        for delivery in came.into_iter().flatten().flatten() {
            let ticketing_core::ports::transport::Arrival::Event(event) = &delivery.arrival else { panic!("an event") };
            let known = newest.entry(event.subject).or_default();
            assert!(event.version <= *known + 1, "{} of {} comes behind {known}", event.version, event.subject);
            *known = event.version.max(*known);
            let _settled = delivery.settle(Settlement::Ack);
        }
    }
}

#[tokio::test]
async fn publishing_and_reading_go_on_when_the_primary_steps_down() {
    let members = Members::start();
    let config = MongoConfig { uri: members.uri.clone(), ..world::config() };
    let [writer, reader] = [Process::start(&config).await, Process::start(&config).await];
    let mut member = reader.join("catalog").await;
    let histories: Vec<Vec<EventEnvelope>> = (0..20).map(|_| sample::history(Topic::Orders, VERSIONS as u64)).collect();
    let publishing = async {
        for version in 0..VERSIONS {
            if version % 10 == 5 {
                // Its answer may be that the connection is closed.
                let _stepped =
                    writer.client.driver().database("admin").run_command(doc! { "replSetStepDown": 5 }).await;
            }
            let events: Vec<_> = histories.iter().map(|history| history[version].clone()).collect();
            publish_all(&writer, &events).await;
        }
    };
    futures::join!(publishing, read_all(&mut member, histories.len()));
    assert_dense(&positions(&writer).await);
    assert_eq!(reader.broker.missed(), 0);
}
