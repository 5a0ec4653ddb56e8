//! What the API says of what it acknowledged.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::stream::{self, StreamExt};
use ticketing_api::client::{Client, ClientError};
use ticketing_api::orders::{CancelReasonBody, OrderBody, OrderPage, OrderStatusBody};
use ticketing_api::page::PageQuery;
use ticketing_api::tickets::{TicketBody, TicketPage};
use ticketing_core::domain::ids::TicketId;
use uuid::Uuid;

use crate::ledger::{Ledger, Violation, Wanted};
use crate::load::Shop;
use crate::market::Errand;
use crate::people::Person;

/// How many people are asked at a time.
const AT_ONCE: usize = 4;

/// Asks everybody for everything they ever ordered and sold.
pub(super) async fn judge(shop: &Arc<Shop>) -> Vec<Violation> {
    let (mut violations, mut orders, mut tickets) = (Vec::new(), Vec::new(), Vec::new());
    let buyers = shop.buyers();
    let mut asked = stream::iter(&buyers).map(|buyer| orders_of(shop, buyer)).buffer_unordered(AT_ONCE);
    while let Some(list) = asked.next().await {
        keep(list, &mut orders, &mut violations);
    }
    for seller in shop.offers.sellers() {
        keep(tickets_of(shop, &seller).await, &mut tickets, &mut violations);
    }
    let ledger = shop.ledger().clone();
    violations.extend(judge_orders(&orders, &ledger));
    violations.extend(judge_tickets(&tickets, &orders, &ledger));
    violations.extend(judge_accounts(shop, &ledger).await);
    violations
}

fn keep<T>(list: Result<Vec<T>, String>, all: &mut Vec<T>, violations: &mut Vec<Violation>) {
    match list {
        Ok(list) => all.extend(list),
        Err(detail) => violations.push(Violation::new("list-unreadable", detail)),
    }
}

async fn orders_of(shop: &Shop, buyer: &Person) -> Result<Vec<OrderBody>, String> {
    let read = |client: Client, page| async move { client.orders(&page).await };
    every(shop, buyer, read, |OrderPage { items, next_cursor }| (items, next_cursor)).await
}

async fn tickets_of(shop: &Shop, seller: &Person) -> Result<Vec<TicketBody>, String> {
    let read = |client: Client, page| async move { client.my_tickets(&page).await };
    every(shop, seller, read, |TicketPage { items, next_cursor }| (items, next_cursor)).await
}

/// Every page of a list of somebody's.
async fn every<T, P, F>(
    shop: &Shop,
    person: &Person,
    read: impl Fn(Client, PageQuery) -> F + Send + Sync,
    parts: fn(P) -> (Vec<T>, Option<String>),
) -> Result<Vec<T>, String>
where
    F: Future<Output = Result<P, ClientError>>,
{
    let (mut all, mut next) = (Vec::new(), Some(PageQuery::first(100)));
    while let Some(page) = next {
        let read = |client| read(client, page.clone());
        let answer = person.insist(&shop.market, Errand::new("list"), read).await;
        let answer = answer.ok_or_else(|| format!("the list of {} has no answer", person.email))?;
        let found = answer.outcome.map_err(|refusal| format!("the list of {}: {refusal:?}", person.email))?;
        let (items, cursor) = parts(found);
        all.extend(items);
        next = page.next(cursor);
    }
    Ok(all)
}

