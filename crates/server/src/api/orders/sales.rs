//! `/api/orders/for/{ticket}`: what a ticket sold, as JSON page by page or as one table.

mod table;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures::stream::{self, TryStreamExt};
use http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use ticketing_api::page::PageQuery;
use ticketing_api::sales::{SaleBody, SalesPage};
use ticketing_core::domain::ids::{AccountId, OrderId, TicketId};
use ticketing_core::ports::store::Page;
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::orders::Orders;

use crate::api::list::{ListId, MOST};
use crate::http::extract::{Json, Named, Query};
use crate::http::problem::Problem;
use crate::state::{Actor, App};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(orders_for))
}

/// Lists the orders of a ticket, for its seller, with what they come to.
///
/// With `Accept: text/csv` all orders from the cursor on come as one table (RFC 4180, UTF-8); a text that a spreadsheet would take for a formula begins with an apostrophe there.
#[utoipa::path(get, path = "/api/orders/for/{ticket}", tag = "orders",
    params(("ticket" = String, Path, description = "The id of the ticket", format = "uuid"), PageQuery,
        ("Accept" = Option<String>, Header, description = "`text/csv` for a table")),
    security(("cookie" = []), ("bearer" = [])), responses(
    (status = 200, body = SalesPage, description = "Newest first"),
    (status = 400, description = "`bad_cursor`, `malformed`"),
    (status = 401, description = "`not_signed_in`, `session_over`"),
    (status = 404, description = "`ticket_not_found`: there is none, or somebody else sells it"),
    (status = 422, description = "`invalid`"),
))]
async fn orders_for(
    State(app): State<App>,
    actor: Actor,
    Named(ticket): Named<TicketId>,
    Query(query): Query<PageQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let list = ListId::new("orders for", &[Some(&ticket.to_string())]);
    let page = list.page(&query, OrderId::new)?;
    if wants_table(&headers) {
        return whole_table(&app, SalesOf { ticket, seller: actor.account }, page.after).await;
    }
    let found = app.metrics.use_case("sales_of", app.orders()?.sales_of(ticket, actor.account, page)).await?;
    let body = SalesPage {
        title: found.event.title.clone(),
        totals: found.totals.iter().map(Into::into).collect(),
        items: found.orders.items.into_iter().map(SaleBody::from).collect(),
        next_cursor: found.orders.next.map(|id| list.cursor(0, id.uuid())),
    };
    Ok(([(VARY, HeaderValue::from_static("accept"))], Json(body)).into_response())
}

/// Whether a table is asked for by name; a client that takes anything gets JSON.
fn wants_table(headers: &HeaderMap) -> bool {
    let kinds =
        headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let mut wanted = kinds.filter(|kind| !kind.replace(' ', "").ends_with(";q=0"));
    wanted.any(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/csv"))
}

#[derive(Debug, Clone, Copy)]
struct SalesOf {
    ticket: TicketId,
    seller: AccountId,
}

/// Where a table goes on.
enum Row {
    Next(Page<OrderId>),
    End,
}

/// The table as it is read: never more than a page of it is in memory.
///
/// A failure on a later page breaks the body off, so that nobody takes half a table for all of it.
async fn whole_table(app: &App, of: SalesOf, after: Option<OrderId>) -> Result<Response, Problem> {
    let orders = app.orders()?.clone();
    let page = Page { after, limit: MOST };
    // The first page decides the status.
    let (first, next) = app.metrics.use_case("orders_for", rows(&orders, of, page)).await?;
    let rest = stream::try_unfold(next, move |at| {
        let orders = orders.clone();
        async move {
            match at {
                Row::Next(page) => rows(&orders, of, page).await.map(Some),
                Row::End => Ok(None),
            }
        }
    });
    let first = stream::iter([Ok::<_, Error>(table::HEAD.to_owned()), Ok(first)]);
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present")),
        (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"sales.csv\"")),
        (VARY, HeaderValue::from_static("accept")),
    ];
    Ok((headers, Body::from_stream(futures::StreamExt::chain(first, rest).into_stream())).into_response())
}

async fn rows(orders: &Orders, of: SalesOf, page: Page<OrderId>) -> Result<(String, Row), Error> {
    let found = orders.orders_for(of.ticket, of.seller, page).await?;
    let next = found.next.map_or(Row::End, |after| Row::Next(Page { after: Some(after), ..page }));
    Ok((found.items.into_iter().map(|order| table::row(&order.into())).collect(), next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(accept: &'static str) -> bool {
        wants_table(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]))
    }

    #[test]
    fn a_table_is_asked_for_by_name() {
        assert!(asked("text/csv") && asked("application/json;q=0.5, Text/CSV; header=present"));
        assert!(!asked("*/*") && !asked("application/json") && !asked("text/csv; q=0, */*"));
    }
}
