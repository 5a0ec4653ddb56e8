//! Who sells, on the pages of those who buy.

use super::{Browser, buyer, member, seller};
use crate::app::TestApp;

/// What a page says about the seller; nothing if it says nothing.
fn sold_by(browser: &Browser<'_>) -> Option<String> {
    let names = browser.texts(".fact dt");
    let at = names.iter().position(|name| name == "Sold by")?;
    browser.texts(".fact dd").into_iter().nth(at)
}

async fn rename(seller: &mut Browser<'_>, name: &str) {
    seller.open("/account").await;
    seller.submit("/account/name", &[("displayName", name)]).await;
    assert_eq!(seller.told(), ["Your name was saved."]);
}

#[tokio::test]
async fn ticket_checkout_and_order_say_who_sells() {
    let app = TestApp::start().await;
    let mut sally = seller(&app, "Opera", "5").await;
    let ticket = sally.path.clone();
    app.settle().await;
    let mut visitor = member(&app, "vera").await;
    visitor.open(&ticket).await;
    assert_eq!(sold_by(&visitor), None, "nobody gave a name");

    rename(&mut sally, "Sally <b>& Sons</b>").await;
    app.settle().await;
    visitor.open(&ticket).await;
    assert_eq!(sold_by(&visitor).as_deref(), Some("Sally <b>& Sons</b>"), "as text");

    let mut ben = buyer(&app, "ben", &ticket).await;
    assert_eq!((ben.texts("h1"), sold_by(&ben).as_deref()), (vec!["Checkout".into()], Some("Sally <b>& Sons</b>")));
    let order = ben.path.clone();
    rename(&mut sally, "Somebody else").await;
    ben.submit(&format!("{order}/pay"), &[]).await;
    app.settle().await;
    ben.open(&order).await;
    assert_eq!((ben.texts("h1"), sold_by(&ben).as_deref()), (vec!["Order".into()], Some("Sally <b>& Sons</b>")));
}
