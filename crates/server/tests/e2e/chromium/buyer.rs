//! What helps a buyer: what they hold, the time that is left, what went wrong.

use serde_json::json;

use super::{EVERYWHERE, PHONE, Shop, is_seen, tab_of};
use crate::market::{PASSWORD, id};

#[tokio::test]
async fn the_amount_is_seen_before_the_button_that_pays() {
    let Some(shop) = Shop::open(&[]).await else { return };
    let (sally, ben) = (shop.market.sign_up("sally").await, shop.market.sign_up("ben").await);
    let order = shop.market.buy(&ben, &shop.market.sell(&sally, 5).await).await;
    let person = shop.person(&ben).await;
    for (screen, with_scripts) in EVERYWHERE {
        let tab = tab_of(&person, screen, with_scripts).await;
        tab.open(&shop.address(&format!("/orders/{}", id(&order)))).await;
        let amount = if with_scripts { "€12.00" } else { "12.00 EUR" };
        assert_eq!(tab.text("form[action$='/pay'] button").await, format!("Pay {amount}"));
        let above = "(() => {
            const button = document.querySelector(\"form[action$='/pay'] button\").getBoundingClientRect();
            return [...document.querySelectorAll('.due data, .fact-total data')]
              .some((total) => total.checkVisibility() && total.getBoundingClientRect().top < button.top);
        })()";
        assert_eq!(tab.eval(above).await, true, "{screen:?}");
    }
}

#[tokio::test]
async fn what_is_held_is_seen_on_every_page_and_a_cancelled_order_was_asked_about() {
    let Some(shop) = Shop::open(&[]).await else { return };
    let sally = shop.market.sign_up("sally").await;
    for (screen, with_scripts) in EVERYWHERE {
        let ben = shop.market.sign_up("ben").await;
        let ticket = shop.market.sell(&sally, 5).await;
        let tab = tab_of(&shop.person(&ben).await, screen, with_scripts).await;
        tab.open(&shop.page_of(&ticket)).await;
        tab.follow("form[action$='/order'] button").await;
        let order = tab.path().await;

        tab.open(&shop.address("/sell")).await;
        assert_eq!(tab.eval(&is_seen(".held a")).await, true, "{screen:?}");
        let left = tab.text(".held [data-countdown-left]").await;
        assert_eq!(left.contains(':'), with_scripts, "{left}");
        tab.follow(".held a").await;
        assert_eq!(tab.path().await, order);
        tab.follow("a[href$='/cancel']").await;
        assert_eq!(tab.text("h1").await, "Cancel this order?");
        tab.follow("form[action$='/cancel'] button").await;
        assert_eq!(tab.text("main .badge").await, "Cancelled");
    }
}

#[tokio::test]
async fn the_end_of_a_hold_is_announced_and_takes_nothing_from_other_pages() {
    let Some(shop) = Shop::open(&[("TICKETING_HOLD", "6s")]).await else { return };
    let (sally, ben) = (shop.market.sign_up("sally").await, shop.market.sign_up("ben").await);
    let ticket = shop.market.sell(&sally, 5).await;
    let person = shop.person(&ben).await;
    let (tab, other) = (person.tab().await, person.tab().await);
    tab.open(&shop.page_of(&ticket)).await;
    tab.follow("form[action$='/order'] button").await;
    other.open(&shop.address("/sell")).await;
    other.eval("document.querySelector('#title').value = 'Half filled in'").await;
    assert_eq!(other.eval(&is_seen(".held")).await, true);
    assert_eq!(tab.text("main [data-countdown-note]").await, "Less than 30 seconds left to pay.");
    assert_eq!(tab.eval("document.querySelector('.countdown').dataset.urgent").await, "soon");

    tab.until("document.querySelector('main .badge')?.textContent ?? ''", "Expired").await;
    assert_eq!(tab.text("main .button-primary").await, "Order again");
    other.to_front().await;
    other.until(&is_seen(".held"), false).await;
    assert_eq!(other.eval("document.querySelector('#title').value").await, "Half filled in");
}

