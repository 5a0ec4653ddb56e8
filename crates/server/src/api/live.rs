//! `/api/tickets/{id}/live`: what is left and for how much, as server-sent events.

use std::sync::Arc;
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
use tokio::time::{Instant, sleep, sleep_until, timeout};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use ticketing_core::domain::ids::TicketId;

use crate::config::Service;
use crate::extract::Named;
use crate::front_door::{Upstream, pass};
use crate::live::{Listener, LiveTicket, ToldTicket, Update};
use crate::marketplace::App;
use crate::problem::Problem;

/// How often a silent stream is told to be alive, and how often its ticket is looked at again.
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
    let parts = request.into_parts().0;
    let watch = Watch { app, ticket, parts, listener, look_again_at: Instant::now() + HEARTBEAT };
    if let Err(refusal) = watch.look().await? {
        return Ok(refusal);
    }
    let heartbeat = KeepAlive::new().interval(HEARTBEAT);
    Ok(Sse::new(events(watch)).keep_alive(heartbeat).into_response())
}

fn events(watch: Watch) -> impl Stream<Item = Result<Event, axum::Error>> + Send {
    stream::unfold((watch, Duration::ZERO), |(mut watch, calm)| async move {
        let app = Arc::clone(&watch.app);
        let news = async {
            sleep(calm).await;
            watch.next().await
        };
        let news = tokio::select! {
            biased;
            () = app.stopping.requested() => None,
            news = news => news,
        }?;
        Some((Event::default().json_data(news), (watch, CALM)))
    })
}

/// Somebody who watches a ticket, and how to look at it.
struct Watch {
    app: App,
    ticket: TicketId,
    /// Of the request that asked for it.
    parts: Parts,
    listener: Listener,
    look_again_at: Instant,
}

impl Watch {
    async fn next(&mut self) -> Option<LiveTicket> {
        loop {
            let update = tokio::select! {
                update = self.listener.next() => update?,
                // What a process left untold when it died is seen now.
                () = sleep_until(self.look_again_at) => Update::Doubt,
            };
            match update {
                Update::News(news) => return Some(news),
                Update::Doubt => self.look_again().await,
            }
        }
    }

    /// A look that fails is made up for by the next one.
    async fn look_again(&mut self) {
        if !matches!(timeout(self.app.http.request_timeout, self.look()).await, Ok(Ok(Ok(())))) {
            tracing::debug!(ticket = %self.ticket, "a watched ticket could not be looked at");
        }
        self.look_again_at = Instant::now() + HEARTBEAT;
    }

    /// Begins with what the tickets service knows; what that refuses is passed back as it is.
    async fn look(&self) -> Result<Result<(), Response>, Problem> {
        let told = match self.app.elsewhere.get(Service::Tickets) {
            None => {
                self.listener.begin_with(&self.app.tickets()?.ticket(self.ticket).await?);
                return Ok(Ok(()));
            }
            Some(tickets) => self.ask(tickets).await?,
        };
        Ok(told.map(|told| self.listener.begin_with_told(told)))
    }

    async fn ask(&self, tickets: &Upstream) -> Result<Result<ToldTicket, Response>, Problem> {
        let mut parts = self.parts.clone();
        parts.method = Method::GET;
        parts.uri = format!("/api/tickets/{}", self.ticket).parse().map_err(Problem::broken)?;
        // Not what the caller has already, because the stream begins with what there is.
        parts.headers.remove(IF_NONE_MATCH);
        let answer = pass(&self.app, tickets, Request::from_parts(parts, Body::empty())).await?;
        if answer.status() != StatusCode::OK {
            return Ok(Err(answer));
        }
        let body = answer.into_body().collect().await.map_err(Problem::unavailable)?.to_bytes();
        serde_json::from_slice(&body).map(Ok).map_err(Problem::broken)
    }
}
