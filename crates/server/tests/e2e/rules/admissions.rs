//! Who is let in.

use serde_json::{Value, json};

use crate::call::Reply;
use crate::market::{Market, User, eventually, id};

pub(crate) async fn a_pass_lets_one_person_in(market: &Market) {
    let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
    let ticket = market.sell(&sally, 2).await;
    let order = market.buy(&ben, &ticket).await;
    market.pay(&ben, &order).await;
    let path = format!("/api/orders/{}/passes", id(&order));
    let passes = eventually(async || market.get(&path).by(&ben).send().await, |reply| reply.status == 200).await;
    let pass = &passes.body["items"][0];

    let welcome = eventually(
        async || show(market, (&sally, &ticket), &pass["token"]).await,
        // The door may hear of its ticket a little later than of the order.
        |reply| reply.code() != "ticket_not_found",
    )
    .await;
    let again = show(market, (&sally, &ticket), &pass["code"]).await;

    assert_eq!(welcome.body["result"], "welcome");
    assert_eq!(again.body, json!({"result": "used", "firstUsedAt": welcome.body["firstUsedAt"]}));
    assert_eq!(show(market, (&ben, &ticket), &pass["code"]).await.problem(), (403, "not_your_door"));
    let door = market.get(&format!("/api/doors/{}/passes", id(&ticket))).by(&sally).send().await.body;
    assert_eq!(door["counts"], json!({"issued": 0, "used": 1, "voided": 0}));
}

pub(crate) async fn a_called_off_event_gives_the_money_back_and_voids_the_passes(market: &Market) {
    let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
    let ticket = market.sell(&sally, 3).await;
    let [paid, held] = [market.buy(&ben, &ticket).await, market.buy(&ben, &ticket).await];
    market.pay(&ben, &paid).await;
    eventually(async || market.order(&ben, &paid).await, |order| order["status"] == "completed").await;
    // An order that is refunded before admissions hears of it never has passes.
    let door = async || market.get(&format!("/api/doors/{}/passes", id(&ticket))).by(&sally).send().await.body;
    eventually(door, |door| door["counts"] == json!({"issued": 1, "used": 0, "voided": 0})).await;

    let off = market.post(&format!("/api/tickets/{}/call-off", id(&ticket))).by(&sally).send().await;

    assert_eq!((off.status.as_u16(), &off.body["status"]), (200, &json!("calledOff")));
    let order = eventually(async || market.order(&ben, &paid).await, |order| order["status"] == "refunded").await;
    assert_eq!(order["refundReason"], "calledOff");
    eventually(async || market.order(&ben, &held).await, |order| order["status"] == "cancelled").await;
    assert_eq!(market.try_to_buy(&ben, &ticket).await.problem(), (409, "ticket_called_off"));
    let payments = async || market.get(&format!("/api/payments?orderId={}", id(&paid))).by(&ben).send().await.body;
    eventually(payments, |list| list["items"][0]["status"] == "refunded").await;
    eventually(door, |door| door["counts"] == json!({"issued": 0, "used": 0, "voided": 1})).await;
}

async fn show(market: &Market, (door, ticket): (&User, &Value), pass: &Value) -> Reply {
    let path = format!("/api/doors/{}/checks", id(ticket));
    market.post(&path).by(door).json(&json!({"pass": pass})).send().await
}
