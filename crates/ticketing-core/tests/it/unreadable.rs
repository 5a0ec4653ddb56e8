//! A record that cannot be read stops nobody but those who ask for it.

use std::time::Duration;

use ticketing_core::domain::hold_limits::HoldLimits;
use ticketing_core::domain::ids::OrderId;
use ticketing_core::domain::order::{CancelReason, Order, OrderStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::messaging::driver::Step;
use ticketing_core::ports::audit_reader::AuditReader;
use ticketing_core::ports::outbox::Outbox;
use ticketing_core::ports::payment_store::PaymentStore;
use ticketing_core::ports::store::{Page, RecordKey};
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::orders::ExpireOverdue;
use ticketing_core::usecase::tickets::CallOffTicket;
use ticketing_memory::FaultPlan;

use crate::market::{Engines, HOLD, account, key};

/// More than any loop takes at once.
const MANY: u128 = 70;

async fn order(engines: &Engines, id: OrderId) -> Order {
    let all = engines.audit_reader().orders(Page::first(1000)).await.expect("no faults").records;
    all.into_iter().find(|order| order.id == id).expect("an order that can be read is listed")
}

#[tokio::test]
async fn payments_behind_those_that_cannot_be_read_are_settled() {
    let mut market = Engines::new().start(&FaultPlan::none());
    let ticket = market.sell(99, 100).await.expect("a ticket").ticket.id;
    market.settle().await.expect("no faults");
    let mut last = None;
    for buyer in 1..=MANY {
        let order = market.order(buyer, ticket, 1).await.expect("a place").id;
        market.settle().await.expect("no faults");
        market.pay(buyer, order, "tok_timeout").await.expect("an intent");
        last = Some(order);
    }
    let never = Timestamp::from_millis(i64::MAX);
    let pending = market.engines.payments.unsettled(never..=never, Page::first(100)).await;
    let pending = pending.expect("no faults");
    assert_eq!(pending.len() as u128, MANY);
    for payment in pending.iter().filter(|payment| Some(payment.order) != last) {
        assert!(market.engines.payments.spoil(&RecordKey::Payment(payment.id)));
    }

    market.engines.clock.advance(Duration::from_secs(61));
    market.settle().await.expect("what cannot be read stops no loop");

    let order = order(&market.engines, last.expect("some were placed")).await;
    assert!(matches!(order.status, OrderStatus::Completed { .. }), "{order:?}");
}

#[tokio::test]
async fn orders_behind_those_that_cannot_be_read_are_ended() {
    let mut market = Engines::new().start(&FaultPlan::none());
    let ticket = market.sell(99, 100).await.expect("a ticket").ticket.id;
    market.settle().await.expect("no faults");
    for buyer in 1..=MANY {
        let order = market.order(buyer, ticket, 1).await.expect("a place").id;
        assert!(market.engines.orders.spoil(&RecordKey::Order(order)));
    }
    let order = market.order(98, ticket, 1).await.expect("a place").id;

    market.engines.clock.advance(HOLD + Duration::from_secs(60));
    market.expire_overdue().await;

    let order = self::order(&market.engines, order).await;
    assert!(matches!(order.status, OrderStatus::Cancelled { reason: CancelReason::Expired, .. }), "{order:?}");
}

#[tokio::test]
async fn orders_behind_many_that_cannot_be_ended_are_ended() {
    let engines = Engines::new();
    let mut before = engines.start(&FaultPlan::none());
    let stuck = before.sell(99, 100).await.expect("a ticket").ticket.id;
    let ticket = before.sell(99, 100).await.expect("a ticket").ticket.id;
    before.settle().await.expect("no faults");
    for buyer in 1..=MANY {
        before.order(buyer, stuck, 1).await.expect("a place");
    }
    let order = before.order(98, ticket, 1).await.expect("a place").id;
    assert!(engines.orders.spoil(&RecordKey::Stock(stuck)));
    engines.clock.advance(HOLD + Duration::from_secs(60));

    // Another process, which remembers no stock.
    let market = engines.start(&FaultPlan::none());
    let mut sweep = ExpireOverdue::new(market.orders.clone(), Duration::from_secs(5), 64);
    for _ in 0..2 {
        sweep.step().await.expect("what cannot be ended stops no sweep");
    }

    let order = self::order(&engines, order).await;
    assert!(matches!(order.status, OrderStatus::Cancelled { reason: CancelReason::Expired, .. }), "{order:?}");
}

#[tokio::test]
async fn an_order_that_cannot_be_read_keeps_no_money_of_the_others_when_their_event_is_called_off() {
    let mut market = Engines::new().start(&FaultPlan::none());
    let ticket = market.sell(99, 3).await.expect("a ticket").ticket.id;
    market.settle().await.expect("no faults");
    let paid = market.order(1, ticket, 1).await.expect("a place").id;
    market.settle().await.expect("no faults");
    market.pay(1, paid, "tok_visa").await.expect("a good card");
    let lost = market.order(2, ticket, 1).await.expect("a place").id;
    market.settle().await.expect("no faults");
    assert!(market.engines.orders.spoil(&RecordKey::Order(lost)));

    market.tickets.call_off_ticket(CallOffTicket::new(ticket, account(99)), market.origin()).await.expect("theirs");
    for _ in 0..3 {
        market.engines.clock.advance(Duration::from_secs(61));
        market.settle().await.expect("what cannot be read stops no loop");
    }

    let order = order(&market.engines, paid).await;
    assert!(matches!(order.status, OrderStatus::Refunded { .. }), "{order:?}");
}

#[tokio::test]
async fn events_of_others_pass_one_that_cannot_be_read() {
    let mut market = Engines::new().start(&FaultPlan::none());
    let stuck = market.sell(99, 1).await.expect("a ticket").ticket.id;
    let outbox = market.engines.tickets.outbox();
    let waiting = outbox.pending(None, 1).await.expect("no faults");
    assert!(outbox.spoil(waiting.events.first().expect("an event").id));
    let free = market.sell(99, 1).await.expect("a ticket").ticket.id;

    market.settle().await.expect("what cannot be read stops no relay");

    market.order(1, free, 1).await.expect("orders has heard of it");
    let unheard = market.order(1, stuck, 1).await;
    assert!(matches!(unheard, Err(Error::TicketNotFound)), "{unheard:?}");
}

#[tokio::test]
async fn a_buyer_with_an_order_that_cannot_be_read_orders_others_and_none_of_them_twice() {
    let mut engines = Engines::new();
    engines.limits = HoldLimits { open_orders: Some(2), ..HoldLimits::OFF };
    let mut market = engines.start(&FaultPlan::none());
    let ticket = market.sell(99, 100).await.expect("a ticket").ticket.id;
    market.settle().await.expect("no faults");
    let lost = market.order_as(1, Some(key("lost")), ticket, 3).await.expect("a place");
    assert!(market.engines.orders.spoil(&RecordKey::Order(lost.id)));

    let (again, neighbour, other) = futures::join!(
        market.order_as(1, Some(key("lost")), ticket, 3),
        market.order_as(2, Some(key("lost")), ticket, 1),
        market.order_as(1, Some(key("new")), ticket, 1),
    );
    assert!(matches!(again, Err(Error::Broken(_))), "its key makes no second order: {again:?}");
    neighbour.expect("another buyer is not concerned");
    other.expect("what cannot be read keeps its buyer from nothing else");
    market.order(1, ticket, 1).await.expect("what cannot be read counts against nobody");
    let refused = market.order(1, ticket, 1).await.map(|order| order.id);
    assert!(matches!(refused, Err(Error::Hold(_))), "what can be read does: {refused:?}");
    assert!(matches!(market.order_as(1, Some(key("lost")), ticket, 3).await, Err(Error::Broken(_))));
    let stock = market.engines.audit_reader().stocks(Page::first(10)).await.expect("no faults").records;
    assert_eq!(stock.iter().map(|stock| stock.sales.held).collect::<Vec<_>>(), [6], "no place is held twice");
}
