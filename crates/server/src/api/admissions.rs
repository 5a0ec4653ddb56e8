//! The passes of an order, and the door of a ticket.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use ticketing_api::admissions::{CheckInBody, DoorPage, PassBody, PassList};
use ticketing_api::page::PageQuery;
use ticketing_core::domain::ids::{OrderId, TicketId};
use ticketing_core::usecase::admissions::{CheckIn, ShownPass};

use crate::http::auth::actor::Change;
use crate::http::extract::{Json, Named, Query};
use crate::http::limits::Doorkeeper;
use crate::http::problem::{FieldError, Problem};
use crate::state::{Actor, App};

use super::list::ListId;

/// The longest text that is taken for a code or a token, in bytes.
const LONGEST_PASS: usize = 200;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(passes)).routes(routes!(door, check_in))
}

/// Shows the passes of an order to its buyer.
///
/// They are issued a moment after the order is completed.
#[utoipa::path(get, path = "/api/orders/{id}/passes", tag = "admissions",
    params(("id" = String, Path, description = "The id of the order", format = "uuid")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = PassList, description = "A pass for each place"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 404, description = "`passes_not_found`: the order is somebody else's or not completed, or they are not issued yet"),
))]
async fn passes(State(app): State<App>, actor: Actor, Named(order): Named<OrderId>) -> Result<Json<PassList>, Problem> {
    let found = app.metrics.use_case("passes_of", app.admissions()?.passes_of(order, actor.account)).await?;
    Ok(Json(PassList { items: found.into_iter().map(Into::into).collect() }))
}

/// Lets one person in who shows a code or a token.
///
/// A pass is used once; shown again it is refused, with the time of the first in `errors`.
#[utoipa::path(post, path = "/api/tickets/{id}/admissions", tag = "admissions", request_body = CheckInBody,
    params(("id" = String, Path, description = "The id of the ticket", format = "uuid")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = PassBody, description = "The pass, which is used now: welcome"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 403, description = "`not_your_door`"),
    (status = 404, description = "`ticket_not_found`, `pass_not_found`"),
    (status = 409, description = "`pass_already_used`, `pass_voided`, `pass_of_another_ticket`"),
    (status = 422, description = "`invalid`"),
    (status = 429, description = "`rate_limited`"),
))]
async fn check_in(
    State(app): State<App>,
    Doorkeeper(Change { actor, origin }): Doorkeeper,
    Named(ticket): Named<TicketId>,
    Json(body): Json<CheckInBody>,
) -> Result<Json<PassBody>, Problem> {
    let command = CheckIn::new(actor.account, ticket, shown(&body.pass)?);
    let used = app.metrics.use_case("check_in", app.admissions()?.check_in(command, origin)).await?;
    Ok(Json(PassBody::from(&used.pass)))
}

/// Shows the door of a ticket to its seller: who was let in, and who is still to come.
#[utoipa::path(get, path = "/api/tickets/{id}/admissions", tag = "admissions",
    params(("id" = String, Path, description = "The id of the ticket", format = "uuid"), PageQuery),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = DoorPage, description = "Counts of all passes, and those of a page of orders"),
    (status = 400, description = "`bad_cursor`, `malformed`"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 403, description = "`not_your_door`"),
    (status = 404, description = "`ticket_not_found`"),
    (status = 422, description = "`invalid`"),
))]
async fn door(
    State(app): State<App>,
    actor: Actor,
    Named(ticket): Named<TicketId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<DoorPage>, Problem> {
    let list = ListId::new("door of", &[Some(&ticket.to_string())]);
    let page = list.page(&query, OrderId::new)?;
    let door = app.metrics.use_case("door", app.admissions()?.door(ticket, actor.account, page)).await?;
    Ok(Json(DoorPage {
        title: door.title,
        counts: door.counts.into(),
        items: door.admissions.items.iter().flat_map(PassBody::of_order).collect(),
        next_cursor: door.admissions.next.map(|id| list.cursor(0, id.uuid())),
    }))
}

fn shown(text: &str) -> Result<ShownPass, Problem> {
    if text.len() <= LONGEST_PASS && !text.trim().is_empty() {
        return Ok(ShownPass::read(text));
    }
    Err(Problem::invalid(vec![FieldError::new("pass", format!("must be 1 to {LONGEST_PASS} characters"))]))
}
