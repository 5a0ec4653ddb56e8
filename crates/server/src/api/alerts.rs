//! `/api/alerts*`: searches that people keep, to be told by mail of tickets that begin to answer them.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use ticketing_api::alerts::{AlertBody, AlertList, EndAlertBody, KeepAlertBody};
use ticketing_api::tickets::TicketSearch;
use ticketing_core::domain::alert::{Alert, AlertLink};
use ticketing_core::domain::ids::AlertId;
use ticketing_core::usecase::error::Error;

use crate::http::auth::actor::Change;
use crate::http::extract::{Json, fields};
use crate::http::problem::{FieldError, Problem};
use crate::state::{Actor, App};

use super::tickets::kept;

/// The longest search that is taken, in bytes: more than any of texts within their bounds has.
const LONGEST_SEARCH: usize = 4000;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(alerts, keep_alert))
        .routes(routes!(end_alert))
        .routes(routes!(end_alert_by_link))
}

/// Lists the searches that the account keeps.
#[utoipa::path(get, path = "/api/alerts", tag = "notifications",
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = AlertList, description = "At most twenty, oldest first"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
))]
async fn alerts(State(app): State<App>, actor: Actor) -> Result<Json<AlertList>, Problem> {
    let found = app.metrics.use_case("alerts", app.notifications()?.alerts(actor.account)).await?;
    Ok(Json(AlertList { items: found.iter().map(body).collect() }))
}

/// Keeps a search, to be told by mail of tickets that begin to answer it.
///
/// A ticket is told of once a day at most, and at most five letters are sent a day. A search that is kept already stays
/// as it is, and the answer is the alert that has it.
#[utoipa::path(post, path = "/api/alerts", tag = "notifications", request_body = KeepAlertBody,
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 201, body = AlertBody, description = "The alert"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 403, description = "`address_unconfirmed`: only an address that is confirmed is written to"),
    (status = 409, description = "`too_many_alerts`: an account keeps at most twenty"),
    (status = 422, description = "`invalid`: a parameter has no such value, or the search names nothing or is over"),
))]
async fn keep_alert(
    State(app): State<App>,
    Change { actor, .. }: Change,
    Json(KeepAlertBody { search }): Json<KeepAlertBody>,
) -> Result<Response, Problem> {
    if !actor.confirmed {
        return Err(Error::AddressUnconfirmed.into());
    }
    let question = kept(&parsed(&search)?, app.env.now())?;
    let keep = app.notifications()?.keep_alert(actor.account, question);
    let alert = app.metrics.use_case("keep_alert", keep).await?;
    Ok((StatusCode::CREATED, Json(body(&alert))).into_response())
}

/// Ends an alert of the account. Doing so twice does no harm.
#[utoipa::path(delete, path = "/api/alerts/{id}", tag = "notifications",
    params(("id" = String, Path, description = "The id of the alert", format = "uuid")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 204, description = "The account is told nothing more of it"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
))]
async fn end_alert(
    State(app): State<App>,
    Change { actor, .. }: Change,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    // What is no id names nothing, and what is not there has ended.
    let Some(id) = id.ok().and_then(|Path(id)| id.parse::<AlertId>().ok()) else { return Ok(StatusCode::NO_CONTENT) };
    app.metrics.use_case("end_alert", app.notifications()?.end_alert(actor.account, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends an alert by the link of a letter.
///
/// Nobody needs to be signed in.
#[utoipa::path(post, path = "/api/alerts/end", tag = "notifications", request_body = EndAlertBody, responses(
    (status = 204, description = "Its owner is told nothing more of it"),
    (status = 409, description = "`link_over`: the alert has ended, or the link is not ours"),
))]
async fn end_alert_by_link(
    State(app): State<App>,
    Json(EndAlertBody { link }): Json<EndAlertBody>,
) -> Result<StatusCode, Problem> {
    let link: AlertLink = link.parse().map_err(|_| Error::LinkOver)?;
    app.metrics.use_case("end_alert_by_link", app.notifications()?.end_alert_by_link(link)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn parsed(search: &str) -> Result<TicketSearch, Problem> {
    let wrong = |message: &str| Problem::invalid(vec![FieldError::new("search", message)]);
    if search.len() > LONGEST_SEARCH {
        return Err(wrong("must be at most 4000 bytes long"));
    }
    fields(search.trim_start_matches('?').as_bytes()).map_err(|_| wrong("must be the query of a search"))
}

fn body(Alert { id, question, created_at, .. }: &Alert) -> AlertBody {
    // No shape of a query fails to serialize.
    let search = serde_urlencoded::to_string(TicketSearch::from(question)).unwrap_or_default();
    AlertBody { id: *id, search, created_at: *created_at }
}
