//! `/api/tickets/{id}/live`: what is left and for how much, as server-sent events.

use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, stream};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use ticketing_core::domain::ids::TicketId;

use crate::extract::Named;
use crate::live::{Listener, LiveTicket};
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
async fn live_ticket(State(app): State<App>, Named(ticket): Named<TicketId>) -> Result<Response, Problem> {
    let listener = app.live.listen(ticket).map_err(Problem::unavailable)?;
    listener.begin_with(&app.tickets.ticket(ticket).await?);
    let heartbeat = KeepAlive::new().interval(HEARTBEAT);
    Ok(Sse::new(events(listener)).keep_alive(heartbeat).into_response())
}

fn events(listener: Listener) -> impl Stream<Item = Result<Event, axum::Error>> + Send {
    stream::unfold((listener, Duration::ZERO), |(mut listener, calm)| async move {
        tokio::time::sleep(calm).await;
        let news = listener.next().await?;
        Some((Event::default().json_data(news), (listener, CALM)))
    })
}
