//! `/api/live` and `/api/tickets/{id}/live`: what is left of tickets and for how much, as server-sent events.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{RawQuery, Request, State};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::future::join_all;
use futures::{Stream, stream};
use http::header::IF_NONE_MATCH;
use http::request::Parts;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use tokio::time::{Instant, sleep_until, timeout};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use ticketing_api::live::{Heartbeat, LiveTicket, LiveTicketOf};
use ticketing_api::paths;
use ticketing_api::tickets::TicketBody;
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::invalid::Invalid;

use crate::http::client::ClientInfo;
use crate::http::extract::Named;
use crate::http::problem::Problem;
use crate::network::Share;
use crate::remote::{Upstream, pass};
use crate::state::App;

use super::hub::{Listener, LiveUpdates, Update};

/// How often a stream says that it lives, and how often its tickets are looked at again.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The least time between two updates of one listener.
const CALM: Duration = Duration::from_millis(100);
/// The most tickets of one stream.
const MOST_TICKETS: usize = 32;
/// The shortest that a stream lasts.
const LIFE: Duration = Duration::from_secs(15 * 60);
/// By how much at most it lasts longer, by chance: listeners that came together do not go together.
const LONGER: Duration = Duration::from_secs(45 * 60);
/// When to come back to a network that listens as much as it may.
const CROWDED_FOR: Duration = Duration::from_secs(5);

/// What streams work with.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    pub(crate) app: App,
    pub(crate) live: LiveUpdates,
    /// The tickets service, if it runs in another process.
    pub(crate) tickets: Option<Upstream>,
}

pub(crate) fn routes() -> OpenApiRouter<Streams> {
    OpenApiRouter::new().routes(routes!(live_tickets)).routes(routes!(live_ticket))
}

/// Streams what is left of several tickets, and the prices, now and whenever one changes.
///
/// A browser needs one stream, whatever it shows. Beside its messages a stream has an event of the type
/// `heartbeat` at its beginning and every 15 seconds, with the server's time: after 30 seconds of silence
/// connect again. It ends by itself after 15 to 60 minutes; connect again then as well. Tickets that
/// do not exist are passed over, as long as one does.
#[utoipa::path(get, path = "/api/live", tag = "tickets",
    params(("ticket" = Vec<String>, Query, description = "The ids of the tickets, 32 at most: `ticket=…&ticket=…`")),
    responses(
        (status = 200, body = LiveTicketOf, description = "A stream of events; the data of each message is the newest state of one ticket", content_type = "text/event-stream"),
        (status = 404, description = "`ticket_not_found`: there is none of them"),
        (status = 422, description = "`invalid`: no ids, or too many"),
        (status = 429, description = "`rate_limited`: too many of the same network listen already"),
        (status = 503, description = "`unavailable`: too many listen already"),
    ))]
async fn live_tickets(
    State(streams): State<Streams>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let tickets = tickets_of(query.as_deref().unwrap_or_default())?;
    open(streams, &tickets, tell_which, request).await
}

/// Streams what is left of a ticket, and its price, now and whenever it changes.
///
/// Beside its messages the stream has heartbeats and an end, as that of `/api/live`.
#[utoipa::path(get, path = "/api/tickets/{id}/live", tag = "tickets",
    params(("id" = String, Path, description = "The id of the ticket", format = "uuid")),
    responses(
        (status = 200, body = LiveTicket, description = "A stream of events; the data of each message is the newest state", content_type = "text/event-stream"),
        (status = 404, description = "`ticket_not_found`"),
        (status = 429, description = "`rate_limited`: too many of the same network listen already"),
        (status = 503, description = "`unavailable`: too many listen already"),
    ))]
async fn live_ticket(
    State(streams): State<Streams>,
    Named(ticket): Named<TicketId>,
    request: Request,
) -> Result<Response, Problem> {
    open(streams, &[ticket], tell_state, request).await
}

/// The tickets that a query names, each once.
fn tickets_of(query: &str) -> Result<Vec<TicketId>, Problem> {
    let wrong = || Problem::from(Invalid::new("ticket", "must be given between 1 and 32 times, each time an id"));
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).map_err(|_| wrong())?;
    let ids = pairs.into_iter().filter(|(name, _)| name == "ticket").map(|(_, id)| id.parse());
    let mut tickets: Vec<TicketId> = ids.collect::<Result<_, _>>().map_err(|_| wrong())?;
    tickets.sort_unstable();
    tickets.dedup();
    if (1..=MOST_TICKETS).contains(&tickets.len()) { Ok(tickets) } else { Err(wrong()) }
}

/// Writes the state of a ticket as an event.
type Tell = fn(TicketId, LiveTicket) -> Result<Event, axum::Error>;

fn tell_which(ticket: TicketId, state: LiveTicket) -> Result<Event, axum::Error> {
    Event::default().json_data(LiveTicketOf { ticket, state })
}

fn tell_state(_: TicketId, state: LiveTicket) -> Result<Event, axum::Error> {
    Event::default().json_data(state)
}

/// Opens a stream: the one place where listeners are let in.
async fn open(streams: Streams, tickets: &[TicketId], tell: Tell, request: Request) -> Result<Response, Problem> {
    let app = &streams.app;
    let address = ClientInfo::in_request(request.extensions())?.address;
    let share = app.guards.listeners.take(address).ok_or_else(|| {
        app.metrics.guarded("live_streams");
        Problem::rate_limited(CROWDED_FOR)
    })?;
    let listener = streams.live.listen(tickets).map_err(Problem::unavailable)?;
    let mut watch = Watch::new(streams, listener, share, request.into_parts().0);
    if let Err(refusal) = watch.begin().await? {
        return Ok(refusal);
    }
    Ok(Sse::new(events(watch, tell)).into_response())
}

