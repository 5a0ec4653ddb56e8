//! From a sign-up to a paid order, by forms alone.

use std::time::Duration;

use ticketing_core::domain::pass::PassCode;

use super::{Browser, buyer, member, seller};
use crate::app::{PASSWORD, TestApp};

#[tokio::test]
async fn a_ticket_is_sold_by_forms_alone() {
    let app = TestApp::start().await;
    let mut sally = Browser::new(&app);
    sally.open("/sell").await;
    assert_eq!(sally.path, "/signin?next=%2Fsell");
    sally.open(&sally.attributes("main a[href^='/signup']", "href")[0].clone()).await;
    sally.submit("/signup", &[("email", "Sally@Example.org"), ("password", PASSWORD)]).await;
    assert_eq!((sally.path.as_str(), sally.told().len()), ("/sell", 1));
    let offer = [("title", "Opera"), ("price", "12,50"), ("quantity", "2")];
    let when = [("startsAt", "2030-06-01T19:30"), ("timeZone", "Europe/Vienna"), ("seats", "12-13")];
    sally.submit("/sell", &[&offer[..], &when].concat()).await;
    let ticket = sally.path.clone();
    assert_eq!(sally.told(), ["Your ticket is on sale."]);
    assert_eq!(sally.texts(".facts time"), ["Sat 1 Jun 2030, 19:30, Vienna time"]);

    let mut ben = Browser::new(&app);
    ben.open("/").await;
    ben.open(&ben.attributes(".cards a", "href")[0].clone()).await;
    ben.open(&ben.attributes(".split-side a", "href")[0].clone()).await;
    ben.open(&ben.attributes("main a[href^='/signup']", "href")[0].clone()).await;
    ben.submit("/signup", &[("email", "ben@example.org"), ("password", PASSWORD)]).await;
    assert_eq!(ben.path, ticket);
    ben.submit(&format!("{ticket}/order"), &[("quantity", "2")]).await;
    let order = ben.path.clone();
    assert_eq!(ben.texts("h1"), ["Checkout"]);
    assert_eq!(ben.texts(".facts time[data-zone]"), ["Sat 1 Jun 2030, 19:30, Vienna time"]);
    ben.submit(&format!("{order}/pay"), &[]).await;

    assert_eq!(ben.texts(".facts time[data-zone]"), ["Sat 1 Jun 2030, 19:30, Vienna time"]);
    assert_eq!((&ben.path, ben.texts(".lead")), (&order, vec!["Paid. The tickets are yours.".to_owned()]));
    assert_eq!(ben.told(), ["Your payment was received."]);
    app.settle().await;
    ben.open(&order).await;
    assert_eq!(ben.texts(".pass-place"), ["Ticket 1 of 2", "Ticket 2 of 2"]);
    let is_code = |code: &String| code.parse::<PassCode>().is_ok();
    assert!(ben.texts(".pass-code").iter().all(is_code), "{:?}", ben.texts(".pass-code"));
    assert_eq!(ben.texts(".pass-square svg").len(), 2);
    assert_eq!(app.memory.gateway.total_captured(), 2500);
    sally.open("/my/tickets").await;
    assert_eq!(sally.texts("td.number"), ["12.50 EUR", "2", "0", "2"]);
    assert_eq!(sally.texts(".badge"), ["Sold out"]);
}

#[tokio::test]
async fn a_payment_to_confirm_is_confirmed_or_given_up_without_a_script() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "1").await.path;
    let mut ben = buyer(&app, "ben", &ticket).await;
    let order = ben.path.clone();
    let pay = format!("{order}/pay");

    ben.submit(&pay, &[("token", "tok_threeDSecure")]).await;
    assert_eq!((&ben.path, ben.told()), (&order, vec![]));
    assert_eq!(ben.texts("h2#step + p + a"), ["Confirm the payment"]);
    assert_eq!(ben.attributes("h2#step + p + a", "href"), [format!("{order}/confirm")]);
    assert_eq!(ben.attributes("form", "action").iter().filter(|action| **action == pay).count(), 0);

    ben.submit(&format!("{order}/give-up"), &[]).await;
    assert_eq!((&ben.path, ben.texts("form .button-primary")), (&order, vec!["Pay 12.50 EUR".to_owned()]));
    ben.submit(&pay, &[]).await;

    assert_eq!(ben.texts(".lead"), ["Paid. The tickets are yours."]);
    assert_eq!(app.memory.gateway.total_captured(), 1250);
}

#[tokio::test]
async fn a_payment_is_approved_or_declined_on_the_page_of_the_sandbox() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "2").await.path;
    let mut ben = buyer(&app, "ben", &ticket).await;
    let order = ben.path.clone();
    let (pay, confirm) = (format!("{order}/pay"), format!("{order}/confirm"));
    let mut eve = member(&app, "eve").await;

    ben.submit(&pay, &[("token", "tok_threeDSecure")]).await;
    ben.open(&confirm).await;
    ben.submit(&format!("{order}/decline"), &[]).await;
    assert_eq!(ben.told(), ["The payment was declined. Nothing was charged; try another card."]);
    ben.submit(&pay, &[("token", "tok_threeDSecure")]).await;
    ben.open(&confirm).await;
    eve.post(&format!("{order}/approve"), &[]).await;
    assert_eq!((eve.posted, app.memory.gateway.total_captured()), (404, 0), "only the buyer answers");
    ben.submit(&format!("{order}/approve"), &[]).await;

    assert_eq!((ben.texts(".lead"), ben.told().len()), (vec!["Paid. The tickets are yours.".to_owned()], 1));
    assert_eq!(app.memory.gateway.total_captured(), 1250);
    ben.open(&confirm).await;
    assert_eq!(ben.path, order, "there is nothing left to confirm");
}

