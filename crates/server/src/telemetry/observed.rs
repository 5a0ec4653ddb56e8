//! What engines have to be asked for: looked at when somebody asks, every few seconds at most, and never for long.
//!
//! Invariant: an engine that does not answer delays an answer by a moment, and
//! takes nothing out of it but what it would have reported.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::future::{join_all, join3};
use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::outbox::{Backlog, Outbox};
use ticketing_core::ports::parking::{ParkedFilter, ParkingLot};
use ticketing_core::ports::store::Page;

use super::families::gauges;
use super::{Sources, families};

/// What was seen last is reported for so long.
const EVERY: Duration = Duration::from_secs(5);
/// How long to wait for an engine.
const WITHIN: Duration = Duration::from_secs(1);
/// No more entries of an outbox are counted.
const MOST: usize = 10_000;

/// Whether a process takes requests, and what answers of that which it needs.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) is_ready: bool,
    pub(crate) checks: Vec<(&'static str, bool)>,
}

/// What engines were seen to hold. A clone is the same view.
#[derive(Debug, Clone)]
pub(super) struct Observed(Arc<View>);

#[derive(Debug)]
struct View {
    clock: Arc<dyn Clock>,
    outboxes: Vec<(String, Arc<dyn Outbox>)>,
    parking: Vec<(String, Arc<dyn ParkingLot>)>,
    looked_at: tokio::sync::Mutex<Option<Instant>>,
    seen: Mutex<Seen>,
    failures: AtomicU64,
}

#[derive(Debug, Default)]
struct Seen {
    backlogs: Vec<(String, Backlog)>,
    /// When the oldest delivery was parked; `None` if nothing is.
    parked: Vec<(String, Option<Timestamp>)>,
    checked: Checked,
}

impl Observed {
    pub(super) fn new(sources: &Sources) -> Self {
        Self(Arc::new(View {
            clock: Arc::clone(&sources.clock),
            outboxes: sources.observables.outboxes.clone(),
            parking: sources.observables.parking.clone(),
            looked_at: tokio::sync::Mutex::default(),
            seen: Mutex::default(),
            failures: AtomicU64::default(),
        }))
    }

    /// Looks at the engines, unless somebody just did, or does.
    pub(super) async fn look(&self, checked: impl Future<Output = Checked>) {
        let Ok(mut looked_at) = self.0.looked_at.try_lock() else { return };
        if looked_at.is_some_and(|at| at.elapsed() < EVERY) {
            return;
        }
        let backlogs =
            self.0.outboxes.iter().map(|(service, outbox)| async move {
                Some((service.clone(), self.in_time(outbox.backlog(MOST)).await?))
            });
        let parked = self.0.parking.iter().map(|(consumer, lot)| async move {
            let of_consumer = ParkedFilter { consumer: Some(consumer.clone()), ..ParkedFilter::default() };
            let oldest = self.in_time(lot.list(&of_consumer, Page::first(1))).await?;
            Some((consumer.clone(), oldest.first().map(|parked| parked.parked_at)))
        });
        let (backlogs, parked, checked) = join3(join_all(backlogs), join_all(parked), checked).await;
        let (backlogs, parked) = (backlogs.into_iter().flatten().collect(), parked.into_iter().flatten().collect());
        *self.0.seen.lock() = Seen { backlogs, parked, checked };
        *looked_at = Some(Instant::now());
    }

    async fn in_time<T, E>(&self, answer: impl Future<Output = Result<T, E>>) -> Option<T> {
        let answer = tokio::time::timeout(WITHIN, answer).await.ok().and_then(Result::ok);
        if answer.is_none() {
            self.0.failures.fetch_add(1, Ordering::Relaxed);
        }
        answer
    }
}

impl Collector for Observed {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (encoder, seen, now) = (&mut encoder, self.0.seen.lock(), self.0.clock.now());
        let age = |since: Option<Timestamp>| since.map_or(0.0, |since| now.since(since).as_secs_f64());
        let entries =
            seen.backlogs.iter().map(|(service, backlog)| ([("service", &**service)], backlog.entries as f64));
        gauges(encoder, ("outbox_entries", "Commits whose events wait to be published, counted up to 10000"), entries)?;
        let ages = seen.backlogs.iter().map(|(service, backlog)| ([("service", &**service)], age(backlog.oldest)));
        gauges(encoder, ("outbox_age_seconds", "How long the oldest of them has been waiting"), ages)?;
        let parked = seen.parked.iter().map(|(consumer, oldest)| ([("consumer", &**consumer)], age(*oldest)));
        gauges(
            encoder,
            ("parked_age_seconds", "How long the oldest parked delivery has been parked; 0 if none is"),
            parked,
        )?;
        let checks = seen.checked.checks.iter().map(|(check, ok)| ([("check", *check)], f64::from(u8::from(*ok))));
        gauges(encoder, ("check_ok", "Whether what the process needs answers"), checks)?;
        let is_ready = f64::from(u8::from(seen.checked.is_ready));
        families::gauge(encoder, ("ready", "Whether the process takes requests"), is_ready)?;
        let failures = self.0.failures.load(Ordering::Relaxed);
        families::counter(
            encoder,
            ("observation_failures", "Engines that did not answer in time to an observer"),
            failures,
        )
    }
}
