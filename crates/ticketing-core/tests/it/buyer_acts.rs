//! Payments whose buyers must act first: one attempt, one charge, whichever is faster.

use std::time::Duration;

use ticketing_core::domain::ids::OrderId;
use ticketing_core::domain::payment::{Payment, PaymentStatus};
use ticketing_core::usecase::error::Error;
use ticketing_memory::FaultPlan;

use crate::market::{Engines, HOLD, Process, account, key};

const CHALLENGED: &str = "tok_threeDSecure";

async fn ordered() -> (Process, OrderId) {
    let mut market = Engines::new().start(&FaultPlan::none());
    let ticket = market.sell(7, 1).await.expect("a ticket").ticket.id;
    market.settle().await.expect("no faults");
    let order = market.order(1, ticket, 1).await.expect("a place").id;
    market.settle().await.expect("no faults");
    (market, order)
}

/// An order whose payment awaits its buyer.
async fn challenged() -> (Process, OrderId, Payment) {
    let (market, order) = ordered().await;
    let payment = market.pay(1, order, CHALLENGED).await.expect("an intent");
    assert!(payment.action().is_some(), "{payment:?}");
    (market, order, payment)
}

impl Process {
    async fn pass(&mut self, span: Duration) {
        self.engines.clock.advance(span);
        self.settle().await.expect("no faults");
    }

    async fn status_of(&self, order: OrderId) -> Option<PaymentStatus> {
        let live = self.payments.payment_of(order, account(1)).await.expect("payments knows the order");
        live.map(|payment| payment.status)
    }

    fn money(&self) -> (u64, u64) {
        (self.engines.gateway.total_captured(), self.engines.gateway.total_refunded())
    }
}

#[tokio::test]
async fn a_buyer_who_pays_again_is_asked_to_do_the_same() {
    let (market, order) = ordered().await;
    let first = market.pay_as(1, Some(key("k")), order, CHALLENGED).await.expect("an intent");

    let repeated = market.pay_as(1, Some(key("k")), order, CHALLENGED).await.expect("the same");
    let elsewhere = market.pay_as(1, Some(key("other")), order, "tok_visa").await.expect("the same");
    let reloaded = market.payments.payment_of(order, account(1)).await.expect("payments knows the order");

    assert_eq!([repeated, elsewhere, reloaded.expect("a payment")], [first.clone(), first.clone(), first]);
    let stranger = market.payments.payment_of(order, account(2)).await;
    assert!(matches!(stranger, Err(Error::OrderNotFound)), "{stranger:?}");
    assert_eq!(market.money(), (0, 0));
}

#[tokio::test]
async fn an_approved_payment_is_found_by_a_look_up() {
    let (mut market, order, payment) = challenged().await;

    market.engines.gateway.approve(payment.id).expect("it awaits its buyer");
    market.pass(Duration::from_secs(31)).await;

    assert!(matches!(market.status_of(order).await, Some(PaymentStatus::Captured { .. })));
    assert_eq!(market.pay(1, order, "tok_visa").await.unwrap_err().code(), "already_paid");
    assert_eq!(market.money(), (1200, 0));
}

#[tokio::test]
async fn a_notice_ends_the_wait_at_once() {
    let (mut market, order, payment) = challenged().await;
    let told = market.engines.gateway.approve(payment.id).expect("it awaits its buyer");
    let notice = market.engines.gateway.sign_notice(&told, market.engines.env.now());

    assert!(market.payments.receive_notice(&notice, market.origin()).await.expect("no faults"));
    market.settle().await.expect("no faults");

    let order = market.orders.order(order, account(1)).await.expect("its buyer asks");
    assert!(order.pay_by().is_err(), "{order:?}");
    assert_eq!(market.money(), (1200, 0));
}

#[tokio::test]
async fn a_buyer_is_waited_for_without_asking_the_gateway_all_the_time() {
    let (mut market, order, payment) = challenged().await;
    market.pass(Duration::from_secs(31)).await;

    market.engines.gateway.approve(payment.id).expect("it awaits its buyer");
    market.pass(Duration::from_secs(20)).await;
    assert!(matches!(market.status_of(order).await, Some(PaymentStatus::AwaitingBuyer { .. })), "it was asked at 31 s");
    market.pass(Duration::from_secs(10)).await;

    assert!(matches!(market.status_of(order).await, Some(PaymentStatus::Captured { .. })), "it is asked again at 60 s");
}

#[tokio::test]
async fn a_refused_payment_frees_the_order_for_another_card() {
    let (mut market, order, payment) = challenged().await;

    market.engines.gateway.refuse(payment.id).expect("it awaits its buyer");
    market.pass(Duration::from_secs(31)).await;
    let paid = market.pay(1, order, "tok_visa").await.expect("the order is free");

    assert!(matches!(paid.status, PaymentStatus::Captured { .. }));
    assert_eq!(market.money(), (1200, 0));
}

#[tokio::test]
async fn a_payment_that_was_given_up_frees_the_order_and_is_never_charged() {
    let (market, order, payment) = challenged().await;

    let stranger = market.payments.give_up_payment(order, account(2), market.origin()).await;
    let given_up = market.payments.give_up_payment(order, account(1), market.origin()).await.expect("no faults");
    let late = market.engines.gateway.approve(payment.id);
    market.pay(1, order, "tok_visa").await.expect("the order is free");

    assert!(matches!(stranger, Err(Error::OrderNotFound)), "{stranger:?}");
    assert!(matches!(given_up.expect("a payment").status, PaymentStatus::Failed { .. }));
    assert_eq!((late, market.money()), (None, (1200, 0)));
}

#[tokio::test]
async fn a_payment_that_its_buyer_approved_first_is_not_given_up() {
    let (market, order, payment) = challenged().await;

    market.engines.gateway.approve(payment.id).expect("it awaits its buyer");
    let kept = market.payments.give_up_payment(order, account(1), market.origin()).await.expect("no faults");

    assert!(matches!(kept.expect("a payment").status, PaymentStatus::Captured { .. }));
    assert_eq!(market.money(), (1200, 0));
}

#[tokio::test]
async fn nobody_is_charged_for_an_order_that_has_ended() {
    let (mut market, _, payment) = challenged().await;

    market.pass(HOLD).await;
    market.pass(HOLD * 2).await;

    assert_eq!(market.engines.gateway.approve(payment.id), None, "it awaits nobody any more");
    assert_eq!((market.engines.unsettled_payments().await, market.money()), (vec![], (0, 0)));
}

#[tokio::test]
async fn money_that_a_buyer_approves_too_late_goes_back_once() {
    let (mut market, _, payment) = challenged().await;

    market.engines.clock.advance(HOLD);
    market.expire_overdue().await;
    market.engines.gateway.approve(payment.id).expect("the gateway knows nothing of the order");
    market.recover().await;
    market.pass(HOLD * 2).await;

    assert_eq!((market.engines.unsettled_payments().await, market.money()), (vec![], (1200, 1200)));
}
