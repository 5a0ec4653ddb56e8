//! Nobody reads or changes what is not theirs.

use serde_json::json;

use crate::market::{Market, PASSWORD, eventually, id};

pub(crate) async fn nobody_sees_pays_or_cancels_the_order_of_another(market: &Market) {
    let (sally, ben, eve) = (market.sign_up("sally").await, market.sign_up("ben").await, market.sign_up("eve").await);
    let ticket = market.sell(&sally, 1).await;
    let order = market.buy(&ben, &ticket).await;
    let path = format!("/api/orders/{}", id(&order));

    for other in [&eve, &sally] {
        assert_eq!(market.get(&path).by(other).send().await.problem(), (404, "order_not_found"));
        assert_eq!(market.delete(&path).by(other).send().await.problem(), (404, "order_not_found"));
        let heard = async || market.pay(other, &order).await;
        let paid = eventually(heard, |reply| reply.problem() != (503, "unavailable")).await;
        assert_eq!(paid.problem(), (404, "order_not_found"));
    }
    assert_eq!(market.get(&path).send().await.problem(), (401, "not_signed_in"));
    assert_eq!(market.order(&ben, &order).await["status"], "awaitingPayment");
    eventually(async || market.pay(&ben, &order).await, |reply| reply.status == 201).await;
}

pub(crate) async fn another_site_changes_nothing(market: &Market) {
    let ada = market.sign_up("ada").await;
    let body = json!({"ticketId": uuid::Uuid::nil()});
    let order = |origin: &str| {
        let call = market.post("/api/orders").header("cookie", &format!("access={}", ada.access));
        if origin.is_empty() { call.json(&body) } else { call.header("origin", origin).json(&body) }
    };
    let refused = (403, "cross_origin");

    assert_eq!(order("").send().await.problem(), refused);
    assert_eq!(order("https://evil.example").send().await.problem(), refused);
    assert_eq!(order(&market.base).send().await.problem(), (404, "ticket_not_found"));
    let who = json!({"email": ada.email, "password": PASSWORD});
    let sign_in = market.post("/api/users/signin").header("origin", "https://evil.example").json(&who).send().await;
    assert_eq!(sign_in.problem(), refused);
}
