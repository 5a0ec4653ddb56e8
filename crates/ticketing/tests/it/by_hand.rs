//! A market whose time and faults a test decides.

use std::time::Duration;

use ticketing::memory::{Fault, Operation};
use ticketing::{AccountId, Error, ErrorKind, Market, Order, SandboxGateway};

use crate::{BUYER, SELLER, buy, opera};

const EVE: AccountId = AccountId::from_u128(3);

#[tokio::test]
async fn time_stands_still_until_it_is_moved() {
    let market = Market::test().await.unwrap();
    let ticket = market.sell(SELLER, "Opera").price(4500, "EUR").await.unwrap();
    let order = market.order(BUYER, ticket.id).await.unwrap();

    market.advance(Duration::from_secs(15 * 60 - 1)).await.unwrap();
    let before = market.order(EVE, ticket.id).await;
    market.advance(Duration::from_secs(1)).await.unwrap();
    let after = market.order(EVE, ticket.id).await;

    assert_eq!(before.unwrap_err().code(), "sold_out");
    assert!(after.is_ok(), "{after:?}");
    assert!(market.order_of(BUYER, order.id).await.unwrap().pay_by().is_err());
}

#[tokio::test]
async fn a_ticket_that_nobody_has_heard_of_is_no_reason_to_wait_without_end() {
    let market = Market::test().await.unwrap();
    let young = ticketing::TicketId::new(market.env().uuid(market.env().now()));

    let unknown = market.order(BUYER, young).await;

    assert!(matches!(unknown, Err(Error::TicketNotFound)), "{unknown:?}");
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_one_order() {
    let market = Market::test().await.unwrap();
    let ticket = opera(&market).await;
    market.settle().await.unwrap();
    market.faults().inject(Operation::Commit, Fault::FailAfter);

    let order = market.order(BUYER, ticket.id).key("click").await.unwrap();

    assert_eq!(market.order(BUYER, ticket.id).key("click").await.unwrap().id, order.id);
    assert_eq!(market.ticket(ticket.id).await.unwrap().sales.held, 1);
}

#[tokio::test]
async fn a_sale_survives_a_crash_at_every_step() {
    let steps = {
        let market = Market::test().await.unwrap();
        let ticket = opera(&market).await;
        let before = market.faults().steps();
        buy(&market, &ticket).await;
        market.faults().steps() - before
    };
    assert!(steps > 20, "{steps}");

    for step in 0..steps {
        let market = Market::test().await.unwrap();
        let ticket = opera(&market).await;
        market.settle().await.unwrap();
        market.faults().crash_after(step);
        let begun = market.order(BUYER, ticket.id).key("click").await;
        if let Ok(order) = &begun {
            let _paid = market.pay(BUYER, order.id, SandboxGateway::VISA).key("click").await;
        }

        let market = market.crash().await.unwrap();
        let order = market.order(BUYER, ticket.id).key("click").await.unwrap();
        assert!(begun.as_ref().is_ok_and(|begun| begun.id == order.id) || begun.is_err(), "at step {step}");
        let paid = market.pay(BUYER, order.id, SandboxGateway::VISA).key("click").await;
        let is_under_way = |error: &Error| error.kind() == ErrorKind::Refused;
        assert!(paid.as_ref().is_ok() || paid.as_ref().is_err_and(is_under_way), "at step {step}: {paid:?}");
        market.advance(Duration::from_secs(60)).await.unwrap();
        // What never reached the bank is no payment: the buyer pays again.
        if market.payment_of(BUYER, order.id).await.unwrap().is_none() {
            market.pay(BUYER, order.id, SandboxGateway::VISA).await.unwrap();
        }
        market.wait(BUYER, order.id, Order::is_completed).await.unwrap();

        assert_eq!(market.engines().gateway.total_captured(), 4500, "at step {step}");
        assert_eq!(market.ticket(ticket.id).await.unwrap().sales.sold, 1, "at step {step}");
    }
}
