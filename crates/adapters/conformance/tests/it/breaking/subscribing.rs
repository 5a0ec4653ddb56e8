//! Subscriptions that settle early, retry at once, overtake or lose.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ticketing_conformance::report::Finding;
use ticketing_conformance::sample;
use ticketing_conformance::transport::TRANSPORT;
use ticketing_core::ports::transport::{
    Arrival, Delivery, EventSubscriber, Settle, Settlement, StartFrom, Subscription, SubscriptionConfig,
    TransportError, TransportFeatures,
};

use super::assert_notices;
use crate::world::World;

/// What is wrong with a subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    AcksEarly,
    RetriesAtOnce,
    ForgetsTheAttempt,
    LosesWhatWaits,
    IgnoresTheBound,
    OneGroupForAll,
    AlwaysBeginsAnew,
    ReplaysToLatecomers,
    StartsLate,
    ClaimsLessThanItDoes,
    HidesWhatItCannotRead,
    CancelsAtALoss,
    GoesOnAfterStop,
    AbandonsNothing,
    Overtakes,
    StopsOthersDuringARetry,
}

#[derive(Debug)]
struct Flawed(Arc<dyn EventSubscriber>, Flaw);

#[async_trait]
impl EventSubscriber for Flawed {
    fn features(&self) -> TransportFeatures {
        let sound = self.0.features();
        match self.1 {
            Flaw::ClaimsLessThanItDoes => TransportFeatures { competing_consumers: false, ..sound },
            _ => sound,
        }
    }

    async fn subscribe(&self, mut config: SubscriptionConfig) -> Result<Box<dyn Subscription>, TransportError> {
        match self.1 {
            Flaw::IgnoresTheBound => config.max_unsettled = 1000,
            Flaw::OneGroupForAll => config.group = "all".to_owned(),
            Flaw::AlwaysBeginsAnew => config.group.push_str(&sample::uuid().to_string()),
            Flaw::ReplaysToLatecomers => config.start = StartFrom::Earliest,
            Flaw::StartsLate => config.start = StartFrom::Latest,
            _ => {}
        }
        let sound = self.0.subscribe(config).await?;
        Ok(Box::new(FlawedMember { sound, flaw: self.1, stopped: false, retrying: Arc::default() }))
    }
}

#[derive(Debug)]
struct FlawedMember {
    sound: Box<dyn Subscription>,
    flaw: Flaw,
    stopped: bool,
    retrying: Arc<AtomicBool>,
}

#[async_trait]
impl Subscription for FlawedMember {
    async fn next(&mut self, max: usize) -> Result<Vec<Delivery>, TransportError> {
        if self.flaw == Flaw::GoesOnAfterStop && self.stopped {
            return std::future::pending().await;
        }
        if self.flaw == Flaw::StopsOthersDuringARetry && self.retrying.load(Ordering::Relaxed) {
            return std::future::pending().await;
        }
        let mut batch = self.sound.next(max).await?;
        match self.flaw {
            Flaw::CancelsAtALoss => {
                let batch: Vec<_> =
                    batch.into_iter().map(|delivery| flawed(delivery, Flaw::AcksEarly, &self.retrying)).collect();
                tokio::task::yield_now().await;
                return Ok(batch);
            }
            Flaw::HidesWhatItCannotRead => batch = readable(batch),
            Flaw::Overtakes => batch = last_of_each(batch),
            _ => {}
        }
        Ok(batch.into_iter().map(|delivery| flawed(delivery, self.flaw, &self.retrying)).collect())
    }

    async fn stop(&mut self) {
        self.stopped = true;
        self.sound.stop().await;
    }

    async fn close(self: Box<Self>, deadline: Duration) -> Result<usize, TransportError> {
        let abandoned = self.sound.close(deadline).await?;
        Ok(if self.flaw == Flaw::AbandonsNothing { 0 } else { abandoned })
    }
}

/// Settles by itself what it hands out no more.
fn readable(batch: Vec<Delivery>) -> Vec<Delivery> {
    let (read, unread): (Vec<_>, Vec<_>) =
        batch.into_iter().partition(|delivery| matches!(delivery.arrival, Arrival::Event(_)));
    unread.into_iter().for_each(|delivery| delivery.settle(Settlement::Ack).expect("a living subscription"));
    read
}

/// The newest of each subject comes first.
fn last_of_each(batch: Vec<Delivery>) -> Vec<Delivery> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut turned: Vec<_> = batch
        .into_iter()
        .map(|delivery| {
            let turn = seen.entry(delivery.arrival.key()).or_default();
            *turn += 1;
            (Reverse(*turn), delivery)
        })
        .collect();
    turned.sort_by_key(|(turn, _)| *turn);
    turned.into_iter().map(|(_, delivery)| delivery).collect()
}

/// Settles a sound delivery wrongly.
#[derive(Debug)]
struct Wrongly(Option<Delivery>, Flaw, Arc<AtomicBool>);

