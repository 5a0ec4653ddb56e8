//! What people are written to, by a process for each service and a mail server.

use serde_json::json;

use crate::market::{Market, User, eventually, id, offer};
use crate::postbox::{Arrived, Postbox};
use crate::programs::{Program, as_processes};

/// The mails of somebody with this subject, once there is one.
async fn mails(user: &User, subject: &str) -> Vec<Arrived> {
    let postbox = Postbox::shared();
    let of = async || postbox.of(&user.email).into_iter().filter(|mail| mail.subject.contains(subject)).collect();
    eventually(of, |mails: &Vec<Arrived>| !mails.is_empty()).await
}

#[tokio::test]
async fn people_are_written_to_from_the_order_to_the_refund() {
    let programs = as_processes().await;
    let rule = async |market: &Market| {
        let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
        let mut opera = offer("Opera", 1200, 3);
        (opera["startsAt"], opera["timeZone"]) = (json!("2034-06-01T19:30:00Z"), json!("Europe/Vienna"));
        let ticket = market.sell_as(&sally, &opera).await;
        let order = market.buy(&ben, &ticket).await;
        market.pay(&ben, &order).await;

        let tickets = mails(&ben, "Your tickets for").await.remove(0);
        assert!(tickets.word("https://tickets.example/orders/").ends_with(id(&order)), "{tickets:?}");
        assert_eq!(tickets.files, ["ticket.ics"]);
        mails(&sally, "Sold: ").await;

        market.post(&format!("/api/tickets/{}/call-off", id(&ticket))).by(&sally).send().await;
        let refunded = mails(&ben, "Refunded: ").await.remove(0);
        assert!(refunded.text.contains("The event was called off."), "{refunded:?}");
        mails(&ben, "sent back: ").await;
    };
    programs.prove(rule).await;
}

/// What happens while nobody writes is told later, and what was told is not told again.
#[tokio::test]
async fn a_process_that_was_away_writes_on_where_it_was() {
    let programs = as_processes().await;
    let rule = async |market: &Market| {
        let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
        let ticket = market.sell(&sally, 3).await;
        mails(&ben, "Confirm your address").await;
        let letters = programs.of("notifications");
        letters.stop().await;
        let order = market.buy(&ben, &ticket).await;
        market.pay(&ben, &order).await;
        eventually(async || market.order(&ben, &order).await, |order| order["status"] == "completed").await;
        letters.go_on_by(Program::CURRENT).await;

        mails(&ben, "Your tickets for").await;
        let another = market.buy(&ben, &ticket).await;
        market.pay(&ben, &another).await;
        let is_of = |mail: &Arrived, order| mail.word("https://tickets.example/orders/").ends_with(id(order));
        let told = async || mails(&ben, "Your tickets for").await;
        let all = eventually(told, |all| all.iter().any(|mail| is_of(mail, &another))).await;
        assert_eq!(all.iter().filter(|mail| is_of(mail, &order)).count(), 1, "{all:?}");
        assert_eq!(mails(&ben, "Confirm your address").await.len(), 1);
    };
    programs.prove(rule).await;
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_a_link_that_works_once() {
    let rule = async |market: &Market| {
        let ben = market.sign_up("ben").await;
        let forgot = market.post("/api/users/forgot").json(&json!({"email": ben.email})).send().await;
        assert!(forgot.status.is_success(), "{forgot:?}");
        let letter = mails(&ben, "Choose another password").await.remove(0);
        let token = letter.word("https://tickets.example/reset/").rsplit('/').next().expect("a token").to_owned();

        let reset = async |password: &str| {
            let form = json!({"token": token, "password": password});
            market.post("/api/users/reset").json(&form).send().await
        };
        let (first, second) = (reset("another brass lantern 7").await, reset("a third brass lantern 7").await);
        assert!(first.status.is_success(), "{first:?}");
        assert!(second.status.is_client_error(), "{second:?}");
        mails(&ben, "Your password was changed").await;
    };
    as_processes().await.prove(rule).await;
}
