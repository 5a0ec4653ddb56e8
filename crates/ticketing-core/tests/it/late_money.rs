//! Money that comes too late goes back, once, by itself, whatever the order of events.

use std::time::Duration;

use ticketing_core::domain::order::OrderStatus;
use ticketing_core::usecase::error::Error;
use ticketing_memory::FaultPlan;

use crate::invariants::Told;
use crate::market::{Engines, HOLD, Process};

async fn with_an_order() -> (Process, Told, ticketing_core::domain::ids::OrderId) {
    let mut market = Engines::new().start(&FaultPlan::none());
    let ticket = market.sell(99, 1).await.expect("a ticket").ticket.id;
    market.settle().await.expect("no faults");
    let order = market.order(1, ticket, 1).await.expect("a place").id;
    market.settle().await.expect("no faults");
    let told = Told { tickets: vec![ticket], orders: vec![order], paid: vec![order] };
    (market, told, order)
}

#[tokio::test]
async fn money_captured_before_an_order_expires_unseen_is_refunded_once() {
    let (mut market, told, order) = with_an_order().await;

    market.pay(1, order, "tok_visa").await.expect("a good card");
    // The sweep of the orders service comes before the news of the money.
    market.engines.clock.advance(HOLD + Duration::from_secs(60));
    market.expire_overdue().await;
    market.recover().await;
    market.recover().await;

    market.engines.check_at_rest(&told).await;
    assert_eq!((market.engines.gateway.total_captured(), market.engines.gateway.total_refunded()), (1200, 1200));
}

#[tokio::test]
async fn money_captured_while_an_order_is_cancelled_is_refunded_once() {
    let (mut market, told, order) = with_an_order().await;

    let cancelled = market.cancel(1, order).await.expect("it awaits payment");
    assert_eq!(cancelled, market.orders.order(order, cancelled.buyer).await.expect("it is theirs"));
    market.pay(1, order, "tok_visa").await.expect("payments has not heard yet");
    market.recover().await;
    market.recover().await;

    market.engines.check_at_rest(&told).await;
    assert_eq!(market.engines.gateway.total_refunded(), 1200);
}

#[tokio::test]
async fn money_that_comes_in_time_completes_the_order_though_its_deadline_passed_meanwhile() {
    let (mut market, told, order) = with_an_order().await;

    market.pay(1, order, "tok_visa").await.expect("a good card");
    market.engines.clock.advance(HOLD);
    market.settle().await.expect("no faults");

    let orders = market.engines.all_orders().await;
    let done = orders.iter().all(|order| !matches!(order.status, OrderStatus::AwaitingPayment { .. }));
    assert!(done, "{orders:?}");
    market.engines.check_at_rest(&told).await;
}

#[tokio::test]
async fn a_payment_that_began_while_the_clock_ran_ahead_is_settled_at_once() {
    let (mut market, told, order) = with_an_order().await;
    let later = market.engines.env.now().after(HOLD - Duration::from_secs(1));
    let ahead = market.engines.at(later).start(&FaultPlan::none());
    ahead.pay(1, order, "tok_timeout").await.expect("an intent");

    market.settle().await.expect("no faults");

    market.engines.check_at_rest(&told).await;
}

#[tokio::test]
async fn a_silent_gateway_is_asked_again_until_the_payment_is_settled() {
    let (mut market, told, order) = with_an_order().await;

    let pending = market.pay(1, order, "tok_timeout").await.expect("an intent");
    assert!(matches!(market.pay(1, order, "tok_visa").await, Err(Error::Payment(_))), "{pending:?} is under way");
    market.recover().await;

    market.engines.check_at_rest(&told).await;
    assert_eq!(market.engines.gateway.charges().len(), 1);
}
