//! What sellers do with their tickets.

use serde_json::json;

use crate::market::{Market, eventually, id, offer};

pub(crate) async fn a_seller_edits_and_withdraws_a_ticket(market: &Market) {
    let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
    let ticket = market.sell(&sally, 2).await;
    let path = format!("/api/tickets/{}", id(&ticket));

    let dearer = offer("Grand opera", 1500, 2);
    let stale = market.put(&path).by(&sally).header("if-match", "\"7\"").json(&dearer).send().await;
    assert_eq!(stale.problem(), (412, "stale_version"));
    assert_eq!(market.put(&path).by(&ben).json(&dearer).send().await.problem(), (403, "not_seller"));
    let edited = market.put(&path).by(&sally).header("if-match", "\"1\"").json(&dearer).send().await;
    assert_eq!((edited.status.as_u16(), edited.header("etag")), (200, "\"2.0\""));
    let order = async || {
        let seen = json!({"ticketId": id(&ticket), "price": {"amount": 1500, "currency": "EUR"}});
        market.post("/api/orders").by(&ben).json(&seen).send().await
    };
    eventually(order, |reply| reply.status == 201).await;

    assert_eq!(market.delete(&path).by(&sally).send().await.status, 204);
    assert_eq!(market.ticket(&ticket).await["status"], "withdrawn");
    let order = async || market.try_to_buy(&ben, &ticket).await;
    eventually(order, |reply| reply.problem() == (409, "ticket_withdrawn")).await;
}

pub(crate) async fn a_seller_sees_what_is_held_and_sold(market: &Market) {
    let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
    let ticket = market.sell(&sally, 5).await;
    let order = market.buy(&ben, &ticket).await;
    market.pay(&ben, &order).await;
    market.buy(&ben, &ticket).await;

    let mine = async || market.get("/api/tickets/mine").by(&sally).send().await.body["items"][0].clone();
    let seen = eventually(mine, |mine| (&mine["held"], &mine["sold"]) == (&json!(1), &json!(1))).await;

    assert_eq!(seen["available"], 3);
    assert!(market.ticket(&ticket).await["held"].is_null());
}
