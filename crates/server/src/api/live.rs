//! `/api/tickets/{id}/live`: what is left and for how much, as server-sent events.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, stream};
use http::header::IF_NONE_MATCH;
use http::request::Parts;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use ticketing_core::domain::ids::TicketId;

use crate::config::Service;
use crate::extract::Named;
use crate::front_door::{Upstream, pass};
use crate::live::{Listener, LiveTicket, ToldTicket};
use crate::marketplace::App;
use crate::problem::Problem;

/// How often a silent stream is told to be alive.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The least time between two updates of one listener.
const CALM: Duration = Duration::from_millis(100);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(live_ticket))
}

/// Tells what is left of a ticket, and for how much, now and whenever it changes.
#[utoipa::path(get, path = "/api/tickets/{id}/live", tag = "tickets",
    params(("id" = String, Path, description = "The name of the ticket", format = "uuid")),
    responses(
        (status = 200, body = LiveTicket, description = "A stream of events; the data of each is the newest state", content_type = "text/event-stream"),
        (status = 404, description = "`ticket_not_found`"),
        (status = 503, description = "`unavailable`: too many listen already"),
    ))]
async fn live_ticket(
    State(app): State<App>,
    Named(ticket): Named<TicketId>,
    request: Request,
) -> Result<Response, Problem> {
    let listener = app.live.listen(ticket).map_err(Problem::unavailable)?;
    match app.elsewhere.get(Service::Tickets) {
        None => listener.begin_with(&app.tickets()?.ticket(ticket).await?),
        Some(tickets) => match ask(&app, tickets, (ticket, request.into_parts().0)).await? {
            Ok(told) => listener.begin_with_told(told),
            Err(refusal) => return Ok(refusal),
        },
    }
    let heartbeat = KeepAlive::new().interval(HEARTBEAT);
    Ok(Sse::new(events(listener)).keep_alive(heartbeat).into_response())
}

/// Asks the tickets service for a ticket; what it refuses is passed back as it is.
async fn ask(
    app: &App,
    tickets: &Upstream,
    (ticket, mut parts): (TicketId, Parts),
) -> Result<Result<ToldTicket, Response>, Problem> {
    parts.method = Method::GET;
    parts.uri = format!("/api/tickets/{ticket}").parse().map_err(Problem::broken)?;
    // Not what the caller has already, because the stream begins with what there is.
    parts.headers.remove(IF_NONE_MATCH);
    let answer = pass(app, tickets, Request::from_parts(parts, Body::empty())).await?;
    if answer.status() != StatusCode::OK {
        return Ok(Err(answer));
    }
    let body = answer.into_body().collect().await.map_err(Problem::unavailable)?.to_bytes();
    serde_json::from_slice(&body).map(Ok).map_err(Problem::broken)
}

fn events(listener: Listener) -> impl Stream<Item = Result<Event, axum::Error>> + Send {
    stream::unfold((listener, Duration::ZERO), |(mut listener, calm)| async move {
        tokio::time::sleep(calm).await;
        let news = listener.next().await?;
        Some((Event::default().json_data(news), (listener, CALM)))
    })
}
