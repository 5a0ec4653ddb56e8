//! The links by which others than the seller stand at a door.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use ticketing_api::admissions::{DoorLinkBody, DoorLinkList, MakeDoorLinkBody};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::usecase::error::Error;

use crate::http::auth::actor::Change;
use crate::http::extract::{Json, Named};
use crate::http::problem::Problem;
use crate::state::{Actor, App};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(door_links, make_door_link)).routes(routes!(revoke_door_link))
}

/// Lists the links to the door of a ticket, for its seller.
#[utoipa::path(get, path = "/api/doors/{ticket}/links", tag = "admissions",
    params(("ticket" = String, Path, description = "The id of the ticket", format = "uuid")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = DoorLinkList, description = "Those that are not revoked, without their keys"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 403, description = "`not_your_door`"),
    (status = 404, description = "`ticket_not_found`"),
))]
async fn door_links(
    State(app): State<App>,
    actor: Actor,
    Named(ticket): Named<TicketId>,
) -> Result<Json<DoorLinkList>, Problem> {
    let found = app.metrics.use_case("door_links", app.admissions()?.door_links(ticket, actor.account)).await?;
    Ok(Json(DoorLinkList { items: found.into_iter().map(DoorLinkBody::from).collect() }))
}

/// Makes a link to the door of a ticket, for its seller.
///
/// Anybody who has its key may list and check passes at this door, and nothing else.
#[utoipa::path(post, path = "/api/doors/{ticket}/links", tag = "admissions", request_body = MakeDoorLinkBody,
    params(("ticket" = String, Path, description = "The id of the ticket", format = "uuid")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 201, body = DoorLinkBody, description = "The link with its key, which nobody can read again"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 403, description = "`not_your_door`"),
    (status = 404, description = "`ticket_not_found`"),
    (status = 409, description = "`too_many_door_links`"),
    (status = 422, description = "`invalid`"),
))]
async fn make_door_link(
    State(app): State<App>,
    Change { actor, .. }: Change,
    Named(ticket): Named<TicketId>,
    Json(body): Json<MakeDoorLinkBody>,
) -> Result<Response, Problem> {
    let label = body.label.parse()?;
    let made = app.admissions()?.make_door_link(ticket, actor.account, label);
    let link = DoorLinkBody::from(app.metrics.use_case("make_door_link", made).await?);
    let secret = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, secret, Json(link)).into_response())
}

/// Revokes a link to the door of a ticket, for its seller. Doing so twice does no harm.
#[utoipa::path(delete, path = "/api/doors/{ticket}/links/{link}", tag = "admissions",
    params(("ticket" = String, Path, description = "The id of the ticket", format = "uuid"),
        ("link" = String, Path, description = "The id of the link", format = "uuid")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 204, description = "Its key opens nothing from now on"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 403, description = "`not_your_door`"),
    (status = 404, description = "`ticket_not_found`"),
))]
async fn revoke_door_link(
    State(app): State<App>,
    Change { actor, .. }: Change,
    names: Result<Path<(String, String)>, PathRejection>,
) -> Result<StatusCode, Problem> {
    // What is no name names nothing.
    let Path((ticket, link)) = names.map_err(|_| Error::TicketNotFound)?;
    let ticket = ticket.parse().map_err(|_| Error::TicketNotFound)?;
    let link = link.parse().map_err(|_| Error::TicketNotFound)?;
    let revoked = app.admissions()?.revoke_door_link(ticket, actor.account, link);
    app.metrics.use_case("revoke_door_link", revoked).await?;
    Ok(StatusCode::NO_CONTENT)
}
