//! `/api/tickets*`: what is on sale, and what a seller has on sale.

mod offer;
mod search;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, ETAG, LOCATION};
use http::{HeaderValue, StatusCode};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use ticketing_api::page::PageQuery;
use ticketing_api::paths;
use ticketing_api::tickets::{
    FacetsBody, OfferBody, OtherOffers, ScheduleBody, Suggestions, TicketBody, TicketPage, TicketSearch, TicketsFound,
    TypedText,
};
use ticketing_core::domain::facts_tag::FactsTag;
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::search::SearchCursor;
use ticketing_core::domain::ticket::Listing;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::tickets::{CallOffTicket, CreateTicket, RescheduleTicket, UpdateTicket, WithdrawTicket};

use crate::http::auth::actor::Change;
use crate::http::etag::{IfMatch, IfNoneMatch, etag, etag_ended};
use crate::http::extract::{Json, Named, Query, RequestKey};
use crate::http::problem::Problem;
use crate::state::{Actor, App};

use super::list::ListId;

use offer::{offer, schedule};
use search::Asked;
pub(super) use search::kept;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(search_tickets, create_ticket))
        .routes(routes!(suggestions))
        .routes(routes!(my_tickets))
        .routes(routes!(ticket, update_ticket, withdraw_ticket))
        .routes(routes!(other_offers))
        .routes(routes!(reschedule_ticket))
        .routes(routes!(call_off_ticket))
}

/// Finds tickets on sale.
#[utoipa::path(get, path = "/api/tickets", tag = "tickets", params(TicketSearch), responses(
    (status = 200, body = TicketsFound, description = "Tickets that match every filter"),
    (status = 400, description = "`bad_cursor`, or `malformed` for a parameter that does not exist"),
    (status = 422, description = "`invalid`: a parameter has no such value"),
))]
async fn search_tickets(State(app): State<App>, Query(search): Query<TicketSearch>) -> Result<Response, Problem> {
    let (list, now) = (search::list(&search), app.env.now());
    let Asked { question, page, facets } = search::asked(&search, list, now)?;
    let tickets = app.search()?;
    let answers = async {
        let found = tickets.find_tickets(&question, page).await?;
        let facets = if facets { Some(tickets.facets(&question).await?) } else { None };
        Ok::<_, Error>((found, facets))
    };
    let (found, facets) = app.metrics.use_case("search_tickets", answers).await?;
    let cursor = |cursor: SearchCursor| list.cursor(cursor.rank, cursor.ticket.uuid());
    let page = TicketsFound {
        items: found.tickets.iter().map(|listing| TicketBody::of(listing, now)).collect(),
        next_cursor: found.next.map(cursor),
        previous_cursor: found.previous.map(cursor),
        count: found.count,
        instead: found.instead,
        facets: facets.map(FacetsBody::from),
    };
    Ok((MAY_BE_KEPT, Json(page)).into_response())
}

/// Suggests titles of tickets on sale to somebody who types.
#[utoipa::path(get, path = "/api/tickets/suggestions", tag = "tickets", params(TypedText), responses(
    (status = 200, body = Suggestions, description = "At most eight titles, best first"),
    (status = 400, description = "`malformed` for a parameter that does not exist"),
    (status = 422, description = "`invalid`: the text is too long"),
))]
async fn suggestions(State(app): State<App>, Query(typed): Query<TypedText>) -> Result<Response, Problem> {
    let typed = search::typed(&typed)?;
    let items = app.metrics.use_case("suggest_titles", app.search()?.suggest(&typed)).await?;
    Ok((MAY_BE_KEPT, Json(Suggestions { items })).into_response())
}

/// Public: it may be cached, and must be revalidated before it is shown again.
const MAY_BE_KEPT: [(http::HeaderName, HeaderValue); 1] = [(CACHE_CONTROL, HeaderValue::from_static("no-cache"))];

/// Puts a ticket on sale.
///
/// The same request under the same `Idempotency-Key` is answered with the ticket it made before, as it is now.
#[utoipa::path(post, path = "/api/tickets", tag = "tickets", request_body = OfferBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 200 visible characters: asking twice offers once")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 201, body = TicketBody, description = "The ticket"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 403, description = "`address_unconfirmed`, where selling needs an address that is confirmed"),
    (status = 422, description = "`invalid`, `starts_in_the_past`, `starts_too_late`, `sales_end_in_the_past`, `currency_not_in_use`, `idempotency_key_reused`"),
))]
async fn create_ticket(
    State(app): State<App>,
    Change { actor, origin }: Change,
    RequestKey(key): RequestKey,
    Json(body): Json<OfferBody>,
) -> Result<Response, Problem> {
    app.may_sell(actor)?;
    let command = CreateTicket::new(actor.account, offer(body, None)?).key(key);
    let listing = app.metrics.use_case("create_ticket", app.tickets()?.create_ticket(command, origin)).await?;
    let location = [(LOCATION, paths::ticket(listing.ticket.id))];
    Ok((StatusCode::CREATED, location, own(&listing, app.env.now())).into_response())
}