#[tokio::test]
async fn an_order_that_is_not_paid_gives_its_ticket_back() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "1").await.path;
    let mut ben = buyer(&app, "ben", &ticket).await;
    let order = ben.path.clone();
    ben.open(&ticket).await;
    assert_eq!(ben.texts(".stock-line .badge"), ["Sold out"]);

    app.pass(Duration::from_secs(16 * 60)).await;

    // The access token ran out meanwhile, which nobody need notice.
    ben.open(&order).await;
    assert_eq!((ben.status, ben.texts("main .badge")), (200, vec!["Expired".to_owned()]));
    assert_eq!(ben.texts("title"), ["The time to pay is over: Opera · Ticketing"]);
    assert_eq!(
        (ben.texts(".button-primary"), ben.attributes(".button-primary", "href")),
        (vec!["Order again".to_owned()], vec![ticket.clone()])
    );
    ben.open(&ticket).await;
    assert_eq!(ben.texts(".stock-line .badge"), ["On sale"]);
}

#[tokio::test]
async fn a_buyer_changes_their_mind() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "1").await.path;
    let mut ben = buyer(&app, "ben", &ticket).await;
    let order = ben.path.clone();

    ben.open(&format!("{order}/cancel")).await;
    assert_eq!(ben.texts("h1"), ["Cancel this order?"]);
    ben.submit(&format!("{order}/cancel"), &[]).await;

    assert_eq!((&ben.path, ben.told()), (&order, vec!["The order was cancelled.".to_owned()]));
    assert_eq!(ben.texts(".lead"), ["You cancelled this order. Nothing was charged."]);
    ben.open(&format!("{order}/cancel")).await;
    assert_eq!(ben.path, order, "there is nothing left to ask");
    ben.open("/orders").await;
    assert_eq!(ben.texts("main .badge"), ["Cancelled"]);
    assert_eq!(ben.told(), [""; 0], "what was done is told once");
}

#[tokio::test]
async fn another_card_pays_where_the_first_was_declined() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "1").await.path;
    let mut ben = buyer(&app, "ben", &ticket).await;
    let pay = format!("{}/pay", ben.path);

    ben.submit(&pay, &[("token", "tok_chargeDeclined")]).await;
    assert_eq!((ben.posted, ben.error("token")), (303, "Card was declined.".to_owned()));
    ben.submit(&pay, &[("token", "tok_visa")]).await;

    assert_eq!(ben.texts("main .badge"), ["Completed"]);
    assert_eq!(app.memory.gateway.total_captured(), 1250);
}

#[tokio::test]
async fn an_order_is_neither_placed_nor_paid_twice() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "5").await.path;
    let mut ben = buyer(&app, "ben", &ticket).await;
    let (order, html) = (ben.path.clone(), ben.html.clone());

    ben.submit(&format!("{order}/pay"), &[]).await;
    // The page before, out of the browser's memory.
    (ben.path, ben.html) = (order.clone(), html);
    ben.submit(&format!("{order}/pay"), &[("token", "tok_visa")]).await;
    assert_eq!((&ben.path, ben.texts("main .badge")), (&order, vec!["Completed".to_owned()]));

    ben.open(&ticket).await;
    let before = ben.html.clone();
    ben.submit(&format!("{ticket}/order"), &[]).await;
    let second = std::mem::replace(&mut ben.html, before);
    ben.submit(&format!("{ticket}/order"), &[]).await;

    assert_eq!(ben.texts("h1"), ["Checkout"]);
    assert!(second.contains(&ben.path), "the same order again");
    assert_eq!(app.memory.gateway.total_captured(), 1250);
}

#[tokio::test]
async fn a_silent_card_leaves_the_order_waiting() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "1").await.path;
    let mut ben = buyer(&app, "ben", &ticket).await;
    let order = ben.path.clone();

    ben.submit(&format!("{order}/pay"), &[("token", "tok_timeout")]).await;
    assert_eq!(ben.texts("main .badge"), ["Awaiting payment"]);
    assert_eq!(ben.texts(".actions a"), ["Check again", "My tickets"]);
    // However often they look: the page knows it from the payment, and looks again by itself.
    ben.open("/").await;
    ben.open(&order).await;
    assert_eq!(ben.attributes("form[action$='/pay']", "action"), [""; 0], "no second card while the first may pay");
    assert_eq!(ben.texts("title"), ["Payment under way: Opera · Ticketing"]);
    assert_eq!(ben.headers["refresh"], "5");
    app.pass(Duration::from_secs(60)).await;
    ben.open(&order).await;

    assert_eq!(ben.texts("main .badge"), ["Completed"]);
}

#[tokio::test]
async fn a_seller_changes_and_withdraws_a_ticket() {
    let app = TestApp::start().await;
    let mut sally = seller(&app, "Opera", "1").await;
    let ticket = sally.path.clone();
    let edit = format!("{ticket}/edit");

    sally.open(&edit).await;
    assert_eq!((sally.value("title"), sally.value("price")), ("Opera".to_owned(), "12.50".to_owned()));
    sally.submit(&edit, &[("title", "Grand opera"), ("price", "13")]).await;
    assert_eq!(sally.texts("h1"), ["Grand opera"]);
    sally.open(&format!("{ticket}/withdraw")).await;
    assert_eq!(sally.texts("h1"), ["Withdraw this ticket?"]);
    sally.submit(&format!("{ticket}/withdraw"), &[]).await;

    assert_eq!(sally.texts(".stock-line .badge"), ["Withdrawn"]);
    sally.open(&edit).await;
    assert_eq!((sally.status, sally.texts("h1")), (409, vec!["The ticket was withdrawn".to_owned()]));
}
