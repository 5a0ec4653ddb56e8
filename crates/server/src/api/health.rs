//! `/livez` for everybody, `/readyz` and `/metrics` for operators.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use ticketing_core::domain::ids::{AccountId, OrderId, PaymentId, SessionId, TicketId};
use ticketing_core::ports::BoxError;
use ticketing_core::ports::error_chain;
use ticketing_core::ports::letter_store::LetterNeeds;
use ticketing_core::ports::order_store::OrderNeeds;
use ticketing_core::ports::pass_store::PassNeeds;
use ticketing_core::ports::payment_store::PaymentNeeds;

use crate::config::{Gateway, Service};
use crate::http::extract::Json;
use crate::state::{App, OwnSessions};
use crate::telemetry::{Checked, Metrics};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(livez))
}

/// Whether the process lives, and nothing else.
pub(crate) fn liveness() -> Router<App> {
    Router::new().route("/livez", get(livez))
}

/// What is nobody's business but an operator's: it is never served on the public listener.
pub(crate) fn operators() -> Router<App> {
    liveness().route("/readyz", get(readyz)).route("/metrics", get(metrics)).merge(super::rebuild::routes())
}

/// Whether requests are taken, and what answers of that which serves them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Readiness {
    /// `ready`; `degraded`, if signed-in people cannot be served; `unavailable`, if nobody can; `starting`,
    /// `stopping`, or `failed`, if a part of the process ended early.
    status: &'static str,
    /// What takes the money: `sandbox` takes none. Absent where nothing has to do with payments.
    #[serde(skip_serializing_if = "Option::is_none")]
    payments: Option<&'static str>,
    checks: Vec<Check>,
}

/// Whether something answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Check {
    /// Whose store, or `search`, `keys` or `sessions`; at start, the engine that is waited for.
    name: &'static str,
    ok: bool,
}

/// Reports whether every part of the process runs. A process that fails ends by itself; a supervisor may end it earlier.
#[utoipa::path(get, path = "/livez", tag = "operations", responses(
    (status = 200, body = String, description = "`ok`", content_type = "text/plain"),
    (status = 503, body = String, description = "`failed`: a part of it ended early", content_type = "text/plain"),
))]
async fn livez(State(app): State<App>) -> (StatusCode, &'static str) {
    match app.health.loops_ended() {
        0 => (StatusCode::OK, "ok"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "failed"),
    }
}

/// Reports whether requests should be sent here.
async fn readyz(State(app): State<App>) -> Response {
    let checks = checks(&app).await;
    let status = status(app.health.name(), &checks);
    let code = if is_ready(status) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(Readiness { status, payments: app.gateway.map(Gateway::name), checks })).into_response()
}

/// A process whose index is a part of what is on sale would hide the rest.
const SEARCH: &str = "search";

/// Processes share their sessions: if each were taken away for the want of them, nobody could even look.
const SESSIONS: &str = "sessions";

fn status(phase: &'static str, checks: &[Check]) -> &'static str {
    let missing: Vec<_> = checks.iter().filter(|check| !check.ok).map(|check| check.name).collect();
    match missing.as_slice() {
        _ if phase != "ready" => phase,
        [] => phase,
        [SESSIONS] => "degraded",
        _ => "unavailable",
    }
}

/// What `/readyz` reports before the process has its engines: which it waits for.
#[cfg(feature = "cli")]
pub(crate) fn starting(missing: Option<&'static str>) -> Response {
    let checks = missing.map(|name| Check { name, ok: false }).into_iter().collect();
    let readiness = Readiness { status: "starting", payments: None, checks };
    // Not the JSON of handlers, which the edge writes: there is none around this.
    (StatusCode::SERVICE_UNAVAILABLE, axum::Json(readiness)).into_response()
}

fn is_ready(status: &str) -> bool {
    matches!(status, "ready" | "degraded")
}

/// The longest that it may take to answer.
const WITHIN: Duration = Duration::from_secs(2);

async fn checks(app: &App) -> Vec<Check> {
    let stores = app.services.iter().filter_map(|service| Some((service.name(), store_of(*service, app)?)));
    let has_api = app.services.iter().any(|service| service.has_api());
    let identity = app.sessions.as_deref().filter(|_| has_api).map(identity);
    let search = app.services.contains(&Service::Tickets).then(|| (SEARCH, search(app)));
    let checks = stores.chain(search).chain(identity.into_iter().flatten()).map(|(name, probe)| async move {
        let ok = match tokio::time::timeout(WITHIN, probe).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(name, cause = error_chain(&*error), "what {name} needs is not ready");
                false
            }
            Err(_) => false,
        };
        Check { name, ok }
    });
    join_all(checks).await
}

