//! A process whose engines are not there yet: it lives, says what it waits for, and takes no requests.
//!
//! Waiting never ends by itself. An engine that is there and wrong ends the start with an error.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::future::{self, Either};
use tokio::net::TcpListener;
use tokio::sync::watch;

use ticketing_core::assembly::Observables;
use ticketing_core::messaging::backoff::Backoff;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::{BoxError, error_chain};

use crate::api::health;
use crate::config::Config;
use crate::http::edge::rendered;
use crate::http::problem::Problem;
use crate::runtime::Assembly;
use crate::telemetry::{Checked, Lags, Metrics, Sources};
use crate::wiring;

use super::accept::answer;
use super::connection::Bounds;
use super::signals::Signals;

/// How soon a missing engine is asked again, and how seldom at most.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(250), longest: Duration::from_secs(5) };

/// Where people and operators connect.
pub(super) struct Sockets<'a> {
    pub(super) public: &'a TcpListener,
    pub(super) admin: &'a TcpListener,
}

/// The services over their engines, once those are there; `None` if the process is told to stop before that.
///
/// # Errors
///
/// An engine is not what it should be, or refuses us: waiting would not help.
pub(super) async fn assembled(
    config: &Config,
    sockets: Sockets<'_>,
    stop: &mut Signals,
) -> Result<Option<Assembly>, BoxError> {
    let (missing, waits_for) = watch::channel(None);
    let env = wiring::clock_and_ids();
    let meanwhile = answer_meanwhile(sockets, Starting::new(&env, waits_for));
    let (connected, meanwhile, told) = (pin!(connect(config, &env, &missing)), pin!(meanwhile), pin!(stop.next()));
    match future::select(connected, future::select(meanwhile, told)).await {
        Either::Left((assembly, _)) => assembly.map(Some),
        Either::Right(_) => Ok(None),
    }
}

/// Connects, and again as long as an engine is missing.
async fn connect(
    config: &Config,
    env: &ClockAndIds,
    missing: &watch::Sender<Option<&'static str>>,
) -> Result<Assembly, BoxError> {
    let mut failures = 0;
    loop {
        let error = match wiring::marketplace(config).await {
            Ok(assembly) => return Ok(assembly),
            Err(error) => error,
        };
        let Some(engine) = wiring::missing(&*error) else { return Err(error) };
        failures += 1;
        missing.send_replace(Some(engine));
        let (wait, cause) = (BACKOFF.wait(failures, env.now(), &*env.ids), error_chain(&*error));
        tracing::warn!(engine, failures, ?wait, cause, "waiting for {engine}: {cause}");
        tokio::time::sleep(wait).await;
    }
}

/// Answers operators from the beginning, and everybody once an engine is missed: until then they wait for the start.
async fn answer_meanwhile(Sockets { public, admin }: Sockets<'_>, mut starting: Starting) {
    let operators = answer(admin, operators(starting.clone()), Bounds::BRIEF);
    let people = async {
        // The sender lives as long as this future.
        if starting.waits_for.wait_for(Option::is_some).await.is_ok() {
            answer(public, people(starting.clone()), Bounds::BRIEF).await;
        }
    };
    future::join(operators, people).await;
}

/// What is known of a process that starts.
#[derive(Debug, Clone)]
struct Starting {
    env: ClockAndIds,
    metrics: Metrics,
    waits_for: watch::Receiver<Option<&'static str>>,
}

impl Starting {
    fn new(env: &ClockAndIds, waits_for: watch::Receiver<Option<&'static str>>) -> Self {
        let sources = Sources { clock: Arc::clone(&env.clock), batchers: None, observables: Observables::default() };
        Self { env: env.clone(), metrics: Metrics::new(&sources, Vec::new(), Lags::default()), waits_for }
    }

    fn missing(&self) -> Option<&'static str> {
        *self.waits_for.borrow()
    }
}

fn people(starting: Starting) -> Router {
    Router::new().route("/livez", get(livez)).fallback(not_yet).with_state(starting)
}

fn operators(starting: Starting) -> Router {
    let routes = Router::new().route("/livez", get(livez)).route("/readyz", get(readyz));
    routes.route("/metrics", get(metrics)).with_state(starting)
}

async fn livez() -> &'static str {
    "ok"
}

async fn readyz(State(starting): State<Starting>) -> Response {
    health::starting(starting.missing())
}

async fn metrics(State(starting): State<Starting>) -> Response {
    let checks = starting.missing().map(|engine| (engine, false)).into_iter().collect();
    starting.metrics.look(async { Checked { is_ready: false, checks } }).await;
    health::metrics_of(&starting.metrics)
}

async fn not_yet(State(Starting { env, .. }): State<Starting>) -> Response {
    let mut response = Problem::starting().into_response();
    rendered(env.uuid(env.now()), &mut response);
    response
}
