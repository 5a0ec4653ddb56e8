//! Money goes back when an event is called off, rescheduled, or a seller takes places back.

use ticketing_core::domain::event::Event;
use ticketing_core::domain::event_facts::EventFacts;
use ticketing_core::domain::ids::{OrderId, TicketId};
use ticketing_core::domain::order::{CancelReason, OrderRefusal, OrderStatus, RefundReason};
use ticketing_core::domain::stock::StockRefusal;
use ticketing_core::domain::ticket::Schedule;
use ticketing_core::messaging::consumer::EventHandler;
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::orders::OrdersFollow;
use ticketing_core::usecase::tickets::{CallOffTicket, RescheduleTicket};
use ticketing_memory::FaultPlan;
use uuid::Uuid;

use crate::batcher_isolate::incoming;
use crate::invariants::Told;
use crate::market::{Engines, Process, account};

const SALLY: u128 = 99;

/// A ticket of three places, one of which buyer 1 has paid.
async fn with_a_paid_order() -> (Process, Told, TicketId, OrderId) {
    let mut market = Engines::new().start(&FaultPlan::none());
    let ticket = market.sell(SALLY, 3).await.expect("a ticket").ticket.id;
    market.settle().await.expect("no faults");
    let order = market.order(1, ticket, 1).await.expect("a place").id;
    market.settle().await.expect("no faults");
    market.pay(1, order, "tok_visa").await.expect("a good card");
    market.settle().await.expect("no faults");
    let told = Told { tickets: vec![ticket], orders: vec![order], paid: vec![order] };
    (market, told, ticket, order)
}

async fn reschedule(market: &Process, ticket: TicketId) {
    let elsewhere = EventFacts { title: "Opera".into(), venue: Some("Arena".into()), ..EventFacts::default() };
    let to = Schedule { event: elsewhere.into(), sales_end_at: None };
    let command = RescheduleTicket::new(ticket, account(SALLY), to);
    market.tickets.reschedule_ticket(command, market.origin()).await.expect("it is hers");
}

#[tokio::test]
async fn an_event_that_is_called_off_ends_every_order_and_gives_all_money_back() {
    let (mut market, mut told, ticket, paid) = with_a_paid_order().await;
    let held = market.order(2, ticket, 2).await.expect("two places").id;
    told.orders.push(held);
    market.settle().await.expect("no faults");

    let call_off = CallOffTicket::new(ticket, account(SALLY));
    market.tickets.call_off_ticket(call_off.clone(), market.origin()).await.expect("it is hers");
    market.recover().await;
    market.tickets.call_off_ticket(call_off, market.origin()).await.expect("doing so twice does no harm");
    market.recover().await;

    let status = async |order, by| market.orders.order(order, account(by)).await.expect("it is theirs").status;
    assert!(matches!(status(paid, 1).await, OrderStatus::Refunded { reason: RefundReason::CalledOff, .. }));
    assert!(matches!(status(held, 2).await, OrderStatus::Cancelled { reason: CancelReason::CalledOff, .. }));
    assert!(matches!(market.order(3, ticket, 1).await, Err(Error::Stock(StockRefusal::CalledOff))));
    let gateway = &market.engines.gateway;
    assert_eq!((gateway.total_captured(), gateway.total_refunded()), (1200, 1200));
    market.engines.check_at_rest(&told).await;
}

#[tokio::test]
async fn more_orders_than_one_batch_end_with_their_event() {
    let mut market = Engines::new().start(&FaultPlan::none());
    let ticket = market.sell(SALLY, 600).await.expect("a ticket").ticket.id;
    market.settle().await.expect("no faults");
    let mut told = Told { tickets: vec![ticket], ..Told::default() };
    for buyer in 0..600 {
        told.orders.push(market.order(buyer % 7, ticket, 1).await.expect("a place").id);
    }
    market.settle().await.expect("no faults");

    market.tickets.call_off_ticket(CallOffTicket::new(ticket, account(SALLY)), market.origin()).await.expect("hers");
    market.settle().await.expect("no faults");

    let open = market.engines.all_orders().await.into_iter().filter(|order| order.pay_by().is_ok()).count();
    assert_eq!(open, 0);
}

#[tokio::test]
async fn a_buyer_gives_a_rescheduled_event_back_and_another_one_buys_it() {
    let (mut market, mut told, ticket, paid) = with_a_paid_order().await;
    let early = market.orders.give_back_order(paid, account(1), market.origin()).await;
    assert!(matches!(early, Err(Error::Order(OrderRefusal::Unchanged))), "{early:?}");
    reschedule(&market, ticket).await;
    market.settle().await.expect("no faults");

    let strange = market.orders.give_back_order(paid, account(2), market.origin()).await;
    assert!(matches!(strange, Err(Error::OrderNotFound)), "{strange:?}");
    market.orders.give_back_order(paid, account(1), market.origin()).await.expect("it has changed");
    market.orders.give_back_order(paid, account(1), market.origin()).await.expect("twice does no harm");
    market.recover().await;

    assert_eq!(market.engines.gateway.total_refunded(), 1200);
    let all = market.order(2, ticket, 3).await.expect("every place is on sale again");
    assert_eq!(all.ticket.event.venue.as_deref(), Some("Arena"));
    told.orders.push(all.id);
    market.recover().await;
    market.engines.check_at_rest(&told).await;
}

#[tokio::test]
async fn a_seller_refunds_an_order_of_their_own_ticket_alone() {
    let (mut market, told, _, paid) = with_a_paid_order().await;

    let strange = market.orders.refund_order(paid, account(5), market.origin()).await;
    assert!(matches!(strange, Err(Error::OrderNotFound)), "{strange:?}");
    market.orders.refund_order(paid, account(SALLY), market.origin()).await.expect("it is hers");
    market.recover().await;

    assert_eq!(market.engines.gateway.total_refunded(), 1200);
    market.engines.check_at_rest(&told).await;
}

/// One process took over the news, and the buyer asks another, which remembers the stock as it was.
#[tokio::test]
async fn whichever_process_is_asked_a_rescheduled_event_may_be_given_back() {
    let (first, _, ticket, order) = with_a_paid_order().await;
    let second = first.engines.start(&FaultPlan::none());
    reschedule(&second, ticket).await;
    let event = Event::TicketRescheduled(second.tickets.ticket(ticket).await.expect("the ticket").ticket);
    let follow = OrdersFollow(second.orders.clone());
    second.engines.clock.run(follow.handle(&[incoming(event, Uuid::nil())])).await.expect("no faults");

    let clock = &first.engines.clock;
    let given_back = clock.run(first.orders.give_back_order(order, account(1), first.origin())).await;
    assert!(given_back.is_ok(), "{given_back:?}");
}