/// Lists what the seller ever put on sale.
#[utoipa::path(get, path = "/api/tickets/mine", tag = "tickets", params(PageQuery),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = TicketPage, description = "Newest first, with what is held and sold"),
    (status = 400, description = "`bad_cursor`, `malformed`"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 422, description = "`invalid`"),
))]
async fn my_tickets(
    State(app): State<App>,
    actor: Actor,
    Query(query): Query<PageQuery>,
) -> Result<Json<TicketPage>, Problem> {
    let list = ListId::new("tickets of", &[Some(&actor.account.to_string())]);
    let found = app
        .metrics
        .use_case("tickets_of", app.tickets()?.tickets_of(actor.account, list.page(&query, TicketId::new)?))
        .await?;
    let now = app.env.now();
    Ok(Json(TicketPage {
        items: found.items.iter().map(|listing| TicketBody::of_own(listing, now)).collect(),
        next_cursor: found.next.map(|id| list.cursor(0, id.uuid())),
    }))
}

/// Lists what else is on sale of the same event: the same title, place and start, in the same currency.
#[utoipa::path(get, path = "/api/tickets/{id}/others", tag = "tickets",
    params(("id" = String, Path, description = "The id of the ticket", format = "uuid")),
    responses(
        (status = 200, body = OtherOffers, description = "At most five with places left, cheapest first"),
        (status = 404, description = "`ticket_not_found`"),
    ))]
async fn other_offers(State(app): State<App>, Named(id): Named<TicketId>) -> Result<Response, Problem> {
    let found = app.metrics.use_case("other_offers", app.tickets()?.other_offers(id)).await?;
    let now = app.env.now();
    let body = OtherOffers { items: found.iter().map(|listing| TicketBody::of(listing, now)).collect() };
    Ok((MAY_BE_KEPT, Json(body)).into_response())
}

/// Shows a ticket. One that was withdrawn stays to be seen.
#[utoipa::path(get, path = "/api/tickets/{id}", tag = "tickets",
    params(("id" = String, Path, description = "The id of the ticket", format = "uuid"),
           ("If-None-Match" = Option<String>, Header, description = "The `ETag` of what the caller has")),
    responses(
        (status = 200, body = TicketBody, description = "The ticket, with the versions of its offer and of its sales as `ETag`: `\"3.17\"`"),
        (status = 304, description = "Nothing changed of what the caller has"),
        (status = 404, description = "`ticket_not_found`"),
    ))]
async fn ticket(State(app): State<App>, Named(id): Named<TicketId>, known: IfNoneMatch) -> Result<Response, Problem> {
    let listing = app.metrics.use_case("ticket", app.tickets()?.ticket(id)).await?;
    let now = app.env.now();
    let tag = tag_of(&listing, now);
    let is_known = known.has(&tag);
    let tag = [(ETAG, tag)];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, MAY_BE_KEPT, tag).into_response());
    }
    let facts_tag = Some(FactsTag::of(&listing.ticket.offer.details.event).to_string());
    Ok((MAY_BE_KEPT, tag, Json(TicketBody { facts_tag, ..TicketBody::of(&listing, now) })).into_response())
}

fn tag_of(listing: &Listing, now: Timestamp) -> HeaderValue {
    let name = if listing.is_closed(now) { etag_ended } else { etag };
    name(listing.ticket.version, listing.sales.version)
}

/// A ticket as its seller sees it.
fn own(listing: &Listing, now: Timestamp) -> impl IntoResponse + use<> {
    ([(ETAG, tag_of(listing, now))], Json(TicketBody::of_own(listing, now)))
}

