//! Counts answers and how long they took.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::connection::CallError;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// `POST /api/orders`.
    Order,
    /// `POST /api/payments`.
    Payment,
    /// A page of the catalogue.
    Catalog,
    /// One ticket.
    Ticket,
    /// A search.
    Search,
    /// From the answer to an order until its ticket shows it.
    Lag,
}

/// How something was answered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Said {
    /// The status.
    pub status: u16,
    /// The code of a problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// The same, as in a response.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The status.
    pub status: u16,
    /// The code of a problem.
    pub code: Option<&'a str>,
}

/// All there is to say about one kind of request.
#[derive(Debug, Clone)]
pub struct Figures {
    /// What was asked for.
    pub kind: Kind,
    /// In microseconds.
    pub latency: Histogram<u64>,
    /// How often each answer was given.
    pub answers: Vec<(Said, u64)>,
    /// How often there was none, and why.
    pub errors: BTreeMap<&'static str, u64>,
}

/// All figures of a run, from when it begins to count.
#[derive(Debug, Clone)]
pub struct Tally {
    from: Instant,
    figures: Vec<Figures>,
}

impl Tally {
    /// Counts what begins at `from` or later.
    #[must_use]
    pub const fn new(from: Instant) -> Self {
        Self { from, figures: Vec::new() }
    }

    /// Counts an answer to a request that was due at `due`.
    pub fn answered(&mut self, kind: Kind, due: Instant, took: Duration, told: Told<'_>) {
        let Some(figures) = self.counted(kind, due) else { return };
        figures.took(took);
        let same = |known: &&mut (Said, u64)| known.0.status == told.status && known.0.code.as_deref() == told.code;
        match figures.answers.iter_mut().find(same) {
            Some((_, count)) => *count += 1,
            None => figures.answers.push((Said { status: told.status, code: told.code.map(str::to_owned) }, 1)),
        }
    }

    /// Counts something that is no answer and took a while.
    pub fn waited(&mut self, kind: Kind, due: Instant, took: Duration) {
        if let Some(figures) = self.counted(kind, due) {
            figures.took(took);
        }
    }

    /// Counts a request that was not answered.
    pub fn failed(&mut self, kind: Kind, due: Instant, error: &CallError) {
        self.missed(kind, due, error.word());
    }

    /// Counts something that did not happen.
    pub fn missed(&mut self, kind: Kind, due: Instant, why: &'static str) {
        if let Some(figures) = self.counted(kind, due) {
            *figures.errors.entry(why).or_default() += 1;
        }
    }

    /// All kinds that occurred, in order.
    #[must_use]
    pub fn into_figures(mut self) -> Vec<Figures> {
        self.figures.sort_by_key(|figures| figures.kind);
        for figures in &mut self.figures {
            figures.answers.sort();
        }
        self.figures
    }

    /// Answers and failures so far.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        let answers = self.figures.iter().map(Figures::answered).sum();
        (answers, self.figures.iter().map(Figures::failed).sum())
    }

    fn counted(&mut self, kind: Kind, due: Instant) -> Option<&mut Figures> {
        if due < self.from {
            return None;
        }
        if !self.figures.iter().any(|figures| figures.kind == kind) {
            self.figures.push(Figures::new(kind));
        }
        self.figures.iter_mut().find(|figures| figures.kind == kind)
    }
}

impl Figures {
    fn new(kind: Kind) -> Self {
        Self { kind, latency: latencies(), answers: Vec::new(), errors: BTreeMap::new() }
    }

    fn took(&mut self, span: Duration) {
        self.latency.saturating_record(u64::try_from(span.as_micros()).unwrap_or(u64::MAX).max(1));
    }

    /// How many answers there were.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.answers.iter().map(|(_, count)| count).sum()
    }

    /// How many requests went without one.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.errors.values().sum()
    }

    /// How many answers said yes.
    #[must_use]
    pub fn granted(&self) -> u64 {
        let granted = |said: &Said| (200..400).contains(&said.status);
        self.answers.iter().filter(|(said, _)| granted(said)).map(|(_, count)| count).sum()
    }
}

/// From a microsecond to ten minutes, to three digits.
fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 600_000_000, 3).expect("these bounds are in order")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn answers_are_counted_by_status_and_code() {
        let start = Instant::now();
        let mut tally = Tally::new(start);
        tally.answered(Kind::Order, start, MS, Told { status: 409, code: Some("sold_out") });
        tally.answered(Kind::Order, start, MS, Told { status: 201, code: None });
        tally.answered(Kind::Order, start, MS, Told { status: 409, code: Some("sold_out") });
        tally.failed(Kind::Order, start, &CallError::TimedOut);

        assert_eq!(tally.progress(), (3, 1));
        let figures = tally.into_figures();
        let counts: Vec<_> = figures[0].answers.iter().map(|(said, count)| (said.status, *count)).collect();
        assert_eq!(counts, [(201, 1), (409, 2)]);
        assert_eq!((figures[0].granted(), figures[0].failed()), (1, 1));
    }

    #[test]
    fn what_began_while_warming_up_is_not_counted() {
        let start = Instant::now();
        let mut tally = Tally::new(start + MS);
        tally.answered(Kind::Ticket, start, 2 * MS, Told { status: 200, code: None });

        assert_eq!(tally.progress(), (0, 0));
    }

    #[test]
    fn a_latency_is_kept_to_three_digits_and_the_longest_is_not_lost() {
        let start = Instant::now();
        let mut tally = Tally::new(start);
        for micros in 1..=10_000 {
            tally.waited(Kind::Lag, start, Duration::from_micros(micros));
        }
        tally.waited(Kind::Lag, start, Duration::from_secs(3600));
        let figures = tally.into_figures();
        let latency = &figures[0].latency;

        assert_eq!(latency.len(), 10_001);
        assert!(latency.value_at_quantile(0.5).abs_diff(5000) <= 5);
        assert!(latency.value_at_quantile(0.99).abs_diff(9900) <= 10);
        assert!(latency.max() >= 600_000_000);
    }
}
