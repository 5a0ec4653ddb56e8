//! Live updates: one stream for a whole browser, that comes back by itself.

use serde_json::json;

use super::{Shop, is_seen};
use crate::market::id;
use crate::rules::live::Updates;

const AVAILABLE: &str = "document.querySelector('[data-live-available]')?.textContent ?? ''";

/// Time runs twenty times as fast for the scripts of a page, by every clock: none seems to have slept.
const HASTE: &str = "const now = performance.now.bind(performance), [later, often] = [setTimeout, setInterval];
    const began = Date.now();
    performance.now = () => 20 * now();
    Date.now = () => began + 20 * now();
    window.setTimeout = (act, span) => later(act, span / 20);
    window.setInterval = (act, span) => often(act, span / 20);";

/// One listener is all that the marketplace has room for.
const ONE: [(&str, &str); 1] = [("TICKETING_LIVE_LISTENERS", "1")];

#[tokio::test]
async fn eight_open_tickets_load_and_are_live_by_one_stream() {
    let many = [ONE[0], ("TICKETING_LIMIT_OPEN_ORDERS", "off")];
    let Some(shop) = Shop::open(&many).await else { return };
    let (sally, ben) = (shop.market.sign_up("sally").await, shop.market.sign_up("ben").await);
    let person = shop.person(&ben).await;
    let mut tabs = Vec::new();
    for _ in 0..8 {
        let ticket = shop.market.sell(&sally, 5).await;
        let tab = person.tab().await;
        tab.open(&shop.page_of(&ticket)).await;
        tabs.push((ticket, tab));
    }
    let home = person.tab().await;
    shop.finds(8).await;
    home.open(&shop.address("/")).await;
    assert_eq!(home.eval("document.querySelectorAll('.cards li').length").await, 8);

    for (ticket, tab) in &tabs {
        tab.to_front().await;
        shop.market.buy(&ben, ticket).await;
        tab.until(AVAILABLE, "4").await;
    }
}

#[tokio::test]
async fn a_page_that_nobody_looks_at_holds_no_stream() {
    let Some(shop) = Shop::open(&ONE).await else { return };
    let (sally, ben) = (shop.market.sign_up("sally").await, shop.market.sign_up("ben").await);
    let ticket = shop.market.sell(&sally, 5).await;
    let tab = shop.person(&ben).await.tab().await;
    tab.open(&shop.page_of(&ticket)).await;
    shop.market.buy(&ben, &ticket).await;
    tab.until(AVAILABLE, "4").await;

    tab.eval(
        "Object.defineProperty(document, 'hidden', { configurable: true, value: true });
         document.dispatchEvent(new Event('visibilitychange'))",
    )
    .await;
    // The only place is free again.
    let path = format!("/api/tickets/{}/live", id(&ticket));
    let is_free = async || shop.market.get(&path).open().await.status() == 200;
    crate::market::eventually(is_free, |free| *free).await;
    shop.market.buy(&ben, &ticket).await;
    tab.eval("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))").await;

    tab.until(AVAILABLE, "3").await;
}

#[tokio::test]
async fn after_an_answer_of_503_a_page_says_that_it_is_not_live_and_comes_back() {
    let Some(shop) = Shop::open(&ONE).await else { return };
    let (sally, ben) = (shop.market.sign_up("sally").await, shop.market.sign_up("ben").await);
    let ticket = shop.market.sell(&sally, 5).await;
    let only_place = Updates::open(&shop.market, &format!("/api/tickets/{}/live", id(&ticket))).await;
    let tab = shop.person(&ben).await.tab().await;
    tab.prepare(HASTE).await;
    tab.open(&shop.page_of(&ticket)).await;
    tab.until(&is_seen("[data-live-stale]"), true).await;

    drop(only_place);

    tab.until(&is_seen("[data-live-stale]"), false).await;
    shop.market.buy(&ben, &ticket).await;
    tab.until(AVAILABLE, "4").await;
}

#[tokio::test]
async fn a_line_that_fell_silent_is_opened_again() {
    const FIRST_IS_SILENT: &str = "const Real = EventSource;
        window.opened = 0;
        window.EventSource = function (address) {
          const source = new Real(address);
          if (opened++) return source;
          Object.defineProperty(source, 'onmessage', { set() {} });
          source.addEventListener = () => {};
          return source;
        };";
    let Some(shop) = Shop::open(&[]).await else { return };
    let (sally, ben) = (shop.market.sign_up("sally").await, shop.market.sign_up("ben").await);
    let ticket = shop.market.sell(&sally, 5).await;
    let tab = shop.person(&ben).await.tab().await;
    tab.prepare(&format!("{HASTE}{FIRST_IS_SILENT}")).await;
    tab.open(&shop.page_of(&ticket)).await;

    shop.market.buy(&ben, &ticket).await;

    tab.until(AVAILABLE, "4").await;
    assert_ne!(tab.eval("opened").await, json!(1));
}

#[tokio::test]
async fn a_browser_that_cannot_share_has_a_stream_of_its_own() {
    let Some(shop) = Shop::open(&[]).await else { return };
    let (sally, ben) = (shop.market.sign_up("sally").await, shop.market.sign_up("ben").await);
    let ticket = shop.market.sell(&sally, 5).await;
    let tab = shop.person(&ben).await.tab().await;
    tab.prepare("Object.defineProperty(navigator, 'locks', { value: undefined }); delete window.BroadcastChannel;")
        .await;
    tab.open(&shop.page_of(&ticket)).await;

    shop.market.buy(&ben, &ticket).await;

    tab.until(AVAILABLE, "4").await;
}
