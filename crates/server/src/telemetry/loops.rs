//! What consumers, timers, letters and order batchers count for themselves.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use ticketing_core::messaging::consumer::{ConsumerCounts, ParkedBecause};
use ticketing_core::messaging::durations::Durations;
use ticketing_core::ports::clock::Clock;
use ticketing_core::usecase::notifications::LetterCounts;
use ticketing_core::usecase::orders::batcher::OrderBatchers;

use super::families::{self, counters, gauges, histograms};
use super::{Lags, Sources};

/// Reads what the loops of a process count.
#[derive(Debug)]
pub(super) struct Loops {
    clock: Arc<dyn Clock>,
    consumers: Vec<(String, ConsumerCounts)>,
    timer_lateness: Option<Durations>,
    letters: Option<LetterCounts>,
    batchers: Option<OrderBatchers>,
    lags: Lags,
}

impl Loops {
    pub(super) fn new(sources: &Sources, lags: Lags) -> Self {
        let Sources { clock, batchers, observables } = sources;
        Self {
            clock: Arc::clone(clock),
            consumers: observables.consumers.clone(),
            timer_lateness: observables.timer_lateness.clone(),
            letters: observables.letters.clone(),
            batchers: batchers.clone(),
            lags,
        }
    }

    fn encode_consumers(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let ends = self.consumers.iter().flat_map(|(consumer, counts)| {
            let ends = [
                ("handled", counts.handled()),
                ("unknown", counts.unknown()),
                ("retried", counts.retried()),
                ("parked", counts.parked()),
            ];
            ends.map(|(end, count)| ([("consumer", consumer.as_str()), ("end", end)], count))
        });
        counters(encoder, ("consumer_deliveries", "Deliveries, by what became of them"), ends)?;
        let parked = self.consumers.iter().flat_map(|(consumer, counts)| {
            let of_reason = |reason: ParkedBecause| {
                ([("consumer", consumer.as_str()), ("reason", reason.name())], counts.parked_because(reason))
            };
            ParkedBecause::ALL.map(of_reason)
        });
        counters(encoder, ("consumer_parked", "Deliveries that were parked, by reason"), parked)?;
        let ages = self.consumers.iter().map(|(consumer, counts)| ([("consumer", consumer.as_str())], counts.ages()));
        let help = "How old events were once they were handled, the oldest of each batch";
        histograms(encoder, ("consumer_event_age_seconds", help), ages)
    }

    fn encode_lags(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let (lags, now) = (self.lags.read(), self.clock.now());
        let events = lags.iter().map(|(consumer, lag)| ([("consumer", &**consumer)], lag.events as f64));
        gauges(encoder, ("consumer_lag_events", "Published events that are not handled yet"), events)?;
        let ages = lags.iter().map(|(consumer, lag)| {
            let age = lag.oldest.filter(|_| lag.events > 0).map_or(0.0, |oldest| now.since(oldest).as_secs_f64());
            ([("consumer", &**consumer)], age)
        });
        gauges(encoder, ("consumer_lag_age_seconds", "How old the oldest of them is that arrived"), ages)
    }
}

/// What became of letters, and how soon.
fn encode_letters(encoder: &mut DescriptorEncoder<'_>, letters: &LetterCounts) -> fmt::Result {
    let outcomes = letters.by_outcome().map(|(outcome, count)| ([("outcome", outcome)], count));
    counters(encoder, ("letters", "Letters, by what became of them; one that was not taken is tried again"), outcomes)?;
    let help = "How long after its cause a letter was sent";
    families::histogram(encoder, ("letter_delay_seconds", help), letters.delays().counts())
}

impl Collector for Loops {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        self.encode_consumers(encoder)?;
        self.encode_lags(encoder)?;
        if let Some(lateness) = &self.timer_lateness {
            families::histogram(encoder, ("timer_lateness_seconds", "How late timers fired"), lateness.counts())?;
        }
        if let Some(letters) = &self.letters {
            encode_letters(encoder, letters)?;
        }
        let Some(batchers) = &self.batchers else { return Ok(()) };
        families::gauge(encoder, ("order_batcher_queued", "Orders that wait to be decided"), batchers.queued() as f64)?;
        let help = "Batches of orders whose decision panicked";
        families::counter(encoder, ("order_batcher_panics", help), batchers.panics())?;
        let orders = batchers.orders();
        let states = [
            ("placed", orders.placed),
            ("completed", orders.completed),
            ("cancelled", orders.cancelled),
            ("expired", orders.expired),
        ];
        counters(
            encoder,
            ("orders", "Orders that were placed, and holds that ended, by how"),
            states.map(|(state, count)| ([("state", state)], count)),
        )
    }
}
