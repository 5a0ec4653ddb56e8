//! What buyers and sellers live through, end to end, on memory.

use std::time::Duration;

use ticketing_core::domain::ids::OrderId;
use ticketing_core::domain::order::OrderStatus;
use ticketing_core::domain::payment::{PaymentRefusal, PaymentStatus};
use ticketing_core::domain::stock::StockRefusal;
use ticketing_core::domain::ticket::Sales;
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::tickets::UpdateTicket;
use ticketing_memory::FaultPlan;

use crate::invariants::Told;
use crate::market::{Engines, HOLD, Process, account, key, offer};

async fn selling(quantity: u32) -> (Process, Told) {
    let mut market = Engines::new().start(&FaultPlan::none());
    let ticket = market.sell(7, quantity).await.expect("a ticket").ticket.id;
    market.settle().await.expect("no faults");
    (market, Told { tickets: vec![ticket], ..Told::default() })
}

#[tokio::test]
async fn a_ticket_is_sold() {
    let (mut market, mut told) = selling(2).await;

    let order = market.order(1, told.ticket(), 1).await.unwrap();
    market.settle().await.unwrap();
    let payment = market.pay(1, order.id, "tok_visa").await.unwrap();
    market.settle().await.unwrap();

    assert!(matches!(payment.status, PaymentStatus::Captured { .. }));
    let order = market.orders.order(order.id, account(1)).await.unwrap();
    assert!(matches!(order.status, OrderStatus::Completed { payment: paid, .. } if paid == payment.id));
    let listing = market.tickets.ticket(told.ticket()).await.unwrap();
    assert_eq!((listing.available(), listing.sales), (1, Sales { held: 0, sold: 1, version: 2 }));
    told.orders.push(order.id);
    told.paid.push(order.id);
    market.engines.check_at_rest(&told).await;
}

#[tokio::test]
async fn an_order_left_alone_expires_and_its_place_is_on_sale_again() {
    let (mut market, told) = selling(1).await;
    let order = market.order(1, told.ticket(), 1).await.unwrap();
    market.settle().await.unwrap();

    market.engines.clock.advance(HOLD - Duration::from_secs(1));
    market.settle().await.unwrap();
    assert_eq!(market.order(2, told.ticket(), 1).await.unwrap_err().code(), "sold_out");
    market.engines.clock.advance(Duration::from_secs(1));
    market.settle().await.unwrap();

    assert_eq!(market.pay(1, order.id, "tok_visa").await.unwrap_err().code(), "order_cancelled");
    assert!(market.order(2, told.ticket(), 1).await.is_ok());
}

#[tokio::test]
async fn an_order_expires_even_if_every_timer_was_lost() {
    let (mut market, told) = selling(1).await;
    let order = market.order(1, told.ticket(), 1).await.unwrap();

    market.engines.clock.advance(HOLD + Duration::from_secs(5));
    market.expire_overdue().await;

    let order = market.orders.order(order.id, account(1)).await.unwrap();
    assert!(matches!(order.status, OrderStatus::Cancelled { .. }));
    market.recover().await;
}

#[tokio::test]
async fn the_same_key_orders_once_and_another_request_under_it_is_refused() {
    let (market, told) = selling(5).await;

    let first = market.order_as(1, Some(key("k")), told.ticket(), 1).await.unwrap();
    let again = market.order_as(1, Some(key("k")), told.ticket(), 1).await.unwrap();
    let other = market.order_as(1, Some(key("k")), told.ticket(), 2).await;
    let stranger = market.order_as(2, Some(key("k")), told.ticket(), 1).await.unwrap();

    assert_eq!(first, again);
    assert!(matches!(other, Err(Error::KeyReused)));
    assert_ne!(stranger.id, first.id);
}

#[tokio::test]
async fn the_same_key_pays_once_and_gets_the_first_answer() {
    let (mut market, told) = selling(5).await;
    let order = market.order(1, told.ticket(), 1).await.unwrap().id;
    market.settle().await.unwrap();

    let declined = market.pay_as(1, Some(key("a")), order, "tok_chargeDeclined").await;
    let declined_again = market.pay_as(1, Some(key("a")), order, "tok_chargeDeclined").await;
    let untried = market.pay_as(1, Some(key("a")), order, "tok_visa").await;
    let paid = market.pay_as(1, Some(key("b")), order, "tok_visa").await.unwrap();
    let paid_again = market.pay_as(1, Some(key("b")), order, "tok_visa").await.unwrap();

    assert!(matches!((declined, declined_again), (Err(Error::CardDeclined { .. }), Err(Error::CardDeclined { .. }))));
    assert_eq!(paid, paid_again);
    assert!(matches!(untried, Err(Error::KeyReused)), "nobody is told of a card that was never tried: {untried:?}");
    let unpaid = market.pay_as(1, Some(key("b")), order, "tok_mastercard").await;
    assert!(matches!(unpaid, Err(Error::KeyReused)), "nor that one paid which never did: {unpaid:?}");
    let third = market.pay(1, order, "tok_visa").await;
    assert!(matches!(third, Err(Error::Payment(PaymentRefusal::AlreadyPaid))));
}

