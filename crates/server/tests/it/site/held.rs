//! What is held is seen from every page until it is paid, cancelled or over.

use std::time::Duration;

use super::{Browser, buyer, member, seller};
use crate::app::{PASSWORD, TestApp};

#[tokio::test]
async fn a_held_order_is_seen_from_every_page_with_the_servers_clock() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "5").await.path;
    let mut ben = buyer(&app, "ben", &ticket).await;
    let order = ben.path.clone();
    assert_eq!(ben.texts(".held"), [""; 0], "its own page has a clock");

    for page in ["/", &ticket, "/orders", "/sell", "/account"] {
        ben.open(page).await;
        assert_eq!(ben.attributes(".held a", "href"), [order.as_str()], "{page}");
        assert_eq!(ben.texts(".held a"), ["1 × Opera"], "{page}");
        assert_eq!(ben.attributes(".held", "data-now"), [app.now().to_string()], "{page}");
    }
    ben.open(&order).await;
    ben.submit(&format!("{order}/pay"), &[]).await;
    ben.open("/").await;

    assert_eq!((ben.texts(".held"), ben.jar.contains_key("held")), (vec![], false));
}

#[tokio::test]
async fn ordering_again_leads_to_what_is_held() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "5").await.path;
    let mut ben = member(&app, "ben").await;
    ben.open(&ticket).await;
    let (path, html) = (ben.path.clone(), ben.html.clone());
    let again = format!("{ticket}/order");
    ben.submit(&again, &[("quantity", "2")]).await;
    let order = ben.path.clone();

    ben.open(&ticket).await;
    assert_eq!(ben.attributes(".split-side a.button-primary", "href"), [order.as_str()]);
    // A page that was opened before.
    (ben.path, ben.html) = (path, html.replace("idempotency_key\" value=\"", "idempotency_key\" value=\"another-"));
    ben.submit(&again, &[("quantity", "1")]).await;

    assert_eq!((&ben.path, ben.told().len()), (&order, 1));
    ben.open("/orders").await;
    assert_eq!(ben.texts("tbody tr").len(), 1);
}

#[tokio::test]
async fn what_is_over_or_cancelled_is_held_no_longer() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "5").await.path;
    let mut ben = buyer(&app, "ben", &ticket).await;
    let cancel = format!("{}/cancel", ben.path);
    ben.open(&cancel).await;
    ben.submit(&cancel, &[]).await;
    ben.open(&ticket).await;
    assert_eq!(ben.texts(".held"), [""; 0]);
    ben.submit(&format!("{ticket}/order"), &[]).await;
    ben.open("/").await;
    assert_eq!(ben.texts(".held").len(), 1);

    app.pass(Duration::from_secs(16 * 60)).await;
    ben.open("/").await;

    assert_eq!(ben.texts(".held"), [""; 0]);
}

#[tokio::test]
async fn another_account_in_the_same_browser_holds_nothing() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "5").await.path;
    let mut ben = buyer(&app, "ben", &ticket).await;
    ben.submit("/signout", &[]).await;
    assert_eq!(ben.texts(".held"), [""; 0]);
    ben.open("/signup").await;
    ben.submit("/signup", &[("email", "eve@example.org"), ("password", PASSWORD)]).await;

    assert_eq!((ben.texts(".held"), ben.jar.contains_key("held")), (vec![], false));
}

#[tokio::test]
async fn an_order_that_is_looked_at_in_another_browser_is_held_there_too() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "5").await.path;
    let order = buyer(&app, "ben", &ticket).await.path;
    let mut elsewhere = Browser::new(&app);
    elsewhere.open(&format!("/signin?next={order}")).await;
    elsewhere.submit("/signin", &[("email", "ben@example.org"), ("password", PASSWORD)]).await;

    elsewhere.open("/").await;

    assert_eq!(elsewhere.attributes(".held a", "href"), [order]);
}
