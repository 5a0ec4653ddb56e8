//! What came of a run, for people and for programs.

mod table;

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::crowd::Outcome;
use crate::settings::Settings;
use crate::tally::{Figures, Kind, Said};

/// What came of a run. Printed, it is a table.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// How it was asked for.
    pub settings: Settings,
    /// How long was measured.
    pub seconds: f64,
    /// One for each kind of request.
    pub kinds: Vec<KindReport>,
    /// Requests that were due and never sent.
    pub unsent: u64,
    /// Of the processor, by this program.
    pub cpu_seconds_here: Option<f64>,
    /// Of the processor, by the server, if its processes are known.
    pub cpu_seconds_server: Option<f64>,
    /// Why the run says nothing; empty if it may be believed.
    pub complaints: Vec<String>,
}

/// One kind of request.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KindReport {
    /// What was asked for.
    pub kind: Kind,
    /// How many were answered.
    pub answered: u64,
    /// How many answers said yes.
    pub granted: u64,
    /// Answers a second.
    pub rate: f64,
    /// How often each answer was given.
    pub answers: Vec<Count>,
    /// How often there was none, and why.
    pub errors: BTreeMap<&'static str, u64>,
    /// Counted from when a request was due.
    pub latency_micros: Latency,
}

/// How often an answer was given.
#[derive(Debug, Clone, Serialize)]
pub struct Count {
    /// The answer.
    #[serde(flatten)]
    pub said: Said,
    /// How often.
    pub count: u64,
}

/// How long answers took, in microseconds.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    /// On average.
    pub mean: f64,
    /// The longest.
    pub max: u64,
    /// Pairs of a percentile and the latency that so many answers did not exceed.
    pub percentiles: Vec<(f64, u64)>,
}

impl Report {
    /// Judges an outcome.
    #[must_use]
    pub fn new(settings: &Settings, outcome: Outcome) -> Self {
        // A run that is stopped while it warms up measured nothing.
        let seconds = outcome.measured.as_secs_f64().max(0.001);
        let complaints = complaints(settings, &outcome);
        Self {
            settings: settings.clone(),
            seconds,
            kinds: outcome.figures.into_iter().map(|figures| KindReport::new(figures, seconds)).collect(),
            unsent: outcome.unsent,
            cpu_seconds_here: outcome.cpu_here.map(|used| used.as_secs_f64()),
            cpu_seconds_server: outcome.cpu_server.map(|used| used.as_secs_f64()),
            complaints,
        }
    }

    /// Whether it may be believed.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.complaints.is_empty()
    }

    /// What is said about a kind of request.
    #[must_use]
    pub fn kind(&self, kind: Kind) -> Option<&KindReport> {
        self.kinds.iter().find(|report| report.kind == kind)
    }
}

impl KindReport {
    fn new(figures: Figures, seconds: f64) -> Self {
        let (answered, granted) = (figures.answered(), figures.granted());
        Self {
            kind: figures.kind,
            answered,
            granted,
            rate: answered as f64 / seconds,
            answers: figures.answers.into_iter().map(|(said, count)| Count { said, count }).collect(),
            errors: figures.errors,
            latency_micros: Latency::of(&figures.latency),
        }
    }
}

impl Latency {
    fn of(latency: &Histogram<u64>) -> Self {
        // Two steps for each halving of what is left above, and the ones that everybody asks for.
        let steps = latency.iter_quantiles(2).map(|step| step.quantile_iterated_to() * 100.0);
        let mut percentiles: Vec<f64> = steps.chain([50.0, 90.0, 99.0, 99.9]).collect();
        percentiles.sort_by(f64::total_cmp);
        percentiles.dedup();
        let percentiles =
            percentiles.into_iter().map(|percentile| (percentile, latency.value_at_percentile(percentile)));
        Self { mean: latency.mean(), max: latency.max(), percentiles: percentiles.collect() }
    }

    /// The latency that so many of a hundred answers did not exceed.
    #[must_use]
    pub fn at(&self, percentile: f64) -> u64 {
        let found = self.percentiles.iter().find(|(known, _)| *known >= percentile);
        found.map_or(self.max, |(_, latency)| *latency)
    }
}

fn complaints(settings: &Settings, outcome: &Outcome) -> Vec<String> {
    let mut complaints = outcome.complaints.clone();
    let sum = |count: fn(&Figures) -> u64| outcome.figures.iter().map(count).sum::<u64>();
    let (answered, granted, failed) = (sum(Figures::answered), sum(Figures::granted), sum(Figures::failed));
    if granted == 0 {
        complaints.push(format!("NOTHING DONE: of {answered} answers none said yes"));
    }
    let lost = failed + outcome.unsent;
    if lost as f64 > settings.tolerate * (answered + lost) as f64 {
        complaints.push(format!("UNANSWERED: {lost} of {} requests, which is more than --tolerate", answered + lost));
    }
    complaints
}
