//! `/api/tickets*`: what is on sale, and what a seller has on sale.
#![expect(unused_qualifications, reason = "utoipa's macro writes them")]

mod search;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, ETAG, LOCATION};
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::invalid::Invalid;
use ticketing_core::domain::money::{Money, Price, Quantity};
use ticketing_core::domain::ticket::{Details, DetailsInput, Listing, Offer, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::store::Page;
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::tickets::{CreateTicket, UpdateTicket, WithdrawTicket};

use crate::http::auth::current_user::{Author, CurrentUser};
use crate::http::etag::{IfMatch, IfNoneMatch, etag};
use crate::http::extract::{Json, Named, Query, RequestKey};
use crate::http::problem::Problem;
use crate::state::App;

use super::list::{ListId, given, limit};
use super::money::MoneyBody;
use super::{optional_text, text};

pub use search::TicketSearch;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(search_tickets, create_ticket)).routes(routes!(my_tickets)).routes(routes!(
        ticket,
        update_ticket,
        withdraw_ticket
    ))
}

/// What a seller asks to have on sale.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfferBody {
    /// 1 to 120 characters.
    #[schema(example = "La traviata, stalls", max_length = 120)]
    pub title: String,
    /// Up to 4,000 characters, several lines.
    #[schema(max_length = 4000)]
    pub description: Option<String>,
    /// Where it happens.
    #[schema(example = "State Opera", max_length = 120)]
    pub venue: Option<String>,
    /// In which city.
    #[schema(example = "Vienna", max_length = 80)]
    pub city: Option<String>,
    /// Of which kind.
    #[schema(example = "opera", max_length = 40)]
    pub category: Option<String>,
    /// When the event begins; in the future.
    #[schema(example = "2030-06-01T19:30:00Z", format = "date-time")]
    pub starts_at: Option<String>,
    /// Of one place; above zero.
    pub price: MoneyBody<'static>,
    /// How many places there are in all.
    #[schema(minimum = 1, maximum = 1000, example = 4)]
    pub quantity: u32,
    /// The most places that one buyer may have, held and bought together; the marketplace's own limits if absent.
    #[schema(minimum = 1, maximum = 1000, example = 4)]
    pub max_per_buyer: Option<u32>,
}

impl OfferBody {
    /// The offer; texts that are as they were in `old` may stay as they are.
    fn offer(self, old: Option<&Details>) -> Result<Offer, Error> {
        let starts_at = starts_at(self.starts_at.as_deref());
        let price = Money::try_from(self.price).and_then(Price::new);
        let quantity = Quantity::new(self.quantity);
        let details = DetailsInput {
            title: &self.title,
            description: self.description.as_deref(),
            venue: self.venue.as_deref(),
            city: self.city.as_deref(),
            category: self.category.as_deref(),
            starts_at: starts_at.as_ref().copied().unwrap_or_default(),
        };
        let details = Details::parse_over(details, old);
        let max_per_buyer = self.max_per_buyer.map(max_per_buyer).transpose();
        match (details, starts_at, price, quantity, max_per_buyer) {
            (Ok(details), Ok(_), Ok(price), Ok(quantity), Ok(max_per_buyer)) => {
                Ok(Offer { details, price, quantity, max_per_buyer })
            }
            (details, starts_at, price, quantity, max_per_buyer) => {
                let mut wrong = details.err().unwrap_or_default();
                let others = [starts_at.err(), price.err(), quantity.err(), max_per_buyer.err()];
                wrong.extend(others.into_iter().flatten());
                Err(Error::Invalid(wrong))
            }
        }
    }
}

fn max_per_buyer(places: u32) -> Result<Quantity, Invalid> {
    Quantity::new(places).map_err(|invalid| Invalid { field: "maxPerBuyer", ..invalid })
}

fn starts_at(text: Option<&str>) -> Result<Option<Timestamp>, Invalid> {
    let Some(text) = given(text) else { return Ok(None) };
    let time = text.parse().map_err(|_| Invalid::new("startsAt", "must be a time such as 2030-06-01T19:30:00Z"))?;
    Ok(Some(time))
}

/// Whether a ticket may be ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum StatusBody {
    /// There are places left.
    OnSale,
    /// There are none left, for now.
    SoldOut,
    /// Its seller took it off sale.
    Withdrawn,
}

impl StatusBody {
    pub(crate) const fn new(status: TicketStatus, available: u32) -> Self {
        match (status, available) {
            (TicketStatus::Withdrawn, _) => Self::Withdrawn,
            (TicketStatus::OnSale, 0) => Self::SoldOut,
            (TicketStatus::OnSale, _) => Self::OnSale,
        }
    }
}