/// Replaces the offer of a ticket. Prices of running orders stay; once places are held or sold, so do the facts of the event.
#[utoipa::path(put, path = "/api/tickets/{id}", tag = "tickets", request_body = OfferBody,
    params(("id" = String, Path, description = "The id of the ticket", format = "uuid"),
           ("If-Match" = Option<String>, Header, description = "The `ETag`s that the change is meant for, or `*`; what was sold since then does not count")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = TicketBody, description = "The ticket as it is now"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 403, description = "`not_seller`"),
    (status = 404, description = "`ticket_not_found`"),
    (status = 409, description = "`ticket_withdrawn`, `ticket_called_off`, `facts_are_sold`, `quantity_below_sales`"),
    (status = 412, description = "`stale_version`"),
    (status = 422, description = "`invalid`, `starts_in_the_past`, `starts_too_late`, `sales_end_in_the_past`, `currency_not_in_use`"),
))]
async fn update_ticket(
    State(app): State<App>,
    Change { actor, origin }: Change,
    Named(ticket): Named<TicketId>,
    IfMatch(expected): IfMatch,
    Json(body): Json<OfferBody>,
) -> Result<Response, Problem> {
    let tickets = app.tickets()?;
    let old = tickets.ticket(ticket).await?.ticket.offer;
    let offer = offer(body, Some(&old))?;
    let command = UpdateTicket::new(ticket, actor.account, offer).expected(expected);
    let listing = app.metrics.use_case("update_ticket", tickets.update_ticket(command, origin)).await?;
    Ok(own(&listing, app.env.now()).into_response())
}

/// Changes the facts of an event, although places are held or sold. Buyers who paid may give them back until it begins.
#[utoipa::path(post, path = "/api/tickets/{id}/reschedule", tag = "tickets", request_body = ScheduleBody,
    params(("id" = String, Path, description = "The id of the ticket", format = "uuid"),
           ("If-Match" = Option<String>, Header, description = "The `ETag`s that the change is meant for, or `*`; what was sold since then does not count")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = TicketBody, description = "The ticket as it is now"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 403, description = "`not_seller`"),
    (status = 404, description = "`ticket_not_found`"),
    (status = 409, description = "`ticket_called_off`, `event_begun`"),
    (status = 412, description = "`stale_version`"),
    (status = 422, description = "`invalid`, `starts_in_the_past`, `starts_too_late`, `sales_end_in_the_past`"),
))]
async fn reschedule_ticket(
    State(app): State<App>,
    Change { actor, origin }: Change,
    Named(ticket): Named<TicketId>,
    IfMatch(expected): IfMatch,
    Json(body): Json<ScheduleBody>,
) -> Result<Response, Problem> {
    let tickets = app.tickets()?;
    let old = tickets.ticket(ticket).await?.ticket.offer;
    let command = RescheduleTicket::new(ticket, actor.account, schedule(&body, &old)?).expected(expected);
    let listing = app.metrics.use_case("reschedule_ticket", tickets.reschedule_ticket(command, origin)).await?;
    Ok(own(&listing, app.env.now()).into_response())
}

/// Says that an event does not take place: nobody orders it any more, holds end, and every paid order is refunded.
#[utoipa::path(post, path = "/api/tickets/{id}/call-off", tag = "tickets",
    params(("id" = String, Path, description = "The id of the ticket", format = "uuid"),
           ("If-Match" = Option<String>, Header, description = "The `ETag`s that the change is meant for, or `*`; what was sold since then does not count")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = TicketBody, description = "The ticket as it is now"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 403, description = "`not_seller`"),
    (status = 404, description = "`ticket_not_found`"),
    (status = 412, description = "`stale_version`"),
))]
async fn call_off_ticket(
    State(app): State<App>,
    Change { actor, origin }: Change,
    Named(ticket): Named<TicketId>,
    IfMatch(expected): IfMatch,
) -> Result<Response, Problem> {
    let command = CallOffTicket::new(ticket, actor.account).expected(expected);
    let listing = app.metrics.use_case("call_off_ticket", app.tickets()?.call_off_ticket(command, origin)).await?;
    Ok(own(&listing, app.env.now()).into_response())
}

/// Takes a ticket off sale. Running orders go on.
#[utoipa::path(delete, path = "/api/tickets/{id}", tag = "tickets",
    params(("id" = String, Path, description = "The id of the ticket", format = "uuid"),
           ("If-Match" = Option<String>, Header, description = "The `ETag`s that the change is meant for, or `*`; what was sold since then does not count")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 204, description = "It takes no new orders"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 403, description = "`not_seller`"),
    (status = 404, description = "`ticket_not_found`"),
    (status = 412, description = "`stale_version`"),
))]
async fn withdraw_ticket(
    State(app): State<App>,
    Change { actor, origin }: Change,
    Named(ticket): Named<TicketId>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    let command = WithdrawTicket::new(ticket, actor.account).expected(expected);
    app.metrics.use_case("withdraw_ticket", app.tickets()?.withdraw_ticket(command, origin)).await?;
    Ok(StatusCode::NO_CONTENT)
}
