//! The log, and what is counted.

#[cfg(feature = "cli")]
mod log;
#[cfg(feature = "cli")]
mod repeats;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{Method, StatusCode};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use ticketing_core::messaging::consumer::ConsumerCounts;
use ticketing_core::messaging::driver::Step;
use ticketing_core::ports::BoxError;
use ticketing_core::usecase::orders::batcher::OrderBatchers;

#[cfg(feature = "cli")]
pub use log::{flush_log, init_log};

/// What is counted. A clone counts the same.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Counted>);

/// A metric that an engine counts for itself.
pub struct EngineCount {
    /// The metric, without the prefix of the program.
    pub name: &'static str,
    /// What it means.
    pub help: &'static str,
    /// Reads it; it only grows.
    pub read: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl std::fmt::Debug for EngineCount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineCount").field("name", &self.name).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Counted {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    steps: Family<StepLabels, Counter>,
    failures: Family<StepLabels, Counter>,
    no_room: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: Route,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: Route,
}

type Route = String;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepLabels {
    step: String,
}

impl Metrics {
    pub(crate) fn new(
        batchers: Option<OrderBatchers>,
        consumers: Vec<(String, ConsumerCounts)>,
        engines: Vec<EngineCount>,
    ) -> Self {
        let mut registry = Registry::with_prefix("ticketing");
        let requests = Family::default();
        let durations = Family::new_with_constructor(histogram as fn() -> Histogram);
        let (steps, failures, no_room) = (Family::default(), Family::default(), Counter::default());
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register("http_request_duration_seconds", "How long answers took", durations.clone());
        registry.register("connections_refused", "Connections for which there was no room", no_room.clone());
        registry.register("step_done", "What each loop did", steps.clone());
        registry.register("step_failures", "Steps that failed and were tried again", failures.clone());
        registry.register_collector(Box::new(Consumers(consumers)));
        registry.register_collector(Box::new(EngineCounts(engines)));
        registry.register_collector(Box::new(Process { batchers }));
        Self(Arc::new(Counted { registry, requests, durations, steps, failures, no_room }))
    }

    /// Counts an answer.
    pub(crate) fn request(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let (method, status) = (method_name(method), status.as_u16());
        let route = route.to_owned();
        self.0.durations.get_or_create(&RouteLabels { route: route.clone() }).observe(took.as_secs_f64());
        self.0.requests.get_or_create(&RequestLabels { method, route, status }).inc();
    }

    /// Counts a connection that got no place.
    pub(crate) fn no_room(&self) {
        self.0.no_room.inc();
    }

    /// The same step, counted.
    pub(crate) fn watch(&self, step: Box<dyn Step>) -> Box<dyn Step> {
        let labels = StepLabels { step: step.name().to_owned() };
        let done = self.0.steps.get_or_create_owned(&labels);
        let failures = self.0.failures.get_or_create_owned(&labels);
        Box::new(Watched { step, done, failures })
    }

    /// All of it, as `OpenMetrics` text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        if prometheus_client::encoding::text::encode(&mut text, &self.0.registry).is_err() {
            // Writing to a string does not fail, so this is a metric that cannot be written.
            text.clear();
            writeln!(text, "# some metric cannot be written").unwrap_or_default();
        }
        text
    }
}

fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        // Methods are the caller's to invent.
        _ => "other",
    }
}

fn histogram() -> Histogram {
    // 0.25 ms to 4 s.
    Histogram::new(exponential_buckets(0.000_25, 2.0, 15))
}

/// A step that is counted.
#[derive(Debug)]
struct Watched {
    step: Box<dyn Step>,
    done: Counter,
    failures: Counter,
}

#[async_trait]
impl Step for Watched {
    fn name(&self) -> &str {
        self.step.name()
    }

    async fn step(&mut self) -> Result<usize, BoxError> {
        let outcome = self.step.step().await;
        match &outcome {
            Ok(done) => self.done.inc_by(*done as u64),
            Err(_) => self.failures.inc(),
        };
        outcome
    }

    async fn idle(&mut self) {
        self.step.idle().await;
    }

    async fn finish(self: Box<Self>) {
        self.step.finish().await;
    }
}

/// What consumers count for themselves.
#[derive(Debug)]
struct Consumers(Vec<(String, ConsumerCounts)>);

impl Collector for Consumers {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let mut metric = encoder.encode_descriptor(
            "consumer_deliveries",
            "Deliveries, by what became of them",
            None,
            MetricType::Counter,
        )?;
        for (consumer, counts) in &self.0 {
            let ends = [
                ("handled", counts.handled()),
                ("unknown", counts.unknown()),
                ("retried", counts.retried()),
                ("parked", counts.parked()),
            ];
            for (end, count) in ends {
                let labels = [("consumer", consumer.as_str()), ("end", end)];
                ConstCounter::new(count).encode(metric.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

/// What engines count for themselves.
#[derive(Debug)]
struct EngineCounts(Vec<EngineCount>);

impl Collector for EngineCounts {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        for EngineCount { name, help, read } in &self.0 {
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            ConstCounter::new(read()).encode(metric)?;
        }
        Ok(())
    }
}

/// What is read when it is asked for.
#[derive(Debug)]
struct Process {
    batchers: Option<OrderBatchers>,
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        if let Some(batchers) = &self.batchers {
            let queued = i64::try_from(batchers.queued()).unwrap_or(i64::MAX);
            let metric = encoder.encode_descriptor(
                "order_batcher_queued",
                "Orders that wait to be decided",
                None,
                MetricType::Gauge,
            )?;
            ConstGauge::new(queued).encode(metric)?;
            let help = "Batches of orders whose decision panicked";
            let metric = encoder.encode_descriptor("order_batcher_panics", help, None, MetricType::Counter)?;
            ConstCounter::new(batchers.panics()).encode(metric)?;
        }
        #[cfg(feature = "cli")]
        encode_log(&mut encoder)?;
        let Some(bytes) = resident_bytes() else { return Ok(()) };
        let metric =
            encoder.encode_descriptor("resident_memory_bytes", "Memory of the process", None, MetricType::Gauge)?;
        ConstGauge::new(bytes).encode(metric)
    }
}

/// What became of lines of the log.
#[cfg(feature = "cli")]
fn encode_log(encoder: &mut DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
    let lines = [
        ("log_lines_lost", "Lines of the log that could not be written", log::lost_lines()),
        ("log_lines_left_out", "Lines of the log that only repeated others", repeats::left_out()),
    ];
    for (name, help, count) in lines {
        ConstCounter::new(count).encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)?;
    }
    Ok(())
}

/// The memory of this process, where the system tells it.
fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: i64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes * 1024)
}
