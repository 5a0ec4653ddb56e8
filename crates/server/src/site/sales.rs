//! `/tickets/{id}/sales`: what a ticket sold, for its seller.

use axum::response::{Html, IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

use ticketing_api::paths;
use ticketing_api::sales::{SaleBody, SalesPage as Sales, SalesTotalBody};
use ticketing_core::domain::ids::TicketId;
use ticketing_web::{SaleRow, SalesPage, SalesTotal, sales_page};

use crate::http::extract::{Lenient, Named};

use super::context::ActorContext;
use super::refusal::Refusal;
use super::view::{Place, money, order_status, time};

pub(super) async fn sales(
    Named(ticket): Named<TicketId>,
    ActorContext { context, .. }: ActorContext,
    Lenient(place): Lenient<Place>,
) -> Result<Html<String>, Refusal> {
    let found: Sales = context.read(&place.of_list(&paths::orders_for(ticket))).await?;
    Ok(Html(sales_page(SalesPage {
        shell: context.shell(),
        id: ticket.to_string(),
        title: found.title.to_string(),
        totals: found.totals.into_iter().map(total).collect(),
        orders: found.items.iter().map(row).collect(),
        paging: place.paging(found.next_cursor),
    })))
}

/// All orders as one table. It is passed on as it is read, however long it is.
pub(super) async fn table(
    Named(ticket): Named<TicketId>,
    ActorContext { context, .. }: ActorContext,
) -> Result<Response, Refusal> {
    let api = context.api.clone().with_header(ACCEPT, HeaderValue::from_static("text/csv"));
    let answer = api.pass_on(&paths::orders_for(ticket)).await.map_err(Refusal::of)?;
    let (parts, body) = answer.into_parts();
    let kept = [CONTENT_TYPE, CONTENT_DISPOSITION].map(|name| Some((name.clone(), parts.headers.get(name)?.clone())));
    Ok((HeaderMap::from_iter(kept.into_iter().flatten()), body).into_response())
}

fn total(total: SalesTotalBody) -> SalesTotal {
    SalesTotal {
        held: total.held.places,
        sold: total.sold.places,
        refunded: total.refunded.places,
        taken: money(total.taken),
        paid_back: money(total.paid_back),
        due: money(total.due),
    }
}

fn row(SaleBody { buyer, order }: &SaleBody) -> SaleRow {
    SaleRow {
        id: order.id.to_string(),
        buyer: buyer.clone(),
        status: order_status(order),
        quantity: order.quantity,
        total: money(order.total),
        placed_at: order.placed_at.to_string(),
        settled_at: time(order.refunded_at.or(order.cancelled_at).or(order.completed_at)),
    }
}
