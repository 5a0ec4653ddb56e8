//! What the API says of what it acknowledged.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::stream::{self, StreamExt};
use serde::Deserialize;
use uuid::Uuid;

use crate::ledger::{Ledger, Violation, Wanted};
use crate::load::Shop;
use crate::market::Ask;
use crate::people::Person;

/// How many people are asked at a time.
const AT_ONCE: usize = 4;

/// An order, as its buyer sees it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    id: Uuid,
    status: String,
    quantity: u32,
    ticket: Named,
    cancel_reason: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Named {
    id: Uuid,
}

/// A ticket, as its seller sees it.
#[derive(Debug, Clone, Deserialize)]
struct Ticket {
    id: Uuid,
    quantity: u64,
    held: u64,
    sold: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

/// Asks everybody for everything they ever ordered and sold.
pub(super) async fn judge(shop: &Arc<Shop>) -> Vec<Violation> {
    let (mut violations, mut orders, mut tickets) = (Vec::new(), Vec::new(), Vec::new());
    let buyers = shop.buyers();
    let mut asked =
        stream::iter(&buyers).map(|buyer| list::<Order>(shop, buyer, "/api/orders")).buffer_unordered(AT_ONCE);
    while let Some(list) = asked.next().await {
        keep(list, &mut orders, &mut violations);
    }
    for seller in shop.offers.sellers() {
        keep(list::<Ticket>(shop, &seller, "/api/tickets/mine").await, &mut tickets, &mut violations);
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

/// Every page of a list.
async fn list<T: for<'a> Deserialize<'a>>(shop: &Shop, person: &Person, path: &str) -> Result<Vec<T>, String> {
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let from = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let ask = Ask::get("list", format!("{path}?limit=100{from}"));
        let answer = person.insist(&shop.market, &ask).await.ok_or_else(|| format!("{path} of {}", person.email))?;
        let page: Page<T> = serde_json::from_value(answer.reply.body.clone())
            .map_err(|error| format!("{path} of {}: {error}: {}", person.email, answer.reply.body))?;
        all.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(all);
        }
    }
}

/// Every order that was acknowledged is listed, as what it is, and has come to an end.
fn judge_orders(orders: &[Order], ledger: &Ledger) -> Vec<Violation> {
    let mut found = Vec::new();
    let listed: HashMap<Uuid, &Order> = orders.iter().map(|order| (order.id, order)).collect();
    for (id, Wanted { ticket, quantity, .. }) in &ledger.orders {
        let order = listed.get(id);
        let is_it = order.is_some_and(|order| (order.ticket.id, order.quantity) == (*ticket, *quantity));
        if !is_it {
            found.push(Violation::new("order-not-listed", format!("order {id} of ticket {ticket}: {order:?}")));
        }
    }
    for order in orders {
        let reason = order.cancel_reason.as_deref();
        let is_legal = match (order.status.as_str(), reason) {
            ("completed", None) => !ledger.cancelled.contains(&order.id),
            ("cancelled", Some("byBuyer")) => true,
            ("cancelled", Some("expired")) => !ledger.cancelled.contains(&order.id),
            _ => false,
        };
        if !is_legal {
            found.push(Violation::new("order-has-no-right-end", format!("{order:?}")));
        }
    }
    found
}

/// What sellers see adds up with what buyers see.
fn judge_tickets(tickets: &[Ticket], orders: &[Order], ledger: &Ledger) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut sold: HashMap<Uuid, u64> = HashMap::new();
    for order in orders.iter().filter(|order| order.status == "completed") {
        *sold.entry(order.ticket.id).or_default() += u64::from(order.quantity);
    }
    for ticket in tickets {
        let bought = sold.get(&ticket.id).copied().unwrap_or_default();
        if ticket.held + ticket.sold > ticket.quantity || (ticket.held, ticket.sold) != (0, bought) {
            let detail = format!("{ticket:?}, but buyers have {bought} places");
            found.push(Violation::new("seller-and-buyers", detail));
        }
    }
    let listed: HashSet<Uuid> = tickets.iter().map(|ticket| ticket.id).collect();
    let missing = ledger.tickets.keys().filter(|ticket| !listed.contains(ticket));
    found.extend(missing.map(|ticket| Violation::new("ticket-not-listed", format!("ticket {ticket}"))));
    found
}

/// Whoever signed up can sign in.
async fn judge_accounts(shop: &Shop, ledger: &Ledger) -> Vec<Violation> {
    let tries = stream::iter(&ledger.accounts).map(|email| async move {
        let signed_in = Person::sign_in(&shop.market, email).await.is_some();
        (!signed_in).then(|| Violation::new("account-lost", format!("{email} cannot sign in")))
    });
    tries.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: Uuid = Uuid::from_u128(1);
    const TICKET: Uuid = Uuid::from_u128(2);

    fn order(status: &str, reason: Option<&str>) -> Order {
        let cancel_reason = reason.map(str::to_owned);
        Order { id: ORDER, status: status.to_owned(), quantity: 3, ticket: Named { id: TICKET }, cancel_reason }
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
        let another = Order { quantity: 4, ..order("completed", None) };

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
    fn a_seller_sold_what_buyers_bought() {
        let orders = [order("completed", None)];
        let ticket = |held, sold, quantity| [Ticket { id: TICKET, quantity, held, sold }];

        assert_eq!(rules(&judge_tickets(&ticket(0, 3, 3), &orders, &ledger())), [""; 0]);
        for wrong in [ticket(0, 2, 3), ticket(1, 3, 9), ticket(0, 3, 2)] {
            assert_eq!(rules(&judge_tickets(&wrong, &orders, &ledger())), ["seller-and-buyers"], "{wrong:?}");
        }
        assert_eq!(rules(&judge_tickets(&[], &[], &ledger())), ["ticket-not-listed"]);
    }
}
