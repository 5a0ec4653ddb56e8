//! Time is the server's, whatever the clock of the device shows.

use super::Shop;

/// Sets the clock of the device so many minutes off.
fn clock_off_by(minutes: i32) -> String {
    format!(
        "const Real = Date, off = {minutes} * 60000;
         window.Date = class extends Real {{
           constructor(...given) {{ given.length ? super(...given) : super(Real.now() + off); }}
           static now() {{ return Real.now() + off; }}
         }};"
    )
}

#[tokio::test]
async fn a_wrong_clock_of_the_device_changes_no_countdown_and_forbids_no_payment() {
    let Some(shop) = Shop::open(&[]).await else { return };
    let (sally, ben) = (shop.market.sign_up("sally").await, shop.market.sign_up("ben").await);
    let ticket = shop.market.sell(&sally, 5).await;
    let person = shop.person(&ben).await;

    for minutes in [16, -10, 60 * 24 * 365] {
        let order = shop.market.buy(&ben, &ticket).await;
        let tab = person.tab().await;
        tab.prepare(&clock_off_by(minutes)).await;
        tab.open(&shop.address(&format!("/orders/{}", crate::market::id(&order)))).await;

        let left = tab.text("[data-countdown-left]").await;
        let (shown_minutes, _) = left.split_once(':').expect("minutes and seconds");
        assert!((10..=15).contains(&shown_minutes.parse::<u32>().unwrap()), "{minutes} off: {left}");
        assert!(left.as_str() <= "15:00", "{minutes} off: {left}");
        assert_eq!(tab.eval("document.querySelector('form[action$=\"/pay\"] button').disabled").await, false);
        tab.follow("form[action$='/pay'] button").await;
        assert_eq!(tab.text("main .badge").await, "Completed", "{minutes} off");
    }
}

#[tokio::test]
async fn the_end_of_an_order_is_the_servers_word() {
    let Some(shop) = Shop::open(&[("TICKETING_HOLD", "3s")]).await else { return };
    let (sally, ben) = (shop.market.sign_up("sally").await, shop.market.sign_up("ben").await);
    let ticket = shop.market.sell(&sally, 5).await;
    let tab = shop.person(&ben).await.tab().await;
    tab.prepare(&clock_off_by(-10)).await;
    let order = shop.market.buy(&ben, &ticket).await;
    tab.open(&shop.address(&format!("/orders/{}", crate::market::id(&order)))).await;

    // Nobody touches the page: it asks the server when the time is up, and shows what became of the order.
    tab.until("document.querySelector('main .badge')?.textContent ?? ''", "Expired").await;
}