#[tokio::test]
async fn a_buyer_who_saw_the_old_price_is_told_the_new_one() {
    let (mut market, told) = selling(5).await;
    let command = UpdateTicket::new(told.ticket(), account(7), offer(5, 1500));
    market.tickets.update_ticket(command, market.origin()).await.unwrap();
    market.settle().await.unwrap();

    let refused = market.order_at(1, told.ticket(), 1200).await;

    assert!(matches!(refused, Err(Error::Stock(StockRefusal::PriceChanged { price })) if price.money().amount == 1500));
    assert!(market.order_at(1, told.ticket(), 1500).await.is_ok());
}

#[tokio::test]
async fn an_order_of_a_ticket_that_is_seconds_old_waits_for_the_news() {
    let mut market = Engines::new().start(&FaultPlan::none());
    let ticket = market.sell(7, 1).await.unwrap().ticket.id;
    let (orders, clock, origin) = (market.orders.clone(), market.engines.clock.clone(), market.origin());
    let command = market.command(1, ticket, 1);

    let order = tokio::spawn(async move { orders.place_order(command, origin).await });
    tokio::task::yield_now().await;
    market.settle().await.unwrap();
    clock.advance(Duration::from_millis(20));

    assert!(order.await.unwrap().is_ok());
}

#[tokio::test]
async fn nobody_waits_for_a_ticket_that_was_never_there() {
    let market = Engines::new().start(&FaultPlan::none());
    let never = ticketing_core::domain::ids::TicketId::new(uuid::Uuid::from_u128(5));
    let before = market.engines.clock.clone();
    let now = market.engines.env.now();

    assert!(matches!(market.order(1, never, 1).await, Err(Error::TicketNotFound)));
    assert_eq!(ticketing_core::ports::clock::Clock::now(&before), now, "no time passed");
}

#[tokio::test]
async fn an_order_is_never_called_not_found_while_payments_lags_behind() {
    let (mut market, told) = selling(1).await;
    let order = market.order(1, told.ticket(), 1).await.unwrap().id;

    for lag in [0, 5, 800] {
        market.engines.clock.advance(Duration::from_secs(lag));
        assert_eq!(market.pay(1, order, "tok_visa").await.unwrap_err().code(), "unavailable", "{lag} s later");
    }
    market.settle().await.unwrap();

    assert!(market.pay(1, order, "tok_visa").await.is_ok());
}

#[tokio::test]
async fn an_order_from_a_clock_that_is_a_minute_ahead_may_still_come() {
    let market = Engines::new().start(&FaultPlan::none());
    let env = &market.engines.env;
    let order = OrderId::new(env.uuid(env.now().after(Duration::from_secs(60))));

    assert!(matches!(market.pay(1, order, "tok_visa").await, Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn an_order_that_can_no_longer_be_paid_or_was_never_drawn_is_not_found() {
    let market = Engines::new().start(&FaultPlan::none());
    let env = &market.engines.env;
    let too_old = env.uuid(env.now());
    market.engines.clock.advance(Duration::from_secs(32 * 24 * 3600));
    let before = env.now();

    for id in [too_old, uuid::Uuid::from_u128(5)] {
        let refused = market.pay(1, OrderId::new(id), "tok_visa").await;
        assert!(matches!(refused, Err(Error::OrderNotFound)), "{refused:?}");
    }
    assert_eq!(env.now(), before, "nobody waits for it");
}

#[tokio::test]
async fn an_order_is_nobody_elses() {
    let (mut market, told) = selling(5).await;
    let order = market.order(1, told.ticket(), 1).await.unwrap().id;
    market.settle().await.unwrap();

    assert!(matches!(market.orders.order(order, account(2)).await, Err(Error::OrderNotFound)));
    assert!(matches!(market.cancel(2, order).await, Err(Error::OrderNotFound)));
    assert!(matches!(market.pay(2, order, "tok_visa").await, Err(Error::OrderNotFound)));
    assert!(matches!(market.order(7, told.ticket(), 1).await, Err(Error::Stock(StockRefusal::OwnTicket))));
}