/// A ticket.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TicketBody {
    /// Its name for ever.
    #[serde(serialize_with = "text")]
    #[schema(value_type = String, format = "uuid")]
    id: TicketId,
    /// Who sells it.
    #[serde(serialize_with = "text")]
    #[schema(value_type = String, format = "uuid")]
    seller_id: AccountId,
    #[schema(value_type = String)]
    title: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    venue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    /// When the event begins.
    #[serde(serialize_with = "optional_text", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time")]
    starts_at: Option<Timestamp>,
    /// Of one place.
    price: MoneyBody<'static>,
    /// How many places there are in all.
    quantity: u32,
    /// The most places that one buyer may have, if the seller says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_per_buyer: Option<u32>,
    /// How many are left, as far as is known.
    available: u32,
    status: StatusBody,
    /// Places of orders that await payment; for the seller alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<u32>,
    /// Places of completed orders; for the seller alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    sold: Option<u32>,
    #[serde(serialize_with = "text")]
    #[schema(value_type = String, format = "date-time")]
    created_at: Timestamp,
    /// Moves with every change of the offer; the first part of the `ETag`, which `If-Match` compares.
    version: u64,
    /// Moves with every change of what is held and sold; the second part of the `ETag`.
    sales_version: u64,
}

impl TicketBody {
    fn of(listing: Listing) -> Self {
        let (available, sales_version) = (listing.available(), listing.sales.version);
        let ticket = listing.ticket;
        let Offer { details, price, quantity, max_per_buyer } = ticket.offer;
        Self {
            id: ticket.id,
            seller_id: ticket.seller,
            title: details.title,
            description: details.description,
            venue: details.venue,
            city: details.city,
            category: details.category,
            starts_at: details.starts_at,
            price: price.money().into(),
            quantity: quantity.get(),
            max_per_buyer: max_per_buyer.map(Quantity::get),
            available,
            status: StatusBody::new(ticket.status, available),
            held: None,
            sold: None,
            created_at: ticket.created_at,
            version: ticket.version,
            sales_version,
        }
    }

    /// With what only its seller may know.
    fn of_own(listing: Listing) -> Self {
        let sales = listing.sales;
        Self { held: Some(sales.held), sold: Some(sales.sold), ..Self::of(listing) }
    }
}

/// Some tickets, and where to read on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TicketPage {
    items: Vec<TicketBody>,
    /// Asks for the next page, together with the same filters; null behind the last.
    next_cursor: Option<String>,
}

/// Finds tickets on sale.
#[utoipa::path(get, path = "/api/tickets", tag = "tickets", params(TicketSearch), responses(
    (status = 200, body = TicketPage, description = "Tickets that match every filter"),
    (status = 400, description = "`bad_cursor`, or `malformed` for a parameter that does not exist"),
    (status = 422, description = "`invalid`: a parameter has no such value"),
))]
async fn search_tickets(State(app): State<App>, Query(search): Query<TicketSearch>) -> Result<Response, Problem> {
    let list = search.list();
    let found = app.tickets()?.search_tickets(search.query(list, app.env.now())?).await?;
    let page = TicketPage {
        items: found.items.into_iter().map(TicketBody::of).collect(),
        next_cursor: found.next.map(|cursor| list.cursor(cursor.rank, cursor.id.uuid())),
    };
    Ok((MAY_BE_KEPT, Json(page)).into_response())
}

/// For everybody's eyes: it may be kept, and must be asked for anew before it is shown again.
const MAY_BE_KEPT: [(http::HeaderName, HeaderValue); 1] = [(CACHE_CONTROL, HeaderValue::from_static("no-cache"))];

/// Puts a ticket on sale.
///
/// The same request under the same `Idempotency-Key` is answered with the ticket it made before, as it is now.
#[utoipa::path(post, path = "/api/tickets", tag = "tickets", request_body = OfferBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 200 visible characters: asking twice offers once")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 201, body = TicketBody, description = "The ticket"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 422, description = "`invalid`, `starts_in_the_past`, `currency_not_in_use`, `idempotency_key_reused`"),
))]
async fn create_ticket(
    State(app): State<App>,
    Author { user, origin }: Author,
    RequestKey(key): RequestKey,
    Json(body): Json<OfferBody>,
) -> Result<Response, Problem> {
    let command = CreateTicket { seller: user.account, offer: body.offer(None)?, key };
    let listing = app.tickets()?.create_ticket(command, origin).await?;
    let location = [(LOCATION, format!("/api/tickets/{}", listing.ticket.id))];
    let tag = [(ETAG, tag_of(&listing))];
    Ok((StatusCode::CREATED, location, tag, Json(TicketBody::of_own(listing))).into_response())
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Where the page before ended.
    pub cursor: Option<String>,
    /// How many entries; 1 to 100, 20 if nobody says.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Option<String>,
}

