//! Going back after a form never shows the browser's question whether to send it again.

use super::{Shop, driver::Tab};
use crate::market::id;

/// Goes back as far as `steps`; each page on the way is one of ours.
async fn assert_way_back(tab: &Tab<'_>, steps: usize) {
    for step in 1..=steps {
        tab.go(-1).await;
        let is_ours = tab.eval("document.querySelector('.site-header') !== null").await;
        assert_eq!(is_ours, true, "{step} back: {}", tab.eval("document.body?.innerText").await);
    }
}

async fn assert_no_question(with_scripts: bool) {
    let Some(shop) = Shop::open(&[]).await else { return };
    let (sally, ben) = (shop.market.sign_up("sally").await, shop.market.sign_up("ben").await);
    let ticket = shop.market.sell(&sally, 5).await;
    let tab = shop.person(&ben).await.tab().await;
    if !with_scripts {
        tab.without_scripts().await;
    }
    tab.open(&shop.page_of(&ticket)).await;
    // The browser's own check would hold it back, and a live update sets its limit again.
    let too_many = "document.querySelector(\"form[action$='/order']\").noValidate = true;
                    document.querySelector('[name=quantity]').value = 9";
    tab.eval(too_many).await;
    tab.follow("form[action$='/order'] button").await;
    assert_eq!(tab.text("#quantity-error").await, "Quantity is more than are left.");
    assert_eq!(tab.path().await, format!("/tickets/{}", id(&ticket)));
    tab.eval("document.querySelector('[name=quantity]').value = 1").await;
    tab.follow("form[action$='/order'] button").await;
    tab.click("#tok_chargeDeclined").await;
    tab.follow("form[action$='/pay'] button").await;
    assert_eq!(tab.text("#token-error").await, "Card was declined.");
    tab.click("#tok_visa").await;
    tab.follow("form[action$='/pay'] button").await;
    assert_eq!(tab.text("main .badge").await, "Completed");

    let steps = tab.steps_back().await;
    assert!(steps >= 2, "{steps}");
    assert_way_back(&tab, steps - 1).await;
}

#[tokio::test]
async fn going_back_asks_for_nothing_to_be_sent_again() {
    assert_no_question(true).await;
}

#[tokio::test]
async fn going_back_asks_for_nothing_to_be_sent_again_without_scripts() {
    assert_no_question(false).await;
}

#[tokio::test]
async fn a_seller_who_edits_a_ticket_without_a_time_zone_is_given_none() {
    let Some(shop) = Shop::open(&[]).await else { return };
    let sally = shop.market.sign_up("sally").await;
    let ticket = shop.market.sell(&sally, 5).await;
    let tab = shop.person(&sally).await.tab().await;
    let zone = "document.querySelector('[name=timeZone]').value";

    tab.open(&shop.address("/sell")).await;
    assert_ne!(tab.eval(zone).await, "", "a new ticket is mostly where its seller is");
    for form in ["edit", "reschedule"] {
        tab.open(&shop.address(&format!("/tickets/{}/{form}", id(&ticket)))).await;
        assert_eq!(tab.eval(zone).await, "", "{form}");
    }
}

#[tokio::test]
async fn what_was_typed_survives_signing_in() {
    let Some(shop) = Shop::open(&[]).await else { return };
    let sally = shop.market.sign_up("sally").await;
    let person = shop.person(&sally).await;
    let tab = person.tab().await;
    tab.open(&shop.address("/sell")).await;
    let lines = "ab\n".repeat(1332) + "last";
    tab.eval(&format!(
        "document.querySelector('#title').value = 'Opera';
         document.querySelector('#description').value = {};
         document.querySelector('#price').value = '12';",
        serde_json::json!(lines)
    ))
    .await;
    assert_eq!(tab.eval("document.querySelector('#description').value.length").await, 4000);
    person.signed_out().await;
    tab.follow("form[action='/sell'] button").await;
    assert_eq!(tab.path().await, "/signin");

    tab.eval(&format!(
        "document.querySelector('#email').value = {}; document.querySelector('#password').value = {};",
        serde_json::json!(sally.email),
        serde_json::json!(crate::market::PASSWORD)
    ))
    .await;
    tab.follow("form[action='/signin'] button[type=submit]").await;

    assert_eq!((tab.path().await, tab.text(".alert").await), ("/sell".into(), String::new()));
    assert_eq!(tab.eval("document.querySelector('#description').value").await, lines.as_str());
    tab.follow("form[action='/sell'] button").await;
    assert_eq!((tab.text("h1").await, tab.text(".prose").await), ("Opera".into(), lines));
}
