//! Eight transports, each broken in a different way, and what the kit says of each.
//!
//! A message names what the rule had done, what was to come and what came.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ticketing_conformance::time::TimeFixture;
use ticketing_conformance::transport::{TRANSPORT, TransportFixture};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::transport::{EventPublisher, EventSubscriber};
use ticketing_core::wire::RawMessage;
use uuid::Uuid;

use super::subscribing::{self, Flawed};
use super::{assert_notices, one_log, publishing, told};
use crate::world::World;

/// What was told, without the ids of subjects.
fn assert_told(told: &str, expected: &str) {
    let is_id = |part: &str| Uuid::try_parse(part).is_ok();
    let parts: Vec<_> = told.split('/').map(|part| if is_id(part) { "…" } else { part }).collect();
    assert_eq!(parts.join("/"), expected);
}

#[tokio::test]
async fn a_retry_after_half_the_time() {
    let flaw = subscribing::Flaw::RetriesInHalfTheTime;
    let told = subscribing::assert_flawed("a_retried_delivery_comes_again_later", flaw).await;
    assert_told(&told, "asked for 1s, it came again after 500ms");
}

#[tokio::test]
async fn a_traceparent_that_is_lost() {
    let flaw = publishing::Flaw::DropsTheTraceparent;
    let told = publishing::assert_flawed("events_arrive_as_they_were_sent", flaw).await;
    assert_told(
        &told,
        "broken: an event of every topic, and some with odd payloads, were published: 10 events were to come; \
         10 came; of ticketing.payments/…/v1 the traceparent came as None and was \
         Some(\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\")",
    );
}

#[tokio::test]
async fn a_subject_out_of_order() {
    let flaw = subscribing::Flaw::AcksEarly;
    let told = subscribing::assert_flawed("a_later_event_waits_for_the_earlier", flaw).await;
    // How many others came by then, chance decides: it spreads subjects over partitions.
    let (told, _) = told.rsplit_once("; ").expect("a count of what came");
    assert_told(
        told,
        "while version 1 of 8 subjects was out, versions 2 to 4 and events of 64 others were published: \
         ticketing.orders/…/v2 was not to come and came; 128 events were to come",
    );

    let flaw = subscribing::Flaw::Overtakes;
    let told = subscribing::assert_flawed("events_of_a_subject_keep_their_order", flaw).await;
    let expected = "events of a thousand subjects were published together and one by one: ticketing.orders/";
    assert!(told.starts_with(expected) && told.contains(" came after version "), "{told}");
}

#[tokio::test]
async fn two_members_where_one_is_claimed() {
    let world = World::default();
    let subscriber = Arc::new(Flawed(Arc::clone(&world.subscriber), subscribing::Flaw::ClaimsLessThanItDoes));
    let told = told(&TRANSPORT, "an_unclaimed_feature_is_refused", &World { subscriber, ..world }).await;
    assert_told(
        &told,
        "broken: `competing_consumers` is not claimed, and a second member joined a group: `subscribe` was to \
         fail with `Unsupported`; it succeeded",
    );
}

#[tokio::test]
async fn an_ack_that_passes_what_is_unsettled() {
    let flaw = subscribing::Flaw::AcksEarly;
    let told = subscribing::assert_flawed("progress_never_passes_an_unsettled_delivery", flaw).await;
    assert_told(
        &told,
        "a member settled 45 of 50 deliveries, held 5 and closed, and the group went on: 5 events were to \
         come; 0 came, then nothing for 1s; ticketing.orders/…/v1 is the first that is missing",
    );
}

#[tokio::test]
async fn a_dropped_delivery_that_is_lost() {
    let flaw = subscribing::Flaw::LosesWhatIsDropped;
    let told = subscribing::assert_flawed("a_dropped_delivery_comes_again", flaw).await;
    assert_told(
        &told,
        "10 of 60 deliveries were dropped unsettled, and the others settled: 60 events were to come; 50 came, \
         then nothing for 1s; ticketing.orders/…/v1 is the first that is missing",
    );
}

#[tokio::test]
async fn a_log_that_never_reaches_the_disk() {
    let [sound, broken] = [false, true].map(Disk::new);
    let told = assert_notices(&TRANSPORT, "what_was_published_survives_a_restart", &sound, &broken).await;
    assert_told(
        &told,
        "a group settled 100 events, 10000 more were published, and the process restarted: 10000 events were \
         to come; 0 came, then nothing for 1s; ticketing.orders/…/v1 is the first that is missing",
    );
}

#[tokio::test]
async fn progress_that_stops_at_a_topic_of_others() {
    let [sound, broken] = [false, true].map(one_log::world);
    let told = assert_notices(&TRANSPORT, "other_topics_hold_nothing_up", &sound, &broken).await;
    assert_told(
        &told,
        "broken: a group that follows one of five topics settled all that came, and came back: nothing was to \
         come again; 40 events were to come; 40 came, 20 of them again",
    );
}

#[tokio::test]
async fn kinds_that_are_mistaken() {
    let flaw = subscribing::Flaw::HidesTheWrongKind;
    let told = subscribing::assert_flawed("other_kinds_hold_nothing_up", flaw).await;
    assert_told(
        &told,
        "a group of one of two kinds joined: 60 events were to come; 0 came, then nothing for 1s; \
         ticketing.orders/…/v2 is the first that is missing",
    );
}

/// A transport that says it outlives its process.
struct Disk {
    world: Mutex<World>,
    forgets: bool,
}

impl Disk {
    fn new(forgets: bool) -> Self {
        Self { world: Mutex::new(Self::empty()), forgets }
    }

    fn empty() -> World {
        let world = World::default();
        let subscriber = Arc::new(Flawed(world.subscriber, subscribing::Flaw::ClaimsToSurvive));
        World { subscriber, ..world }
    }

    fn of<T>(&self, part: impl FnOnce(&World) -> T) -> T {
        part(&self.world.lock().expect("nobody panics here"))
    }
}

#[async_trait]
impl TimeFixture for Disk {
    fn now(&self) -> Timestamp {
        self.of(World::now)
    }

    async fn pass(&self, span: Duration) {
        self.of(|world| world.clock.advance(span));
    }
}

#[async_trait]
impl TransportFixture for Disk {
    fn publisher(&self) -> Arc<dyn EventPublisher> {
        self.of(|world| Arc::clone(&world.publisher))
    }

    fn subscriber(&self) -> Arc<dyn EventSubscriber> {
        self.of(|world| Arc::clone(&world.subscriber))
    }

    async fn append(&self, _message: RawMessage) {}

    async fn restart(&self) {
        if self.forgets {
            *self.world.lock().expect("nobody panics here") = Self::empty();
        }
    }

    fn too_large(&self) -> Option<usize> {
        None
    }
}
