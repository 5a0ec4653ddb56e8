//! The passes of an order, and the door of a ticket.

mod door_links;

use axum::extract::State;
use sha2::{Digest, Sha256};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use ticketing_api::admissions::{CheckBody, CheckInBody, CheckResultBody, DoorPage, DoorPassBody, PassBody, PassList};
use ticketing_api::page::PageQuery;
use ticketing_core::domain::ids::{OrderId, TicketId};
use ticketing_core::domain::pass::{CodedPass, PassRefusal};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::usecase::admissions::{CheckIn, ShownPass, SignedPass};
use ticketing_core::usecase::error::Error;

use crate::http::auth::at_door::AtDoor;
use crate::http::extract::{Json, Named, Query, RequestKey};
use crate::http::limits::Doorkeeper;
use crate::http::problem::{FieldError, Problem};
use crate::state::{Actor, App};

use super::list::ListId;

/// The longest text that is taken for a code or a token, in bytes.
const LONGEST_PASS: usize = 200;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(passes))
        .routes(routes!(door))
        .routes(routes!(check_in))
        .merge(door_links::routes())
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

/// Checks a pass at the door of a ticket.
///
/// A pass lets one person in, once. The same check under the same `Idempotency-Key` is welcome again, so one whose answer
/// was lost may be repeated. A door that was offline tells with `at` that it has let the person in already.
#[utoipa::path(post, path = "/api/doors/{ticket}/checks", tag = "admissions", request_body = CheckInBody,
    params(("ticket" = String, Path, description = "The id of the ticket", format = "uuid"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 200 visible characters: names the check-in"),
        ("Door-Key" = Option<String>, Header, description = "The key of a door link, instead of a session")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = CheckBody, description = "Whether one person may come in"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 403, description = "`not_your_door`"),
    (status = 404, description = "`ticket_not_found`"),
    (status = 422, description = "`invalid`"),
    (status = 429, description = "`rate_limited`"),
))]
async fn check_in(
    State(app): State<App>,
    Doorkeeper(AtDoor { access, origin }): Doorkeeper,
    Named(ticket): Named<TicketId>,
    RequestKey(key): RequestKey,
    Json(body): Json<CheckInBody>,
) -> Result<Json<CheckBody>, Problem> {
    let let_in_at = body.at.as_deref().map(time).transpose()?;
    let command = CheckIn::new(access, ticket, shown(&body.pass)?).key(key).let_in_at(let_in_at);
    let checked = app.metrics.use_case("check_in", app.admissions()?.check_in(command, origin)).await;
    answer(checked).map(Json)
}

/// What a door says; nobody is let in for as long as the store is away.
fn answer(checked: Result<CodedPass, Error>) -> Result<CheckBody, Problem> {
    let refused = |result, first_used_at| CheckBody { result, pass: None, first_used_at };
    Ok(match checked {
        Ok(CodedPass { pass, .. }) => {
            let pass = PassBody::from(&pass);
            CheckBody { result: CheckResultBody::Welcome, first_used_at: pass.used_at, pass: Some(pass) }
        }
        Err(Error::Pass(PassRefusal::AlreadyUsed { at })) => refused(CheckResultBody::Used, Some(at)),
        Err(Error::Pass(PassRefusal::Voided { .. })) => refused(CheckResultBody::Void, None),
        Err(Error::Pass(PassRefusal::OtherTicket)) => refused(CheckResultBody::OtherTicket, None),
        Err(Error::PassNotFound) => refused(CheckResultBody::Unknown, None),
        Err(error) => return Err(error.into()),
    })
}

/// Lists the passes of a ticket for its door, to check them offline too.
#[utoipa::path(get, path = "/api/doors/{ticket}/passes", tag = "admissions",
    params(("ticket" = String, Path, description = "The id of the ticket", format = "uuid"), PageQuery,
        ("Door-Key" = Option<String>, Header, description = "The key of a door link, instead of a session")),
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
    AtDoor { access, .. }: AtDoor,
    Named(ticket): Named<TicketId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<DoorPage>, Problem> {
    let list = ListId::new("door of", &[Some(&ticket.to_string())]);
    let page = list.page(&query, OrderId::new)?;
    let door = app.metrics.use_case("door", app.admissions()?.door(ticket, access, page)).await?;
    Ok(Json(DoorPage {
        title: door.title,
        counts: door.counts.into(),
        items: door.passes.items.iter().map(known_offline).collect(),
        next_cursor: door.passes.next.map(|id| list.cursor(0, id.uuid())),
    }))
}

/// A pass without what is shown at the door, which is recognised all the same.
fn known_offline(SignedPass { coded, token }: &SignedPass) -> DoorPassBody {
    let ticket = coded.pass.ticket.to_string();
    let digest = |shown: &str| {
        let digest = Sha256::new().chain_update(&ticket).chain_update(":").chain_update(shown).finalize();
        digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    DoorPassBody {
        pass: PassBody::from(&coded.pass),
        code_digest: digest(coded.code.as_str()),
        token_digest: digest(token),
        again_at: coded.again_at,
    }
}

fn time(text: &str) -> Result<Timestamp, Problem> {
    let wrong =
        |_| Problem::invalid(vec![FieldError::new("at", "must be a time of RFC 3339, such as 2030-06-01T19:30:00Z")]);
    text.parse().map_err(wrong)
}

fn shown(text: &str) -> Result<ShownPass, Problem> {
    if text.len() <= LONGEST_PASS && !text.trim().is_empty() {
        return Ok(ShownPass::read(text));
    }
    Err(Problem::invalid(vec![FieldError::new("pass", format!("must be 1 to {LONGEST_PASS} characters"))]))
}