fn events(watch: Watch, tell: Tell) -> impl Stream<Item = Result<Event, axum::Error>> + Send {
    stream::unfold(watch, move |mut watch| async move {
        let app = App::clone(&watch.streams.app);
        let told = tokio::select! {
            biased;
            () = app.stopping.requested() => None,
            () = sleep_until(watch.ends_at) => None,
            told = watch.next() => told,
        }?;
        let event = match told {
            Told::State(ticket, state) => tell(ticket, state.at(app.env.now())),
            Told::Heartbeat => Event::default().event("heartbeat").json_data(Heartbeat { now: app.env.now() }),
        };
        Some((event, watch))
    })
}

/// Whether a refusal says something about the ticket, and nothing about its neighbours.
fn is_about_it_alone(status: StatusCode) -> bool {
    matches!(status, StatusCode::NOT_FOUND | StatusCode::INTERNAL_SERVER_ERROR)
}

/// What a stream carries.
enum Told {
    State(TicketId, LiveTicket),
    Heartbeat,
}

/// Somebody who watches tickets, and how to look at them.
struct Watch {
    streams: Streams,
    /// Of the request that asked for it.
    parts: Parts,
    listener: Listener,
    heartbeat_at: Instant,
    /// Whether a heartbeat was sent.
    begun: bool,
    /// What is looked at before anything else is heard.
    doubted: VecDeque<TicketId>,
    calm_until: Instant,
    ends_at: Instant,
    /// Of what its network may hold.
    _share: Share,
}

impl Watch {
    fn new(streams: Streams, listener: Listener, share: Share, parts: Parts) -> Self {
        let now = Instant::now();
        let chance = streams.app.env.ids.secret().first().copied().unwrap_or_default();
        let ends_at = now + LIFE + LONGER * u32::from(chance) / 255;
        Self {
            streams,
            parts,
            listener,
            heartbeat_at: now,
            begun: false,
            doubted: VecDeque::new(),
            calm_until: now,
            ends_at,
            _share: share,
        }
    }

    async fn next(&mut self) -> Option<Told> {
        loop {
            self.look_again().await;
            let update = tokio::select! {
                biased;
                () = sleep_until(self.heartbeat_at) => None,
                update = async {
                    sleep_until(self.calm_until).await;
                    self.listener.next().await
                } => Some(update?),
            };
            match update {
                None => {
                    self.heartbeat_at = Instant::now() + HEARTBEAT;
                    if std::mem::replace(&mut self.begun, true) {
                        // What a process left untold when it died is seen now.
                        self.doubted.extend(self.listener.take_unread_for(HEARTBEAT / 2));
                    }
                    return Some(Told::Heartbeat);
                }
                Some(Update::News(ticket, state)) => {
                    self.calm_until = Instant::now() + CALM;
                    return Some(Told::State(ticket, state));
                }
                Some(Update::Doubt(ticket)) => self.doubted.push_back(ticket),
            }
        }
    }

    /// A look that fails is made up for by the next one.
    async fn look_again(&mut self) {
        let tickets: Vec<_> = self.doubted.drain(..).collect();
        if tickets.is_empty() {
            return;
        }
        let looks = join_all(tickets.into_iter().map(|ticket| self.look(ticket)));
        let looked = timeout(self.streams.app.http.request_timeout, looks).await;
        let failed = looked.map(|looks| looks.iter().filter(|look| !matches!(look, Ok(Ok(())))).count());
        if failed != Ok(0) {
            tracing::debug!(?failed, "some watched tickets could not be looked at");
        }
    }

    /// Looks at all tickets for the first time. Of those that do not exist or cannot be read nothing will be heard.
    async fn begin(&mut self) -> Result<Result<(), Response>, Problem> {
        let tickets: Vec<_> = self.listener.tickets().collect();
        let looks = join_all(tickets.iter().map(|ticket| self.look(*ticket))).await;
        let mut missing = None;
        for (ticket, look) in tickets.iter().zip(looks) {
            match look {
                Ok(Ok(())) => continue,
                Ok(Err(refusal)) if !is_about_it_alone(refusal.status()) => return Ok(Err(refusal)),
                Err(problem) if !is_about_it_alone(problem.status()) => return Err(problem),
                absent => missing = Some(absent),
            }
            self.listener.forget(*ticket);
        }
        match missing {
            Some(absent) if self.listener.tickets().next().is_none() => absent,
            Some(_) | None => Ok(Ok(())),
        }
    }

    /// Begins with what the tickets service knows; what that refuses is passed back as it is.
    async fn look(&self, ticket: TicketId) -> Result<Result<(), Response>, Problem> {
        let told = match &self.streams.tickets {
            None => {
                self.listener.begin_with(&self.streams.app.tickets()?.ticket(ticket).await?);
                return Ok(Ok(()));
            }
            Some(tickets) => self.ask(tickets, ticket).await?,
        };
        Ok(told.map(|told| self.listener.begin_with_answer(ticket, told)))
    }

    async fn ask(&self, tickets: &Upstream, ticket: TicketId) -> Result<Result<TicketBody, Response>, Problem> {
        let mut parts = self.parts.clone();
        parts.method = Method::GET;
        parts.uri = paths::ticket(ticket).parse().map_err(Problem::broken)?;
        // Not what the caller has already, because the stream begins with what there is.
        parts.headers.remove(IF_NONE_MATCH);
        let answer = pass(tickets, Request::from_parts(parts, Body::empty())).await?;
        if answer.status() != StatusCode::OK {
            return Ok(Err(answer));
        }
        let body = answer.into_body().collect().await.map_err(Problem::unavailable)?.to_bytes();
        serde_json::from_slice(&body).map(Ok).map_err(Problem::broken)
    }
}
