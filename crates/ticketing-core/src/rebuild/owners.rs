//! What the owners of a marketplace hold, in place of a log with another history.
//!
//! A backup is older than the log. Events of the time between are about orders that nobody has any more, and
//! those of before may have been under way. So the shadow is made of what tickets and orders hold themselves.

use std::collections::HashMap;

use crate::audit::pages::Pages;
use crate::domain::event::{Event, Topic};
use crate::domain::ids::TicketId;
use crate::domain::order::{Order, OrderChange, OrderStatus};
use crate::domain::ticket::Sales;
use crate::ports::BoxError;
use crate::ports::audit_reader::AuditReader;
use crate::ports::store::StoreError;
use crate::ports::unreadable::Unreadable;

use super::{BATCH, Differing, Progress, Rebuild, Rebuilt, compare_all};

/// Reads what the owners hold, then compares and, if asked to, replaces, as [`rebuild`](super::rebuild) does.
///
/// A record of the owner that cannot be read is reported as skipped.
///
/// # Errors
///
/// Whatever a store could not do; run it again.
pub async fn rebuild_from_owners(
    owners: &dyn AuditReader,
    replicas: &mut dyn Rebuild,
    differing: Differing,
    tell: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Rebuilt, BoxError> {
    let mut unreadable = Vec::new();
    for topic in replicas.topics().to_vec() {
        unreadable.extend(match topic {
            Topic::Tickets => tickets(owners, replicas).await?,
            Topic::Orders => orders(owners, replicas).await?,
            Topic::Accounts | Topic::Payments | Topic::Admissions | Topic::Expirations => Vec::new(),
        });
    }
    let skipped = unreadable.iter().map(ToString::to_string).collect();
    compare_all(replicas, differing, tell, Rebuilt { skipped, ..Rebuilt::default() }).await
}

async fn tickets(owners: &dyn AuditReader, replicas: &mut dyn Rebuild) -> Result<Vec<Unreadable>, StoreError> {
    let mut listings = Pages::new(BATCH, |page| owners.listings(page), |listing| listing.ticket.id);
    while let Some(listing) = listings.next().await? {
        replicas.shadow(listing.change().event());
    }
    Ok(listings.unreadable())
}

async fn orders(owners: &dyn AuditReader, replicas: &mut dyn Rebuild) -> Result<Vec<Unreadable>, StoreError> {
    let mut sales = HashMap::<TicketId, Sales>::new();
    // Order matters: an order that is placed meanwhile has sales that are too old, and then its replicas are newer.
    let mut stocks = Pages::new(BATCH, |page| owners.stocks(page), |stock| stock.ticket);
    while let Some(stock) = stocks.next().await? {
        sales.insert(stock.ticket, stock.sales);
    }
    let mut orders = Pages::new(BATCH, |page| owners.orders(page), |order| order.id);
    while let Some(order) = orders.next().await? {
        let sales = sales.get(&order.ticket.id).copied().unwrap_or_default();
        replicas.shadow(newest_of_order(order, sales));
    }
    Ok(stocks.unreadable().into_iter().chain(orders.unreadable()).collect())
}

fn newest_of_order(order: Order, sales: Sales) -> Event {
    let status = order.status;
    let change = OrderChange { order, sales };
    match status {
        OrderStatus::AwaitingPayment { .. } => Event::OrderCreated(change),
        OrderStatus::Completed { .. } => Event::OrderCompleted(change),
        OrderStatus::Refunded { .. } => Event::OrderRefunded(change),
        OrderStatus::Cancelled { .. } => Event::OrderCancelled(change),
    }
}
