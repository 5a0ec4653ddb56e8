//! Everything by pages and forms, without JavaScript.

use uuid::Uuid;

use crate::market::Browser;
use crate::market::{Market, PASSWORD, eventually, unique};

pub(crate) async fn member<'a>(market: &'a Market, name: &str) -> Browser<'a> {
    let email = format!("{name}-{}@example.org", unique().simple());
    let mut browser = Browser::new(market);
    browser.open("/signup").await;
    browser.submit("/signup", &[("email", &email), ("password", PASSWORD)]).await;
    assert_eq!((browser.status, browser.path.as_str()), (200, "/"));
    browser
}

pub(crate) async fn seller<'a>(market: &'a Market) -> (Browser<'a>, String) {
    let mut sally = member(market, "sally").await;
    sally.open("/sell").await;
    sally.submit("/sell", &[("title", "Opera by form"), ("price", "12.50"), ("quantity", "2")]).await;
    assert_eq!(sally.texts("h1"), ["Opera by form"]);
    let ticket = sally.path.clone();
    (sally, ticket)
}

pub(crate) async fn a_ticket_is_sold_by_forms_alone(market: &Market) {
    let (mut sally, ticket) = seller(market).await;
    let mut ben = member(market, "ben").await;
    ben.open(&ticket).await;
    ben.submit(&format!("{ticket}/order"), &[("quantity", "2")]).await;
    assert_eq!(ben.texts("h1"), ["Checkout"]);
    let order = ben.path.clone();

    ben.submit(&format!("{order}/pay"), &[("token", "tok_visa")]).await;
    let seen = async || {
        ben.open(&order).await;
        ben.texts("main .badge")
    };
    eventually(seen, |badges| badges == &["Completed"]).await;

    let seen = async || {
        sally.open("/my/tickets").await;
        sally.texts("td.number")
    };
    eventually(seen, |numbers| numbers == &["12.50 EUR", "2", "0", "2"]).await;
}

pub(crate) async fn what_is_refused_comes_back_with_the_form(market: &Market) {
    let (_, ticket) = seller(market).await;
    let mut ben = member(market, "ben").await;
    ben.open(&ticket).await;
    ben.submit(&format!("{ticket}/order"), &[("quantity", "3")]).await;
    assert_eq!(
        (ben.status, ben.texts("#quantity-error").concat()),
        (200, "Quantity is more than are left.".to_owned())
    );
    ben.submit(&format!("{ticket}/order"), &[("quantity", "1")]).await;
    let order = ben.path.clone();

    ben.submit(&format!("{order}/pay"), &[("token", "tok_chargeDeclined")]).await;

    assert_eq!((ben.status, ben.texts("#token-error").concat()), (200, "Card was declined.".to_owned()));
    ben.open("/nothing/here").await;
    assert_eq!(ben.status, 404);
    ben.open(&format!("/tickets/{}", Uuid::nil())).await;
    assert_eq!(ben.status, 404);
}

pub(crate) async fn a_session_ends_by_a_form(market: &Market) {
    let mut ada = member(market, "ada").await;
    let stolen = ada.jar.clone();
    ada.open("/account").await;
    assert_eq!((ada.status, ada.path.as_str()), (200, "/account"));

    ada.submit("/signout", &[]).await;

    let mut thief = Browser::new(market);
    thief.jar = stolen;
    thief.open("/account").await;
    assert_eq!((thief.path.as_str(), thief.texts(".nav-email")), ("/signin?next=%2Faccount", Vec::new()));
}