fn flawed(delivery: Delivery, flaw: Flaw, retrying: &Arc<AtomicBool>) -> Delivery {
    let attempt = if flaw == Flaw::ForgetsTheAttempt { 1 } else { delivery.attempt };
    let arrival = delivery.arrival.clone();
    let held = if flaw == Flaw::AcksEarly {
        delivery.settle(Settlement::Ack).expect("a living subscription");
        None
    } else {
        Some(delivery)
    };
    Delivery::new(arrival, attempt, Box::new(Wrongly(held, flaw, Arc::clone(retrying))))
}

impl Settle for Wrongly {
    fn settle(self: Box<Self>, settlement: Settlement) -> Result<(), TransportError> {
        let Some(delivery) = self.0 else { return Ok(()) };
        let settlement = match (self.1, settlement) {
            (Flaw::RetriesAtOnce, Settlement::Retry { .. }) => Settlement::Retry { after: Duration::ZERO },
            (Flaw::LosesWhatWaits, Settlement::Retry { .. }) => Settlement::Ack,
            (_, settlement) => settlement,
        };
        if matches!(settlement, Settlement::Retry { .. }) {
            self.2.store(true, Ordering::Relaxed);
        }
        delivery.settle(settlement)
    }
}

async fn assert_flawed(rule: &str, flaw: Flaw) {
    let sound = World::default();
    let subscriber = Arc::new(Flawed(sound.subscriber, flaw));
    assert_notices(&TRANSPORT, rule, &World::default(), &World { subscriber, ..sound }).await;
}

#[tokio::test]
async fn an_ack_before_its_time() {
    assert_flawed("progress_never_passes_an_unsettled_delivery", Flaw::AcksEarly).await;
    assert_flawed("a_dropped_delivery_comes_again", Flaw::AcksEarly).await;
    assert_flawed("a_later_event_waits_for_the_earlier", Flaw::AcksEarly).await;
}

#[tokio::test]
async fn a_retry_that_does_not_wait() {
    assert_flawed("a_retried_delivery_comes_again_later", Flaw::RetriesAtOnce).await;
}

#[tokio::test]
async fn a_retry_that_counts_nothing() {
    assert_flawed("a_retried_delivery_comes_again_later", Flaw::ForgetsTheAttempt).await;
}

#[tokio::test]
async fn a_retry_that_never_comes() {
    assert_flawed("a_retried_delivery_comes_again_later", Flaw::LosesWhatWaits).await;
}

#[tokio::test]
async fn a_retry_that_holds_up_all() {
    assert_flawed("other_subjects_flow_during_a_retry", Flaw::StopsOthersDuringARetry).await;
}

#[tokio::test]
async fn no_bound() {
    assert_flawed("unsettled_deliveries_are_bounded", Flaw::IgnoresTheBound).await;
}

#[tokio::test]
async fn groups_that_are_one() {
    assert_flawed("every_group_gets_every_event", Flaw::OneGroupForAll).await;
}

#[tokio::test]
async fn a_group_that_forgets_where_it_was() {
    assert_flawed("a_group_goes_on_where_it_stopped", Flaw::AlwaysBeginsAnew).await;
    assert_flawed("members_share_and_lose_nothing", Flaw::AlwaysBeginsAnew).await;
}

#[tokio::test]
async fn a_beginning_in_another_place() {
    assert_flawed("a_new_group_may_begin_with_the_next_event", Flaw::ReplaysToLatecomers).await;
    assert_flawed("a_new_group_may_begin_with_the_oldest_event", Flaw::StartsLate).await;
}

#[tokio::test]
async fn a_feature_that_is_denied_and_not_refused() {
    let sound = World::default();
    let subscriber = Arc::new(Flawed(sound.subscriber, Flaw::ClaimsLessThanItDoes));
    let broken = World { subscriber, ..sound };
    let rule = TRANSPORT.rules.iter().find(|rule| rule.name == "an_unclaimed_feature_is_refused");

    let finding = rule.expect("the rule").check(&broken).await;
    assert!(matches!(finding, Finding::Broken(_)), "{finding}");
}

#[tokio::test]
async fn bytes_that_are_passed_over() {
    assert_flawed("undecodable_bytes_are_delivered_as_such", Flaw::HidesWhatItCannotRead).await;
}

#[tokio::test]
async fn a_cancelled_call_that_had_the_batch_already() {
    assert_flawed("a_cancelled_next_loses_nothing", Flaw::CancelsAtALoss).await;
}

#[tokio::test]
async fn a_stop_that_never_ends() {
    assert_flawed("after_stop_settling_still_works", Flaw::GoesOnAfterStop).await;
}

#[tokio::test]
async fn a_close_that_keeps_silent() {
    assert_flawed("close_tells_what_was_abandoned", Flaw::AbandonsNothing).await;
}

#[tokio::test]
async fn a_batch_out_of_order() {
    assert_flawed("events_of_a_subject_keep_their_order", Flaw::Overtakes).await;
}
