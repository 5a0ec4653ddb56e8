//! Places that come back are told of, although nobody followed how they were sold.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, proptest};
use ticketing_core::domain::ids::OrderId;
use ticketing_core::domain::money::Quantity;
use ticketing_core::domain::order::{CancelReason, Order, OrderChange, OrderStatus};
use ticketing_core::domain::search::PriceRange;
use ticketing_core::domain::ticket::Sales;
use ticketing_core::usecase::tickets::UpdateTicket;
use tokio::runtime::Builder;

use super::*;
use crate::market::offer;

/// As many as the places of the ticket: person `n` wants `n` of them together.
const PEOPLE: u32 = 6;

fn together(places: u32) -> Filters {
    Filters { places: Places::Left(places), ..Filters::default() }
}

async fn update(market: &mut Process, ticket: TicketId, quantity: u32, amount: u64) {
    let update = UpdateTicket::new(ticket, account(SALLY), offer(quantity, amount));
    market.engines.clock.run(market.tickets.update_ticket(update, market.origin())).await.expect("hers");
    market.settle().await.expect("no faults");
}

/// A ticket of one place, which is sold, so that nobody was told of it.
async fn sold_out() -> (Process, TicketId, OrderId) {
    let mut market = waiting_for_operas([]).await;
    let ticket = sell(&mut market, 1).await;
    let order = market.order(1, ticket, 1).await.expect("a place").id;
    market.settle().await.expect("no faults");
    (market, ticket, order)
}

#[tokio::test]
async fn a_sold_out_ticket_that_is_cheaper_now_is_told_of_once_it_has_places() {
    let (mut market, ticket, order) = sold_out().await;
    let currency = offer(1, 1000).price.money().currency;
    let most = PriceRange { currency, least: None, most: Some(1000) };
    keep(&market, 2, "opera", Filters { price: Some(most), ..Filters::default() }).await;
    update(&mut market, ticket, 1, 900).await;
    assert_eq!(found(&market), [""; 0], "it is sold out");

    market.cancel(1, order).await.expect("it is not paid");
    market.settle().await.expect("no faults");
    assert_eq!(found(&market), ["2"]);
}

#[tokio::test]
async fn more_places_of_a_sold_out_ticket_are_told_of() {
    let (mut market, ticket, _) = sold_out().await;
    keep(&market, 2, "opera", Filters::default()).await;
    update(&mut market, ticket, 3, 1200).await;

    assert_eq!(found(&market), ["2"]);
}

/// What happens to so many places: some are ordered, or the first order that is left gives its places back.
type Step = Option<u32>;

/// The events of orders that gave places back, and how many were left before and after each.
fn releases(order: &Order, steps: &[Step]) -> (Vec<Event>, Vec<(u32, u32)>) {
    let (mut held, mut version, mut orders) = (0, 0, Vec::new());
    let (mut events, mut left) = (Vec::new(), Vec::new());
    for step in steps {
        match step {
            Some(places) if *places <= PEOPLE - held => {
                orders.push(*places);
                held += places;
            }
            None if !orders.is_empty() => {
                let places = orders.remove(0);
                held -= places;
                left.push((PEOPLE - held - places, PEOPLE - held));
                events.push(cancelled(order, places, Sales { held, sold: 0, version: version + 1 }));
            }
            _ => continue,
        }
        version += 1;
    }
    (events, left)
}

/// Any order of a ticket, made by another market.
async fn order_of(ticket: TicketId) -> Order {
    let mut market = waiting_for_operas([]).await;
    let other = sell(&mut market, 1).await;
    let mut order = market.order(1, other, 1).await.expect("a place");
    order.ticket.id = ticket;
    order
}

fn cancelled(order: &Order, places: u32, sales: Sales) -> Event {
    let status = OrderStatus::Cancelled { reason: CancelReason::ByBuyer, at: order.placed_at };
    let quantity = Quantity::new(places).expect("at least one");
    let id = OrderId::from_u128(u128::from(sales.version));
    let order = Order { id, quantity, status, version: 2, ..order.clone() };
    Event::OrderCancelled(OrderChange { order, sales })
}

async fn told_of(steps: &[Step], turns: &[u8], batch: usize) -> (Vec<String>, Vec<(u32, u32)>) {
    let mut market = waiting_for_operas([]).await;
    let ticket = sell(&mut market, PEOPLE).await;
    let order = order_of(ticket).await;
    for person in 1..=PEOPLE {
        keep(&market, person.into(), "opera", together(person)).await;
    }
    let (events, left) = releases(&order, steps);
    // Events of different orders come in any order.
    let mut events: Vec<(u8, Event)> = turns.iter().copied().zip(events).collect();
    events.sort_by_key(|(turn, _)| *turn);
    let follow = AlertsFollow(market.notifications.clone());
    for events in events.chunks(batch) {
        let incoming = |(_, event): &(u8, Event)| Incoming {
            envelope: seal(event, EventId::new(Uuid::from_u128(7)), market.now(), &market.origin()),
            event: event.clone(),
        };
        let events: Vec<Incoming> = events.iter().map(incoming).collect();
        follow.handle(&events).await.expect("no faults");
    }
    market.recover().await;
    (found(&market), left)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec((any::<bool>(), 1..=PEOPLE).prop_map(|(sells, places)| sells.then_some(places)), 1..24)
}

proptest! {
    #[test]
    fn those_who_want_so_many_places_together_are_told_once_there_are_as_many_again(
        steps in steps(), turns in vec(any::<u8>(), 24), batch in 1_usize..8,
    ) {
        let runtime = Builder::new_current_thread().build().expect("a runtime starts");
        let (told, left) = runtime.block_on(told_of(&steps, &turns, batch));
        let begins = |places: u32| left.iter().any(|(before, after)| *before < places && places <= *after);
        let last = left.last().map_or(0, |(_, after)| *after);
        for person in 1..=PEOPLE {
            let is_told = told.contains(&person.to_string());
            if begins(person) && person <= last {
                prop_assert!(is_told, "{person} of {told:?} after {left:?}");
            }
            if !begins(person) {
                prop_assert!(!is_told, "{person} of {told:?} after {left:?}");
            }
        }
    }
}
