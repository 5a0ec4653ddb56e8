//! Publishers that lose, change or reorder.

use std::sync::Arc;

use async_trait::async_trait;
use ticketing_conformance::transport::TRANSPORT;
use ticketing_core::ports::transport::{EventPublisher, PublishError};
use ticketing_core::wire::EventEnvelope;

use super::assert_notices;
use crate::world::World;

/// What is wrong with a publisher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    PublishesBackwards,
    ForgetsTheLast,
    DropsExtensions,
    DropsTheTraceparent,
    CountsTooMany,
    CountsNothing,
    CountsWhatItLost,
}

#[derive(Debug)]
struct Flawed(Arc<dyn EventPublisher>, Flaw);

#[async_trait]
impl EventPublisher for Flawed {
    async fn publish(&self, events: &[EventEnvelope]) -> Result<(), PublishError> {
        let mut events = events.to_vec();
        match self.1 {
            Flaw::PublishesBackwards => events.reverse(),
            Flaw::ForgetsTheLast => drop(events.pop()),
            Flaw::DropsExtensions => events.iter_mut().for_each(|event| event.origin.extensions.clear()),
            Flaw::DropsTheTraceparent => events.iter_mut().for_each(|event| event.origin.traceparent = None),
            Flaw::CountsWhatItLost => drop(events.split_off(events.len() / 2)),
            Flaw::CountsTooMany | Flaw::CountsNothing => {}
        }
        let end = self.0.publish(&events).await;
        match self.1 {
            Flaw::CountsTooMany => end.map_err(|error| PublishError { durable: error.durable + 1, ..error }),
            Flaw::CountsNothing => end.map_err(|error| PublishError { durable: 0, ..error }),
            Flaw::CountsWhatItLost => end.map_err(|error| PublishError { durable: error.durable * 2 + 1, ..error }),
            Flaw::PublishesBackwards | Flaw::ForgetsTheLast | Flaw::DropsExtensions | Flaw::DropsTheTraceparent => end,
        }
    }
}

pub(super) async fn assert_flawed(rule: &str, flaw: Flaw) -> String {
    let sound = World::default();
    let publisher = Arc::new(Flawed(sound.publisher, flaw));
    assert_notices(&TRANSPORT, rule, &World::default(), &World { publisher, ..sound }).await
}

#[tokio::test]
async fn events_in_another_order() {
    assert_flawed("events_of_a_subject_keep_their_order", Flaw::PublishesBackwards).await;
}

#[tokio::test]
async fn an_ok_for_what_is_lost() {
    assert_flawed("what_was_acknowledged_is_delivered", Flaw::ForgetsTheLast).await;
}

#[tokio::test]
async fn an_event_that_is_not_as_it_was() {
    assert_flawed("events_arrive_as_they_were_sent", Flaw::DropsExtensions).await;
}

#[tokio::test]
async fn a_prefix_that_is_not_the_truth() {
    assert_flawed("a_failed_publication_tells_its_durable_prefix", Flaw::CountsTooMany).await;
    assert_flawed("a_failed_publication_tells_its_durable_prefix", Flaw::CountsNothing).await;
}

#[tokio::test]
async fn a_count_of_what_is_lost() {
    let told = assert_flawed("a_failed_publication_counts_nothing_that_is_lost", Flaw::CountsWhatItLost).await;

    assert!(told.contains("broke off, and counted 7 as durable: 7 events were to come; 6 came"), "{told}");
}