type Probe<'a> = BoxFuture<'a, Result<(), BoxError>>;

/// Asks a service's store for something that does not exist.
fn store_of(service: Service, app: &App) -> Option<Probe<'_>> {
    let nobody = Uuid::nil();
    Some(match service {
        Service::Accounts => {
            async move { Ok(app.accounts()?.store.account(AccountId::new(nobody)).await.map(drop)?) }.boxed()
        }
        Service::Tickets => {
            async move { Ok(app.tickets()?.store.listings(&[TicketId::new(nobody)]).await.map(drop)?) }.boxed()
        }
        Service::Orders => async move {
            let needs = OrderNeeds { orders: vec![OrderId::new(nobody)], ..OrderNeeds::default() };
            Ok(app.orders()?.store.load(&needs).await.map(drop)?)
        }
        .boxed(),
        Service::Payments => async move {
            let needs = PaymentNeeds { payments: vec![PaymentId::new(nobody)], ..PaymentNeeds::default() };
            Ok(app.payments()?.store.load(&needs).await.map(drop)?)
        }
        .boxed(),
        Service::Admissions => async move {
            let needs = PassNeeds { entrances: vec![TicketId::new(nobody)], ..PassNeeds::default() };
            Ok(app.admissions()?.store.load(&needs).await.map(drop)?)
        }
        .boxed(),
        Service::Notifications => async move {
            let needs = LetterNeeds { tickets: vec![TicketId::new(nobody)], ..LetterNeeds::default() };
            Ok(app.notifications()?.store.load(&needs).await.map(drop)?)
        }
        .boxed(),
        Service::Expiration | Service::Web => return None,
    })
}

/// A word that no title begins with: without one an index looks at nothing.
const SEARCHED: &str = "qzqz";

/// Asks the index, and whether it has all that is on sale.
fn search(app: &App) -> Probe<'_> {
    async move {
        let search = app.search()?;
        search.index.suggest(SEARCHED, app.env.now()).await?;
        if search.is_filled() { Ok(()) } else { Err("the search index is being filled".into()) }
    }
    .boxed()
}

/// Asks who nobody is: without keys and sessions nobody is believed to be signed in.
fn identity(own: &OwnSessions) -> [(&'static str, Probe<'_>); 2] {
    let keys = async move { Ok(own.keys()?) };
    let sessions = async move { Ok(own.sessions.session(SessionId::new(Uuid::nil())).await.map(drop)?) };
    [("keys", keys.boxed()), (SESSIONS, sessions.boxed())]
}

/// What is counted, as Prometheus reads it.
async fn metrics(State(app): State<App>) -> Response {
    app.metrics.look(checked(&app)).await;
    metrics_of(&app.metrics)
}

pub(crate) fn metrics_of(metrics: &Metrics) -> Response {
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, OPEN_METRICS)], metrics.text()).into_response()
}

/// As in `/readyz`.
async fn checked(app: &App) -> Checked {
    let checks = checks(app).await;
    let is_ready = is_ready(status(app.health.name(), &checks));
    Checked { is_ready, checks: checks.into_iter().map(|check| (check.name, check.ok)).collect() }
}