#[tokio::test]
async fn without_scripts_a_page_follows_a_payment_and_the_end_of_a_hold_by_itself() {
    let Some(shop) = Shop::open(&[("TICKETING_HOLD", "3s")]).await else { return };
    let (sally, ben) = (shop.market.sign_up("sally").await, shop.market.sign_up("ben").await);
    let ticket = shop.market.sell(&sally, 5).await;
    let order = shop.market.buy(&ben, &ticket).await;
    let tab = tab_of(&shop.person(&ben).await, PHONE, false).await;
    tab.open(&shop.address(&format!("/orders/{}", id(&order)))).await;

    tab.until("document.querySelector('main .badge')?.textContent ?? ''", "Expired").await;
}

#[tokio::test]
async fn a_payment_under_way_is_shown_until_it_is_settled() {
    let Some(shop) = Shop::open(&[]).await else { return };
    let (sally, ben) = (shop.market.sign_up("sally").await, shop.market.sign_up("ben").await);
    let order = shop.market.buy(&ben, &shop.market.sell(&sally, 5).await).await;
    let tab = tab_of(&shop.person(&ben).await, PHONE, false).await;
    let page = shop.address(&format!("/orders/{}", id(&order)));
    tab.open(&page).await;
    tab.click("#tok_timeout").await;
    tab.follow("form[action$='/pay'] button").await;
    tab.open(&page).await;
    assert_eq!(tab.eval("document.querySelectorAll(\"form[action$='/pay']\").length").await, 0);
    assert!(tab.text(".lead").await.starts_with("Your payment is under way"));

    // Nobody touches the page.
    tab.until("document.querySelector('main .badge')?.textContent ?? ''", "Completed").await;
}

#[tokio::test]
async fn focus_goes_to_what_is_wrong() {
    let Some(shop) = Shop::open(&[]).await else { return };
    for (screen, with_scripts) in EVERYWHERE {
        let tab = tab_of(&shop.chromium.person().await, screen, with_scripts).await;
        tab.open(&shop.address("/signin")).await;
        tab.eval(
            "document.querySelector('#email').value = 'ada@example.org';
                  document.querySelector('#password').value = 'wrong'",
        )
        .await;
        tab.follow("form[action='/signin'] button[type=submit]").await;
        tab.until("document.activeElement.getAttribute('role')", "alert").await;
    }
}

#[tokio::test]
async fn a_password_can_be_looked_at_and_is_sent_as_one() {
    let Some(shop) = Shop::open(&[]).await else { return };
    let tab = tab_of(&shop.chromium.person().await, PHONE, true).await;
    tab.open(&shop.address("/signup")).await;
    let kind = "document.querySelector('#password').type";

    tab.click(".field-show").await;
    assert_eq!(tab.eval(kind).await, "text");
    tab.click(".field-show").await;
    assert_eq!(tab.eval(kind).await, "password");
    tab.click(".field-show").await;
    tab.eval(&format!(
        "document.querySelector('#email').value = '{}@example.org'; document.querySelector('#password').value = '{PASSWORD}'",
        crate::market::unique().simple()
    ))
    .await;
    tab.follow("form[action='/signup'] button[type=submit]").await;
    assert_eq!(tab.path().await, "/");
}

#[tokio::test]
async fn data_for_search_engines_violates_no_policy() {
    let Some(shop) = Shop::open(&[]).await else { return };
    let sally = shop.market.sign_up("sally").await;
    let mut offer = crate::market::offer("Opera", 1200, 5);
    offer["startsAt"] = json!("2030-06-01T19:30:00Z");
    offer["timeZone"] = json!("Europe/Vienna");
    let ticket = shop.market.post("/api/tickets").by(&sally).json(&offer).send().await.body;
    let tab = shop.chromium.person().await.tab().await;
    tab.prepare("window.violations = []; addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective));").await;
    tab.open(&shop.page_of(&ticket)).await;

    let kind = "JSON.parse(document.querySelector(\"script[type='application/ld+json']\").textContent)['@type']";
    assert_eq!(tab.eval(kind).await, "Event");
    assert_eq!(tab.eval("violations").await, json!([]));
}
