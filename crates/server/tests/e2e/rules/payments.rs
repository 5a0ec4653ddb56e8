//! Who paid.

use serde_json::json;

use crate::market::{Market, eventually};

pub(crate) async fn another_card_pays_where_the_first_was_declined(market: &Market) {
    let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
    let ticket = market.sell(&sally, 1).await;
    let order = market.buy(&ben, &ticket).await;

    assert_eq!(market.pay_with(&ben, &order, "tok_chargeDeclined").await.problem(), (402, "card_declined"));
    assert_eq!(market.order(&ben, &order).await["status"], "awaitingPayment");
    let payment = market.pay(&ben, &order).await;

    assert_eq!((payment.status.as_u16(), &payment.body["status"]), (201, &json!("captured")));
    eventually(async || market.order(&ben, &order).await, |order| order["status"] == "completed").await;
}

pub(crate) async fn an_order_is_paid_once(market: &Market) {
    let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
    let ticket = market.sell(&sally, 1).await;
    let order = market.buy(&ben, &ticket).await;
    assert_eq!(market.pay(&ben, &order).await.status, 201);

    assert_eq!(market.pay(&ben, &order).await.problem(), (409, "already_paid"));
}
