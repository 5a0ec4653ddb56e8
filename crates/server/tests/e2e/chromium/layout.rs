//! Pages fit their screens: small ones, large text, paper.

use serde_json::json;

use super::{EVERYWHERE, PHONE, Shop, is_seen, tab_of};
use crate::market::{id, offer};

const FITS: &str = "document.documentElement.scrollWidth <= innerWidth";

/// Where the first element that a selector names begins, in CSS pixels.
fn top_of(selector: &str) -> String {
    format!("document.querySelector({}).getBoundingClientRect().top", json!(selector))
}

/// A costly ticket with a title and a description of great length.
fn costly() -> serde_json::Value {
    let mut offer = offer("Philharmonic: the Resurrection", 250_000_000, 5);
    offer["price"]["currency"] = json!("IDR");
    offer["description"] = json!("line\n".repeat(799));
    offer
}

#[tokio::test]
async fn nothing_is_wider_than_a_small_screen_whatever_the_size_of_text() {
    let Some(shop) = Shop::open(&[]).await else { return };
    let (sally, ben) = (shop.market.sign_up("sally.with.a.very.long.name").await, shop.market.sign_up("ben").await);
    let reply = shop.market.post("/api/tickets").by(&sally).json(&costly()).send().await;
    assert_eq!(reply.status, 201, "{reply:?}");
    shop.finds(1).await;
    let ticket = format!("/tickets/{}", id(&reply.body));
    let order = format!("/orders/{}", id(&shop.market.buy(&ben, &reply.body).await));
    let mut own = ["edit", "withdraw", "reschedule", "call-off"].map(|page| format!("{ticket}/{page}")).to_vec();
    own.extend(["/my/tickets".to_owned(), ticket.replace("/tickets/", "/door/")]);
    let bought = [order.clone(), format!("{order}/cancel"), "/orders".into(), ticket.clone(), "/account".into()];
    for (who, pages) in [(&sally, own.as_slice()), (&ben, &bought)] {
        let person = shop.person(who).await;
        for (width, percent) in [(320, 100), (390, 200), (768, 100)] {
            let tab = tab_of(&person, [width, 844], true).await;
            for page in pages.iter().map(String::as_str).chain(["/", "/sell"]) {
                tab.open(&shop.address(page)).await;
                tab.eval(&format!("document.documentElement.style.fontSize = '{percent}%'")).await;
                let size = tab.eval("`${document.documentElement.scrollWidth} of ${innerWidth}`").await;
                assert_eq!(tab.eval(FITS).await, true, "{page} at {width} and {percent} %: {size}");
            }
        }
    }
}

#[tokio::test]
async fn large_text_leaves_room_for_who_is_signed_in() {
    let Some(shop) = Shop::open(&[]).await else { return };
    let ben = shop.market.sign_up("ben.with.a.very.long.name").await;
    let person = shop.person(&ben).await;
    let tab = tab_of(&person, PHONE, true).await;
    tab.open(&shop.address("/")).await;
    tab.eval("document.documentElement.style.fontSize = '200%'").await;

    let apart = "(() => {
        const [name, email, out] = ['.brand', '.nav-email', '.nav-account button']
          .map((part) => document.querySelector(part).getBoundingClientRect());
        const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
        return email.width > 96 && !meet(name, email) && !meet(name, out) && !meet(email, out);
    })()";
    assert_eq!(tab.eval(apart).await, true);
}

#[tokio::test]
async fn a_long_description_leaves_the_order_button_on_the_first_screen() {
    let Some(shop) = Shop::open(&[]).await else { return };
    let (sally, ben) = (shop.market.sign_up("sally").await, shop.market.sign_up("ben").await);
    let ticket = shop.market.post("/api/tickets").by(&sally).json(&costly()).send().await.body;
    let person = shop.person(&ben).await;
    for (screen, with_scripts) in EVERYWHERE {
        let tab = tab_of(&person, screen, with_scripts).await;
        tab.open(&shop.page_of(&ticket)).await;
        let top = tab.eval(&top_of("form[action$='/order'] button")).await;
        assert!(top.as_f64().is_some_and(|top| top < f64::from(screen[1])), "{screen:?}: {top}");
        assert_eq!(tab.eval(&is_seen(".prose")).await, false);

        tab.click(".fold summary").await;
        tab.until(&is_seen(".prose"), true).await;
    }
}

#[tokio::test]
async fn the_first_ticket_is_on_the_first_half_of_a_phone() {
    let Some(shop) = Shop::open(&[]).await else { return };
    let sally = shop.market.sign_up("sally").await;
    shop.market.sell(&sally, 5).await;
    shop.finds(1).await;
    let tab = tab_of(&shop.chromium.person().await, PHONE, true).await;
    tab.open(&shop.address("/")).await;

    let top = tab.eval(&top_of(".cards li")).await;
    assert!(top.as_f64().is_some_and(|top| top < 422.0), "{top}");
    tab.click(".filter-more summary").await;
    let small = "[...document.querySelectorAll('.filters :is(input, select)')]
        .filter((field) => parseFloat(getComputedStyle(field).fontSize) < 16).map((field) => field.name)";
    assert_eq!(tab.eval(small).await, json!([]), "a phone zooms in on small text");
}

#[tokio::test]
async fn paper_is_light_and_has_nothing_to_press() {
    let Some(shop) = Shop::open(&[]).await else { return };
    let (sally, ben) = (shop.market.sign_up("sally").await, shop.market.sign_up("ben").await);
    let ticket = shop.market.sell(&sally, 5).await;
    let order = shop.market.buy(&ben, &ticket).await;
    let tab = shop.person(&ben).await.tab().await;
    tab.open(&shop.address(&format!("/orders/{}", id(&order)))).await;
    tab.printed_in_the_dark().await;

    for pressed in [".site-nav .nav-link", ".site-footer", "form[action$='/pay'] button", "a.button"] {
        assert_eq!(tab.eval(&is_seen(pressed)).await, false, "{pressed}");
    }
    assert_eq!(tab.eval(&is_seen(".facts")).await, true);
    let light = "getComputedStyle(document.documentElement).getPropertyValue('--paper')";
    assert_eq!(tab.eval(light).await, "oklch(98.5% .003 106)");
}
