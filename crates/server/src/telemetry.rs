//! The log, what is counted, and traces.

mod correlation;
mod engines;
mod families;
#[cfg(feature = "cli")]
mod log;
mod loops;
mod observed;
mod process;
#[cfg(feature = "cli")]
mod repeats;
pub(crate) mod spans;
mod steps;
#[cfg(feature = "otlp")]
mod traces;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use ticketing_core::assembly::Observables;
use ticketing_core::messaging::driver::Step;
use ticketing_core::ports::clock::Clock;
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::orders::batcher::OrderBatchers;

use observed::Observed;
use steps::Watched;

pub(crate) use correlation::within_request;
pub use engines::{EngineMetric, Lags};
#[cfg(feature = "cli")]
pub use log::{flush_log, init_log};
pub(crate) use observed::Checked;
#[cfg(feature = "otlp")]
pub use traces::flush_traces;

/// The limits that refuse requests, by the names that they are counted under.
const GUARDS: [&str; 6] = ["reads", "writes", "payments", "sign_ins", "passwords", "live_streams"];

/// What is counted. A clone counts the same.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Counted>);

/// What is read when somebody asks.
#[derive(Debug)]
pub(crate) struct Sources {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) batchers: Option<OrderBatchers>,
    pub(crate) observables: Observables,
}

#[derive(Debug)]
struct Counted {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    use_cases: Family<UseCaseLabels, Counter>,
    use_case_durations: Family<UseCaseLabel, Histogram, fn() -> Histogram>,
    guards: Family<GuardLabel, Counter>,
    steps: Family<StepLabels, Counter>,
    failures: Family<StepLabels, Counter>,
    no_room: Counter,
    connections: Gauge,
    observed: Observed,
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
struct UseCaseLabels {
    use_case: &'static str,
    /// `ok`, or the code of an error.
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct UseCaseLabel {
    use_case: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct GuardLabel {
    guard: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepLabels {
    step: String,
}

/// One more connection, until this is dropped.
#[derive(Debug)]
#[must_use = "the connection counts until this is dropped"]
pub(crate) struct Connected(Gauge);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    pub(crate) fn new(sources: &Sources, engines: Vec<EngineMetric>, lags: Lags) -> Self {
        let mut registry = Registry::with_prefix("ticketing");
        let observed = Observed::new(sources);
        registry.register_collector(Box::new(loops::Loops::new(sources, lags)));
        registry.register_collector(Box::new(observed.clone()));
        registry.register_collector(Box::new(engines::Engines(engines)));
        registry.register_collector(Box::new(process::Process));
        Self(Arc::new(Counted::new(registry, observed)))
    }

    /// Looks at what has to be asked for, unless somebody did a moment ago.
    pub(crate) async fn look(&self, checked: impl Future<Output = Checked>) {
        self.0.observed.look(checked).await;
    }

    /// Counts an answer.
    pub(crate) fn request(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let (method, status) = (method_name(method), status.as_u16());
        let route = route.to_owned();
        self.0.durations.get_or_create(&RouteLabels { route: route.clone() }).observe(took.as_secs_f64());
        self.0.requests.get_or_create(&RequestLabels { method, route, status }).inc();
    }

    /// Counts how a use case ends, and how long it takes.
    pub(crate) async fn use_case<T>(
        &self,
        use_case: &'static str,
        run: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let began = Instant::now();
        let ended = run.await;
        let outcome = ended.as_ref().map_or_else(Error::code, |_| "ok");
        self.0.use_cases.get_or_create(&UseCaseLabels { use_case, outcome }).inc();
        self.0.use_case_durations.get_or_create(&UseCaseLabel { use_case }).observe(began.elapsed().as_secs_f64());
        ended
    }

    /// Counts a request that a limit refuses.
    pub(crate) fn guarded(&self, guard: &'static str) {
        self.0.guards.get_or_create(&GuardLabel { guard }).inc();
    }

    /// Counts a connection for as long as it lasts.
    pub(crate) fn connected(&self) -> Connected {
        self.0.connections.inc();
        Connected(self.0.connections.clone())
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

impl Counted {
    fn new(mut registry: Registry, observed: Observed) -> Self {
        let counted = Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(histogram as fn() -> Histogram),
            use_cases: Family::default(),
            use_case_durations: Family::new_with_constructor(histogram as fn() -> Histogram),
            guards: Family::default(),
            steps: Family::default(),
            failures: Family::default(),
            no_room: Counter::default(),
            connections: Gauge::default(),
            observed,
            registry: Registry::default(),
        };
        for guard in GUARDS {
            // Known before it is hit, so that its first hit is seen as growth.
            drop(counted.guards.get_or_create(&GuardLabel { guard }));
        }
        let Self { requests, durations, use_cases, use_case_durations, guards, .. } = &counted;
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register("http_request_duration_seconds", "How long answers took", durations.clone());
        registry.register("use_cases", "Use cases, by how they ended: ok, or the code of an error", use_cases.clone());
        registry.register("use_case_duration_seconds", "How long use cases took", use_case_durations.clone());
        registry.register("guard_hits", "Requests that a limit refused", guards.clone());
        let Self { steps, failures, no_room, connections, .. } = &counted;
        registry.register("connections", "Connections of clients", connections.clone());
        registry.register("connections_refused", "Connections for which there was no room", no_room.clone());
        registry.register("step_done", "What each loop did", steps.clone());
        registry.register("step_failures", "Steps that failed and were tried again", failures.clone());
        Self { registry, ..counted }
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
