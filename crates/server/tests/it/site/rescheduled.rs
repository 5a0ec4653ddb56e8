//! An event that was rescheduled, withdrawn or called off, on the pages of its seller and of its buyers.

use std::time::Duration;

use http::header::REFRESH;
use serde_json::{Value, json};
use ticketing_conformance::sample::free_address;
use ticketing_server::config::{Service, ServiceUrl};

use super::{Browser, buyer, member, seller};
use crate::app::{PASSWORD, TestApp, User, id, offer};
use crate::front_door::backend::Backend;

async fn reschedule(app: &TestApp, seller: &User, ticket: &Value) {
    let moved = json!({"title": "Opera", "venue": "Arena"});
    let reply = app.post(&format!("/api/tickets/{}/reschedule", id(ticket))).by(seller).json(&moved).send().await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

/// Sally sells a ticket.
async fn on_sale(app: &TestApp) -> (User, Value, String) {
    let sally = app.sign_up("sally").await;
    let ticket = app.sell(&sally, 5).await;
    let page = format!("/tickets/{}", id(&ticket));
    (sally, ticket, page)
}

/// Ben ordered a place and paid for it; on the page of the order.
async fn paid<'a>(app: &'a TestApp, ticket: &str) -> Browser<'a> {
    let mut ben = buyer(app, "ben", ticket).await;
    let order = ben.path.clone();
    ben.submit(&format!("{order}/pay"), &[]).await;
    app.settle().await;
    ben.open(&order).await;
    ben
}

#[tokio::test]
async fn who_is_about_to_pay_is_told_that_the_event_was_rescheduled() {
    let app = TestApp::start().await;
    let (sally, ticket, page) = on_sale(&app).await;
    let mut ben = buyer(&app, "ben", &page).await;
    let order = ben.path.clone();
    reschedule(&app, &sally, &ticket).await;
    app.settle().await;

    ben.open(&order).await;

    assert_eq!(ben.texts("h1"), ["Checkout"]);
    assert_eq!(ben.texts(".message li"), ["Opera", "Arena"]);
    assert_eq!(ben.attributes("a[href$='/give-back']", "href"), [""; 0], "there is nothing to give back yet");
}

#[tokio::test]
async fn who_saw_an_event_before_it_was_rescheduled_is_asked_again() {
    let app = TestApp::start().await;
    let (sally, ticket, page) = on_sale(&app).await;
    let mut ben = member(&app, "ben").await;
    ben.open(&page).await;
    reschedule(&app, &sally, &ticket).await;
    app.settle().await;

    ben.submit(&format!("{page}/order"), &[]).await;
    assert_eq!((ben.path.as_str(), ben.status), (page.as_str(), 200));
    assert!(ben.texts(".alert").concat().contains("has changed since you saw it"), "{}", ben.html);
    assert!(ben.texts(".facts").concat().contains("Arena"), "the page shows the event as it is");
    ben.submit(&format!("{page}/order"), &[]).await;

    assert_eq!(ben.texts("h1"), ["Checkout"]);
}

#[tokio::test]
async fn an_edit_that_leaves_the_event_as_it_is_asks_nobody_again() {
    let app = TestApp::start().await;
    let (sally, ticket, page) = on_sale(&app).await;
    let mut ben = member(&app, "ben").await;
    ben.open(&page).await;
    let mut more = offer("Opera", 1200, 9);
    more["description"] = json!("Now with more places.");
    let path = format!("/api/tickets/{}", id(&ticket));
    more["title"] = app.get(&path).send().await.body["title"].clone();
    more["price"] = ticket["price"].clone();
    assert_eq!(app.put(&path).by(&sally).json(&more).send().await.status, 200);
    app.settle().await;

    ben.submit(&format!("{page}/order"), &[]).await;

    assert_eq!(ben.texts("h1"), ["Checkout"]);
}

#[tokio::test]
async fn an_order_freezes_the_facts_that_its_buyer_names_or_is_refused() {
    let app = TestApp::start().await;
    let (sally, ticket, _) = on_sale(&app).await;
    let ben = app.sign_up("ben").await;
    let seen = async || app.get(&format!("/api/tickets/{}", id(&ticket))).send().await.body["factsTag"].clone();
    let order = |tag: &Value| app.post("/api/orders").by(&ben).json(&json!({"ticketId": id(&ticket), "factsTag": tag}));
    let before = seen().await;
    reschedule(&app, &sally, &ticket).await;
    let after = seen().await;
    assert_ne!(before, after);

    // Orders has not heard of it.
    let reply = order(&after).send().await;
    assert_eq!(reply.problem(), (409, "event_changed"));
    assert!(reply.is_documented_problem(), "{reply:?}");
    app.settle().await;

    assert_eq!(order(&before).send().await.problem(), (409, "event_changed"));
    let placed = order(&after).send().await;
    assert_eq!((placed.status.as_u16(), &placed.body["ticket"]["venue"]), (201, &json!("Arena")));
    app.settle().await;
}

#[tokio::test]
async fn a_paid_order_is_given_back_only_after_a_question() {
    let app = TestApp::start().await;
    let (sally, ticket, page) = on_sale(&app).await;
    let mut ben = paid(&app, &page).await;
    let order = ben.path.clone();
    reschedule(&app, &sally, &ticket).await;
    app.settle().await;
    ben.open(&order).await;
    let give_back = ben.attributes("main a[href$='/give-back']", "href");
    assert_eq!(give_back, [format!("{order}/give-back")]);

    ben.open(&give_back[0]).await;
    assert_eq!(ben.texts("h1"), ["Give these tickets back?"]);
    ben.submit(&give_back[0], &[]).await;

    assert_eq!((ben.path.as_str(), ben.texts(".badge")), (order.as_str(), vec!["Refunded".to_owned()]));
    assert!(ben.texts(".lead").concat().contains("You gave these tickets back"), "{:?}", ben.texts(".lead"));
    ben.open(&give_back[0]).await;
    assert_eq!(ben.path, order, "nothing is left to ask");
}