/// Every order that was acknowledged is listed, as what it is, and has come to an end.
fn judge_orders(orders: &[OrderBody], ledger: &Ledger) -> Vec<Violation> {
    let mut found = Vec::new();
    let listed: HashMap<Uuid, &OrderBody> = orders.iter().map(|order| (order.id.uuid(), order)).collect();
    for (id, Wanted { ticket, quantity, .. }) in &ledger.orders {
        let order = listed.get(id);
        let is_it = order.is_some_and(|order| (order.ticket.id.uuid(), order.quantity) == (*ticket, *quantity));
        if !is_it {
            found.push(Violation::new("order-not-listed", format!("order {id} of ticket {ticket}: {order:?}")));
        }
    }
    for order in orders {
        let is_legal = match (order.status, order.cancel_reason) {
            (OrderStatusBody::Completed, None) => {
                let gone = [&ledger.cancelled, &ledger.refunds.done];
                !gone.iter().any(|gone| gone.contains(&order.id.uuid()))
                    && !ledger.call_offs.done.contains(&order.ticket.id.uuid())
            }
            (OrderStatusBody::Cancelled, Some(CancelReasonBody::Expired)) => {
                !ledger.cancelled.contains(&order.id.uuid())
            }
            (OrderStatusBody::Cancelled, Some(CancelReasonBody::ByBuyer)) => true,
            (OrderStatusBody::Cancelled, Some(CancelReasonBody::CalledOff)) => {
                ledger.call_offs.asked.contains(&order.ticket.id.uuid())
            }
            (OrderStatusBody::Refunded, None) => {
                ledger.call_offs.asked.contains(&order.ticket.id.uuid())
                    || ledger.refunds.asked.contains(&order.id.uuid())
            }
            _ => false,
        };
        if !is_legal {
            found.push(Violation::new("order-has-no-right-end", format!("{order:?}")));
        }
    }
    found
}

/// What sellers see adds up with what buyers see.
fn judge_tickets(tickets: &[TicketBody], orders: &[OrderBody], ledger: &Ledger) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut bought: HashMap<TicketId, u32> = HashMap::new();
    for order in orders.iter().filter(|order| order.status == OrderStatusBody::Completed) {
        *bought.entry(order.ticket.id).or_default() += order.quantity;
    }
    for ticket in tickets {
        let bought = bought.get(&ticket.id).copied().unwrap_or_default();
        if bought > ticket.quantity || (ticket.held, ticket.sold) != (Some(0), Some(bought)) {
            let detail = format!("{ticket:?}, but buyers have {bought} places");
            found.push(Violation::new("seller-and-buyers", detail));
        }
    }
    let listed: HashSet<Uuid> = tickets.iter().map(|ticket| ticket.id.uuid()).collect();
    let missing = ledger.tickets.keys().filter(|ticket| !listed.contains(ticket));
    found.extend(missing.map(|ticket| Violation::new("ticket-not-listed", format!("ticket {ticket}"))));
    found
}

