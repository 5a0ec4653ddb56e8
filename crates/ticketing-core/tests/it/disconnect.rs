//! A buyer who goes away leaves nothing half done, and nobody else waiting.

use ticketing_memory::FaultPlan;

use crate::invariants::Told;
use crate::market::{Engines, Process, key};

/// Polls a future a few times and drops it, as a server does when the connection closes.
async fn abandon_after<F: Future + Send>(polls: usize, future: F) -> bool {
    let mut future = Box::pin(future);
    for _ in 0..polls {
        if futures::poll!(&mut future).is_ready() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

async fn selling(quantity: u32) -> (Process, Told) {
    let mut market = Engines::new().start(&FaultPlan::none());
    let ticket = market.sell(99, quantity).await.expect("a ticket").ticket.id;
    market.settle().await.expect("no faults");
    (market, Told { tickets: vec![ticket], ..Told::default() })
}

#[tokio::test]
async fn a_buyer_who_leaves_while_ordering_holds_up_nobody() {
    for polls in 0..12 {
        let (mut market, told) = selling(2).await;
        let ticket = told.ticket();

        abandon_after(polls, market.order_as(1, Some(key("k")), ticket, 1)).await;
        let other = market.order(2, ticket, 1).await;

        assert!(other.is_ok(), "after {polls} polls: {other:?}");
        market.recover().await;
        market.engines.check_at_rest(&told).await;
    }
}

#[tokio::test]
async fn a_buyer_who_comes_back_with_the_same_key_finds_their_order() {
    for polls in 0..12 {
        let (market, told) = selling(1).await;
        let ticket = told.ticket();

        abandon_after(polls, market.order_as(1, Some(key("k")), ticket, 1)).await;
        let order = market.order_as(1, Some(key("k")), ticket, 1).await;

        assert!(order.is_ok(), "after {polls} polls: {order:?}");
        assert_eq!(market.engines.all_orders().await.len(), 1);
    }
}

#[tokio::test]
async fn a_buyer_who_leaves_while_paying_is_charged_once_or_not_at_all() {
    for polls in 0..24 {
        let (mut market, mut told) = selling(1).await;
        let ticket = told.ticket();
        let order = market.order(1, ticket, 1).await.expect("a place").id;
        market.settle().await.expect("no faults");
        told.orders.push(order);

        abandon_after(polls, market.pay_as(1, Some(key("k")), order, "tok_visa")).await;
        market.recover().await;

        market.engines.check_at_rest(&told).await;
        assert!(market.engines.gateway.charges().len() <= 1, "after {polls} polls");
    }
}