#[tokio::test]
async fn what_cannot_be_given_back_is_not_asked_about() {
    let app = TestApp::start().await;
    let (_, _, page) = on_sale(&app).await;
    let mut ben = paid(&app, &page).await;
    let order = ben.path.clone();

    ben.open(&format!("{order}/give-back")).await;

    assert_eq!((ben.path.as_str(), ben.texts("h1")), (order.as_str(), vec!["Order".to_owned()]));
}

#[tokio::test]
async fn who_was_let_in_is_not_offered_to_give_back() {
    let app = TestApp::start().await;
    let (sally, ticket, page) = on_sale(&app).await;
    let mut ben = paid(&app, &page).await;
    let order = ben.path.clone();
    reschedule(&app, &sally, &ticket).await;
    app.settle().await;
    let code = ben.texts("main .pass-code").remove(0);
    let check = app.post(&format!("/api/doors/{}/checks", id(&ticket))).by(&sally).json(&json!({"pass": code}));
    assert_eq!(check.send().await.body["result"], "welcome");

    ben.open(&order).await;

    assert_eq!(ben.texts(".message li"), ["Opera", "Arena"], "what changed is told");
    assert_eq!(ben.attributes("a[href$='/give-back']", "href"), [""; 0]);
}

#[tokio::test]
async fn a_buyer_whose_event_was_called_off_reads_why_the_money_comes_back() {
    let app = TestApp::start().await;
    let (sally, ticket, page) = on_sale(&app).await;
    let mut ben = paid(&app, &page).await;
    let order = ben.path.clone();
    app.post(&format!("/api/tickets/{}/call-off", id(&ticket))).by(&sally).send().await;
    app.settle().await;

    ben.open(&order).await;

    assert!(ben.texts(".lead").concat().contains("The event was called off"), "{:?}", ben.texts(".lead"));
    assert_eq!(ben.texts("main .actions a"), ["My tickets"], "nobody can order it again");
}

#[tokio::test]
async fn a_buyer_whom_the_seller_refunded_reads_so_and_may_order_again() {
    let app = TestApp::start().await;
    let (sally, _, page) = on_sale(&app).await;
    let mut ben = paid(&app, &page).await;
    let order = ben.path.clone();
    let reply = app.post(&format!("/api{order}/refund")).by(&sally).send().await;
    assert_eq!(reply.status, 200, "{reply:?}");
    app.settle().await;

    ben.open(&order).await;

    assert!(ben.texts(".lead").concat().contains("The seller refunded this order"), "{:?}", ben.texts(".lead"));
    assert_eq!(ben.texts("main .actions a"), ["Order again", "My tickets"]);
}

#[tokio::test]
async fn a_seller_who_withdrew_a_sold_ticket_still_finds_how_to_reschedule_it_and_to_call_it_off() {
    let app = TestApp::start().await;
    let mut sally = seller(&app, "Opera", "2").await;
    let ticket = sally.path.clone();
    buyer(&app, "ben", &ticket).await;
    let links = |sally: &Browser<'_>| sally.attributes("aside a", "href");
    sally.open(&ticket).await;
    assert!(links(&sally).contains(&format!("{ticket}/edit")), "{:?}", links(&sally));
    sally.open(&format!("{ticket}/withdraw")).await;
    sally.submit(&format!("{ticket}/withdraw"), &[]).await;

    sally.open(&ticket).await;
    let found = links(&sally);
    for (way, is_there) in [("edit", false), ("reschedule", true), ("call-off", true)] {
        assert_eq!(found.contains(&format!("{ticket}/{way}")), is_there, "{way}: {found:?}");
    }
    sally.open(&format!("{ticket}/call-off")).await;
    sally.submit(&format!("{ticket}/call-off"), &[]).await;

    let found = links(&sally);
    for way in ["edit", "reschedule", "call-off"] {
        assert!(!found.contains(&format!("{ticket}/{way}")), "{way}: {found:?}");
    }
}

#[tokio::test]
async fn passes_that_cannot_be_shown_are_not_being_issued_without_end() {
    let backend = Backend::start().await;
    let app = &backend.app;
    let (_, ticket, _) = on_sale(app).await;
    let ben = app.sign_up("ben").await;
    let order = app.buy(&ben, &ticket).await;
    app.pay(&ben, &order).await;
    app.settle().await;
    let away = format!("http://{}", free_address()).parse::<ServiceUrl>().expect("an address");
    let app = backend.behind_front_door_with(|config| {
        config.remote.insert(Service::Admissions, away);
    });
    let page = format!("/orders/{}", id(&order));
    let mut browser = Browser::new(&app);
    browser.open("/signin").await;
    browser.submit("/signin", &[("email", "ben@example.org"), ("password", PASSWORD)]).await;

    browser.open(&page).await;
    assert!(browser.texts(".message").concat().contains("being issued"), "{}", browser.html);
    assert!(browser.headers.contains_key(REFRESH), "the page looks again");
    app.lag(Duration::from_secs(120));
    browser.open(&page).await;

    assert!(browser.texts(".message").concat().contains("cannot be shown right now"), "{}", browser.html);
    assert!(!browser.headers.contains_key(REFRESH));
}
