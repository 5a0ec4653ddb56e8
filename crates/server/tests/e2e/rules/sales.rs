//! Who gets a ticket.

use futures::future::join_all;
use serde_json::json;

use crate::market::{Market, eventually, id};

pub(crate) async fn a_ticket_is_sold(market: &Market) {
    let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
    let ticket = market.sell(&sally, 3).await;
    let found = async || market.get("/api/tickets?q=opera&sort=newest&limit=100").send().await.body;
    let is_listed = |page: &serde_json::Value| {
        page["items"].as_array().is_some_and(|items| items.iter().any(|item| item["id"] == ticket["id"]))
    };
    eventually(found, is_listed).await;

    let order = market.buy(&ben, &ticket).await;
    assert_eq!((&order["status"], &order["total"]["amount"]), (&json!("awaitingPayment"), &json!(1200)));
    let payment = market.pay(&ben, &order).await;

    assert_eq!((payment.status.as_u16(), &payment.body["status"]), (201, &json!("captured")));
    eventually(async || market.order(&ben, &order).await, |order| order["status"] == "completed").await;
    eventually(async || market.ticket(&ticket).await, |ticket| ticket["available"] == 2).await;
    let orders = market.get("/api/orders").by(&ben).send().await.body;
    assert_eq!(orders["items"][0]["id"], order["id"]);
}

pub(crate) async fn the_last_place_is_sold_once(market: &Market) {
    let (sally, ben, eve) = (market.sign_up("sally").await, market.sign_up("ben").await, market.sign_up("eve").await);
    let ticket = market.sell(&sally, 1).await;
    market.buy(&ben, &ticket).await;

    assert_eq!(market.try_to_buy(&eve, &ticket).await.problem(), (409, "sold_out"));
    eventually(async || market.ticket(&ticket).await, |ticket| ticket["status"] == "soldOut").await;
}

pub(crate) async fn nobody_orders_their_own_ticket(market: &Market) {
    let sally = market.sign_up("sally").await;
    let ticket = market.sell(&sally, 1).await;

    assert_eq!(market.try_to_buy(&sally, &ticket).await.problem(), (409, "own_ticket"));
}

pub(crate) async fn a_buyer_is_told_of_another_price(market: &Market) {
    let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
    let ticket = market.sell(&sally, 1).await;
    let seen = json!({"ticketId": id(&ticket), "price": {"amount": 1100, "currency": "EUR"}});

    let reply = market.post("/api/orders").by(&ben).json(&seen).send().await;

    assert_eq!(reply.problem(), (409, "price_changed"));
}

pub(crate) async fn a_cancelled_order_gives_its_place_to_another(market: &Market) {
    let (sally, ben, eve) = (market.sign_up("sally").await, market.sign_up("ben").await, market.sign_up("eve").await);
    let ticket = market.sell(&sally, 1).await;
    let order = market.buy(&ben, &ticket).await;

    for _ in 0..2 {
        let reply = market.delete(&format!("/api/orders/{}", id(&order))).by(&ben).send().await;
        assert_eq!(reply.status, 204, "{reply:?}");
    }

    let cancelled = market.order(&ben, &order).await;
    assert_eq!((&cancelled["status"], &cancelled["cancelReason"]), (&json!("cancelled"), &json!("byBuyer")));
    let again = market.buy(&eve, &ticket).await;
    assert_eq!(market.pay(&eve, &again).await.status, 201);
    eventually(async || market.order(&eve, &again).await, |order| order["status"] == "completed").await;
}

pub(crate) async fn an_order_that_is_not_paid_expires(market: &Market) {
    let (sally, ben, eve) = (market.sign_up("sally").await, market.sign_up("ben").await, market.sign_up("eve").await);
    let ticket = market.sell(&sally, 1).await;
    let order = market.buy(&ben, &ticket).await;

    let over = eventually(async || market.order(&ben, &order).await, |order| order["status"] == "cancelled").await;

    assert_eq!(over["cancelReason"], "expired");
    let late = market.pay(&ben, &order).await;
    assert!(["order_cancelled", "order_overdue"].contains(&late.problem().1), "{late:?}");
    market.buy(&eve, &ticket).await;
}

pub(crate) async fn of_many_who_want_a_hot_ticket_as_many_win_as_there_are_places(market: &Market) {
    let sally = market.sign_up("sally").await;
    let buyers = market.sign_up_many(64).await;
    let ticket = market.sell(&sally, 10).await;

    let replies = join_all(buyers.iter().map(|buyer| market.try_to_buy(buyer, &ticket))).await;

    let won = replies.iter().filter(|reply| reply.status == 201).count();
    let lost = replies.iter().filter(|reply| reply.problem() == (409, "sold_out")).count();
    assert_eq!((won, lost), (10, 54), "{replies:?}");
    eventually(async || market.ticket(&ticket).await, |ticket| ticket["available"] == 0).await;
}