/// Everybody who signed up can sign in.
async fn judge_accounts(shop: &Shop, ledger: &Ledger) -> Vec<Violation> {
    let tries = stream::iter(&ledger.accounts).map(|email| async move {
        let signed_in = Person::sign_in(&shop.market, email).await.is_some();
        (!signed_in).then(|| Violation::new("account-lost", format!("{email} cannot sign in")))
    });
    tries.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ORDER: Uuid = Uuid::from_u128(1);
    const TICKET: Uuid = Uuid::from_u128(2);

    /// As the API would show them.
    fn order(status: &str, reason: Option<&str>) -> OrderBody {
        let price = json!({"amount": 5, "currency": "EUR"});
        let body = json!({
            "id": ORDER, "status": status, "cancelReason": reason, "quantity": 3, "price": price, "total": price,
            "ticket": {"id": TICKET, "title": "Opera"}, "placedAt": "2030-06-01T19:30:00Z", "version": 1,
        });
        serde_json::from_value(body).unwrap()
    }

    fn ticket(held: u32, sold: u32, quantity: u32) -> [TicketBody; 1] {
        let body = json!({
            "id": TICKET, "sellerId": TICKET, "title": "Opera", "price": {"amount": 5, "currency": "EUR"},
            "quantity": quantity, "held": held, "sold": sold, "available": 0, "status": "onSale",
            "createdAt": "2030-06-01T19:30:00Z", "version": 1, "salesVersion": 1,
        });
        [serde_json::from_value(body).unwrap()]
    }

    fn ledger() -> Ledger {
        let wanted = Wanted { buyer: Uuid::nil(), ticket: TICKET, quantity: 3 };
        Ledger {
            orders: HashMap::from([(ORDER, wanted)]),
            tickets: HashMap::from([(TICKET, Uuid::nil())]),
            ..Ledger::default()
        }
    }

    fn rules(found: &[Violation]) -> Vec<&'static str> {
        found.iter().map(|violation| violation.rule).collect()
    }

    #[test]
    fn an_order_ends_in_one_of_three_ways() {
        for (status, reason) in [("completed", None), ("cancelled", Some("byBuyer")), ("cancelled", Some("expired"))] {
            assert_eq!(rules(&judge_orders(&[order(status, reason)], &ledger())), [""; 0]);
        }
        for (status, reason) in [("awaitingPayment", None), ("cancelled", None), ("completed", Some("expired"))] {
            assert_eq!(rules(&judge_orders(&[order(status, reason)], &ledger())), ["order-has-no-right-end"]);
        }
    }

    #[test]
    fn an_acknowledged_order_is_listed_as_it_was_acknowledged() {
        let another = OrderBody { quantity: 4, ..order("completed", None) };

        assert_eq!(rules(&judge_orders(&[], &ledger())), ["order-not-listed"]);
        assert_eq!(rules(&judge_orders(&[another], &ledger())), ["order-not-listed"]);
    }

    #[test]
    fn an_acknowledged_cancellation_is_the_end() {
        let mut ledger = ledger();
        ledger.cancelled.insert(ORDER);

        assert_eq!(rules(&judge_orders(&[order("cancelled", Some("byBuyer"))], &ledger)), [""; 0]);
        assert_eq!(rules(&judge_orders(&[order("completed", None)], &ledger)), ["order-has-no-right-end"]);
        assert_eq!(rules(&judge_orders(&[order("cancelled", Some("expired"))], &ledger)), ["order-has-no-right-end"]);
    }

    #[test]
    fn an_order_is_refunded_because_somebody_asked_for_it() {
        let (refunded, kept) = ([order("refunded", None)], [order("completed", None)]);
        let (mut by_seller, mut called_off) = (ledger(), ledger());
        by_seller.refunds.asked.insert(ORDER);
        called_off.call_offs.asked.insert(TICKET);

        assert_eq!(rules(&judge_orders(&refunded, &ledger())), ["order-has-no-right-end"]);
        for asked in [&mut by_seller, &mut called_off] {
            assert_eq!(rules(&judge_orders(&refunded, asked)), [""; 0]);
            assert_eq!(rules(&judge_orders(&kept, asked)), [""; 0], "nobody said that it was done");
            asked.refunds.done = asked.refunds.asked.clone();
            asked.call_offs.done = asked.call_offs.asked.clone();
            assert_eq!(rules(&judge_orders(&kept, asked)), ["order-has-no-right-end"]);
        }
        let cancelled = [order("cancelled", Some("calledOff"))];
        assert_eq!(rules(&judge_orders(&cancelled, &called_off)), [""; 0]);
        assert_eq!(rules(&judge_orders(&cancelled, &by_seller)), ["order-has-no-right-end"]);
    }

    #[test]
    fn a_seller_sold_what_buyers_bought() {
        let orders = [order("completed", None)];
        assert_eq!(rules(&judge_tickets(&ticket(0, 3, 3), &orders, &ledger())), [""; 0]);
        for wrong in [ticket(0, 2, 3), ticket(1, 3, 9), ticket(0, 3, 2)] {
            assert_eq!(rules(&judge_tickets(&wrong, &orders, &ledger())), ["seller-and-buyers"], "{wrong:?}");
        }
        assert_eq!(rules(&judge_tickets(&[], &[], &ledger())), ["ticket-not-listed"]);
    }
}