impl PageQuery {
    /// The page of a list whose entries are ordered by their names alone.
    pub(crate) fn page<C>(&self, list: ListId, name: impl FnOnce(uuid::Uuid) -> C) -> Result<Page<C>, Problem> {
        let limit = limit(self.limit.as_deref()).map_err(|wrong| Problem::invalid(vec![wrong]))?;
        let place = given(self.cursor.as_deref()).map(|cursor| list.place(cursor)).transpose()?;
        Ok(Page { after: place.map(|(_, id)| name(id)), limit })
    }
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
    user: CurrentUser,
    Query(query): Query<PageQuery>,
) -> Result<Json<TicketPage>, Problem> {
    let list = ListId::new("tickets of", &[Some(&user.account.to_string())]);
    let found = app.tickets()?.tickets_of(user.account, query.page(list, TicketId::new)?).await?;
    Ok(Json(TicketPage {
        items: found.items.into_iter().map(TicketBody::of_own).collect(),
        next_cursor: found.next.map(|id| list.cursor(0, id.uuid())),
    }))
}

/// Shows a ticket. One that was withdrawn stays to be seen.
#[utoipa::path(get, path = "/api/tickets/{id}", tag = "tickets",
    params(("id" = String, Path, description = "The name of the ticket", format = "uuid"),
           ("If-None-Match" = Option<String>, Header, description = "The `ETag` of what the caller has")),
    responses(
        (status = 200, body = TicketBody, description = "The ticket, with the versions of its offer and of its sales as `ETag`: `\"3.17\"`"),
        (status = 304, description = "Nothing changed of what the caller has"),
        (status = 404, description = "`ticket_not_found`"),
    ))]
async fn ticket(State(app): State<App>, Named(id): Named<TicketId>, known: IfNoneMatch) -> Result<Response, Problem> {
    let listing = app.tickets()?.ticket(id).await?;
    let tag = tag_of(&listing);
    let is_known = known.has(&tag);
    let tag = [(ETAG, tag)];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, MAY_BE_KEPT, tag).into_response());
    }
    Ok((MAY_BE_KEPT, tag, Json(TicketBody::of(listing))).into_response())
}

fn tag_of(listing: &Listing) -> HeaderValue {
    etag(listing.ticket.version, listing.sales.version)
}

/// Replaces the offer of a ticket. Prices of running orders stay.
#[utoipa::path(put, path = "/api/tickets/{id}", tag = "tickets", request_body = OfferBody,
    params(("id" = String, Path, description = "The name of the ticket", format = "uuid"),
           ("If-Match" = Option<String>, Header, description = "The `ETag`s that the change is meant for, or `*`; what was sold since then does not count")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = TicketBody, description = "The ticket as it is now"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 403, description = "`not_seller`"),
    (status = 404, description = "`ticket_not_found`"),
    (status = 409, description = "`ticket_withdrawn`, `quantity_below_sales`"),
    (status = 412, description = "`stale_version`"),
    (status = 422, description = "`invalid`, `starts_in_the_past`, `currency_not_in_use`"),
))]
async fn update_ticket(
    State(app): State<App>,
    Author { user, origin }: Author,
    (Named(ticket), IfMatch(expected)): (Named<TicketId>, IfMatch),
    Json(body): Json<OfferBody>,
) -> Result<Response, Problem> {
    let tickets = app.tickets()?;
    // Without it no text is older than its rule, and the change itself says why it could not be read.
    let old = tickets.ticket(ticket).await.ok();
    let offer = body.offer(old.as_ref().map(|listing| &listing.ticket.offer.details))?;
    let command = UpdateTicket { ticket, by: user.account, expected, offer };
    let listing = tickets.update_ticket(command, origin).await?;
    Ok(([(ETAG, tag_of(&listing))], Json(TicketBody::of_own(listing))).into_response())
}

/// Takes a ticket off sale. Running orders go on.
#[utoipa::path(delete, path = "/api/tickets/{id}", tag = "tickets",
    params(("id" = String, Path, description = "The name of the ticket", format = "uuid"),
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
    Author { user, origin }: Author,
    Named(ticket): Named<TicketId>,
    IfMatch(expected): IfMatch,
) -> Result<StatusCode, Problem> {
    let command = WithdrawTicket { ticket, by: user.account, expected };
    app.tickets()?.withdraw_ticket(command, origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
