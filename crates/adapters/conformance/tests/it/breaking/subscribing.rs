//! Subscriptions that settle early, retry at once, overtake or lose.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
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
pub(super) enum Flaw {
    AcksEarly,
    RetriesAtOnce,
    RetriesInHalfTheTime,
    ForgetsTheAttempt,
    LosesWhatWaits,
    LosesWhatIsDropped,
    IgnoresTheBound,
    OneGroupForAll,
    AlwaysStartsOver,
    ReplaysToLatecomers,
    StartsLate,
    ClaimsLessThanItDoes,
    ClaimsToSurvive,
    HidesWhatItCannotRead,
    HidesTheWrongKind,
    CancelsAtALoss,
    GoesOnAfterStop,
    AbandonsNothing,
    Overtakes,
    StopsOthersDuringARetry,
}

#[derive(Debug)]
pub(super) struct Flawed(pub(super) Arc<dyn EventSubscriber>, pub(super) Flaw);

/// What a member knows of its deliveries.
#[derive(Debug, Default)]
struct Known {
    is_retrying: AtomicBool,
    out: AtomicUsize,
}

#[async_trait]
impl EventSubscriber for Flawed {
    fn features(&self) -> TransportFeatures {
        let mut features = self.0.features();
        features.competing_consumers &= self.1 != Flaw::ClaimsLessThanItDoes;
        features.survives_restart |= self.1 == Flaw::ClaimsToSurvive;
        features
    }

    async fn subscribe(&self, mut config: SubscriptionConfig) -> Result<Box<dyn Subscription>, TransportError> {
        match self.1 {
            Flaw::IgnoresTheBound => config.max_unsettled = 1000,
            Flaw::OneGroupForAll => config.group = "all".to_owned(),
            Flaw::AlwaysStartsOver => config.group.push_str(&sample::uuid().to_string()),
            Flaw::ReplaysToLatecomers => config.start = StartFrom::Earliest,
            Flaw::StartsLate => config.start = StartFrom::Latest,
            _ => {}
        }
        let sound = self.0.subscribe(config).await?;
        Ok(Box::new(FlawedMember { sound, flaw: self.1, stopped: false, known: Arc::default() }))
    }
}

#[derive(Debug)]
struct FlawedMember {
    sound: Box<dyn Subscription>,
    flaw: Flaw,
    stopped: bool,
    known: Arc<Known>,
}

#[async_trait]
impl Subscription for FlawedMember {
    async fn next(&mut self, max: usize) -> Result<Vec<Delivery>, TransportError> {
        if self.flaw == Flaw::GoesOnAfterStop && self.stopped {
            return std::future::pending().await;
        }
        if self.flaw == Flaw::StopsOthersDuringARetry && self.known.is_retrying.load(Ordering::Relaxed) {
            return std::future::pending().await;
        }
        let mut batch = self.sound.next(max).await?;
        match self.flaw {
            Flaw::CancelsAtALoss => {
                let batch: Vec<_> =
                    batch.into_iter().map(|delivery| flawed(delivery, Flaw::AcksEarly, &self.known)).collect();
                tokio::task::yield_now().await;
                return Ok(batch);
            }
            Flaw::HidesWhatItCannotRead => batch = without(batch, |arrival| !matches!(arrival, Arrival::Event(_))),
            Flaw::HidesTheWrongKind => batch = without(batch, completes),
            Flaw::Overtakes => batch = last_of_each(batch),
            _ => {}
        }
        Ok(batch.into_iter().map(|delivery| flawed(delivery, self.flaw, &self.known)).collect())
    }

    async fn stop(&mut self) {
        self.stopped = true;
        self.sound.stop().await;
    }

    async fn close(self: Box<Self>, deadline: Duration) -> Result<usize, TransportError> {
        let abandoned = self.sound.close(deadline).await?;
        Ok(match self.flaw {
            Flaw::AbandonsNothing => 0,
            Flaw::AcksEarly => self.known.out.load(Ordering::Relaxed),
            _ => abandoned,
        })
    }
}

/// Settles by itself what it hands out no more.
fn without(batch: Vec<Delivery>, is_hidden: fn(&Arrival) -> bool) -> Vec<Delivery> {
    let (hidden, handed): (Vec<_>, Vec<_>) = batch.into_iter().partition(|delivery| is_hidden(&delivery.arrival));
    hidden.into_iter().for_each(|delivery| delivery.settle(Settlement::Ack).expect("a living subscription"));
    handed
}

fn completes(arrival: &Arrival) -> bool {
    matches!(arrival, Arrival::Event(envelope) if &*envelope.kind == "order.completed")
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
struct Wrongly(Option<Delivery>, Flaw, Arc<Known>);

fn flawed(delivery: Delivery, flaw: Flaw, known: &Arc<Known>) -> Delivery {
    known.out.fetch_add(1, Ordering::Relaxed);
    let attempt = if flaw == Flaw::ForgetsTheAttempt { 1 } else { delivery.attempt };
    let arrival = delivery.arrival.clone();
    let held = if flaw == Flaw::AcksEarly {
        delivery.settle(Settlement::Ack).expect("a living subscription");
        None
    } else {
        Some(delivery)
    };
    Delivery::new(arrival, attempt, Box::new(Wrongly(held, flaw, Arc::clone(known))))
}

impl Settle for Wrongly {
    fn settle(mut self: Box<Self>, settlement: Settlement) -> Result<(), TransportError> {
        self.2.out.fetch_sub(1, Ordering::Relaxed);
        let Some(delivery) = self.0.take() else { return Ok(()) };
        let settlement = match (self.1, settlement) {
            (Flaw::RetriesAtOnce, Settlement::Retry { .. }) => Settlement::Retry { after: Duration::ZERO },
            (Flaw::RetriesInHalfTheTime, Settlement::Retry { after }) => Settlement::Retry { after: after / 2 },
            (Flaw::LosesWhatWaits, Settlement::Retry { .. }) => Settlement::Ack,
            (_, settlement) => settlement,
        };
        if matches!(settlement, Settlement::Retry { .. }) {
            self.2.is_retrying.store(true, Ordering::Relaxed);
        }
        delivery.settle(settlement)
    }
}

impl Drop for Wrongly {
    fn drop(&mut self) {
        if self.1 == Flaw::LosesWhatIsDropped
            && let Some(delivery) = self.0.take()
        {
            let _too_late = delivery.settle(Settlement::Ack);
        }
    }
}

pub(super) async fn assert_flawed(rule: &str, flaw: Flaw) -> String {
    let sound = World::default();
    let subscriber = Arc::new(Flawed(sound.subscriber, flaw));
    assert_notices(&TRANSPORT, rule, &World::default(), &World { subscriber, ..sound }).await
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
    assert_flawed("a_group_goes_on_where_it_stopped", Flaw::AlwaysStartsOver).await;
    assert_flawed("members_share_and_lose_nothing", Flaw::AlwaysStartsOver).await;
}

#[tokio::test]
async fn a_beginning_in_another_place() {
    assert_flawed("a_new_group_may_begin_with_the_next_event", Flaw::ReplaysToLatecomers).await;
    assert_flawed("a_new_group_may_begin_with_the_oldest_event", Flaw::StartsLate).await;
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
