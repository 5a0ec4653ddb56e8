//! Nobody buys at a price that they did not see.

use super::{Shop, is_seen};

#[tokio::test]
async fn a_script_never_changes_the_price_that_a_form_sends() {
    let Some(shop) = Shop::open(&[]).await else { return };
    let (sally, ben) = (shop.market.sign_up("sally").await, shop.market.sign_up("ben").await);
    let ticket = shop.market.sell(&sally, 5).await;
    let tab = shop.person(&ben).await.tab().await;
    tab.open(&shop.page_of(&ticket)).await;
    let amount = "document.querySelector('[name=amount]').value";

    for cents in [99_900, 1500] {
        shop.reprice(&sally, &ticket, cents).await;
        let shown = if cents == 1500 { "€15.00" } else { "€999.00" };
        tab.until("document.querySelector('.price-line data').textContent", shown).await;
        tab.until(&is_seen("[data-live-note]"), true).await;
        let note = tab.text("[data-live-note]").await;
        assert!(note.contains("was €12.00") && note.contains(&format!("now {shown}")), "{note}");
        assert_eq!(tab.eval(amount).await, "1200", "what the form sends is what its reader saw");
    }
    tab.follow("form[action$='/order'] button").await;
    assert_eq!((tab.path().await, shop.orders(&ben).await), (format!("/tickets/{}", crate::market::id(&ticket)), 0));
    let asked = tab.text("#another-price").await;
    assert!(asked.contains("€12.00") && asked.contains("€15.00"), "{asked}");
    assert_eq!(tab.text("form[action$='/order'] button").await, "Agree and order for €15.00 each");

    tab.follow("form[action$='/order'] button").await;
    assert_eq!((tab.text("h1").await, tab.text(".fact-total data").await), ("Checkout".into(), "€15.00".into()));
}

#[tokio::test]
async fn a_price_that_comes_back_is_no_news() {
    let Some(shop) = Shop::open(&[]).await else { return };
    let (sally, ben) = (shop.market.sign_up("sally").await, shop.market.sign_up("ben").await);
    let ticket = shop.market.sell(&sally, 5).await;
    let tab = shop.person(&ben).await.tab().await;
    tab.open(&shop.page_of(&ticket)).await;

    shop.reprice(&sally, &ticket, 1500).await;
    tab.until(&is_seen("[data-live-note]"), true).await;
    shop.reprice(&sally, &ticket, 1200).await;
    tab.until(&is_seen("[data-live-note]"), false).await;

    tab.follow("form[action$='/order'] button").await;
    assert_eq!(tab.text("h1").await, "Checkout");
}
