//! The form of a payment leads to the page of the gateway, and the policy of the site lets it go nowhere else.

use futures::future::join;
use http::Method;
use serde_json::{Value, json};
use ticketing_conformance::sample::free_address;

use super::Shop;
use super::driver::Tab;
use crate::market::id;
use crate::stripe::at_stripe;
use crate::stripe::double::{Double, KEY, WEBHOOK_SECRET};

/// A shop whose money Stripe takes, as far as the double goes.
async fn open(double: &Double) -> Option<Shop> {
    let free = free_address().to_string();
    Shop::open(&[
        ("TICKETING_LISTEN", &free),
        ("TICKETING_ADMIN_LISTEN", "127.0.0.1:0"),
        ("TICKETING_PUBLIC_ORIGIN", &format!("http://{free}")),
        ("TICKETING_PAYMENTS", "stripe"),
        ("TICKETING_STRIPE_KEY", KEY),
        ("TICKETING_STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET),
        ("TICKETING_STRIPE_URL", double.url()),
    ])
    .await
}

/// A tab of a buyer who is asked to pay.
async fn checkout(shop: &Shop) -> Tab<'_> {
    let (sally, ben) = (shop.market.sign_up("sally").await, shop.market.sign_up("ben").await);
    let ticket = shop.market.sell(&sally, 5).await;
    let tab = shop.person(&ben).await.tab().await;
    tab.prepare(NOTED).await;
    tab.open(&shop.address(&format!("/tickets/{}", id(&ticket)))).await;
    tab.follow("form[action$='/order'] button").await;
    assert_eq!(tab.text("h1").await, "Checkout");
    tab
}

/// Notes what the policy refuses: the directive, and to whom.
const NOTED: &str = "window.refused = [];
    document.addEventListener('securitypolicyviolation', event =>
        refused.push(event.effectiveDirective + ' ' + new URL(event.blockedURI).origin));";

/// Tries to reach another site in every way that a page has but forms.
const TRIES: &str = "fetch('https://api.stripe.com/').catch(() => {});
    new Image().src = 'https://q.stripe.com/a.png';
    const add = (tag, attributes) => document.body.append(Object.assign(document.createElement(tag), attributes));
    add('script', {src: 'https://js.stripe.com/v3/'});
    add('iframe', {src: 'https://js.stripe.com/'});
    add('link', {rel: 'stylesheet', href: 'https://js.stripe.com/a.css'});
    navigator.sendBeacon('https://r.stripe.com/');";

/// Sends a form to the site of an origin, and waits until that is refused.
async fn is_no_way_to(tab: &Tab<'_>, origin: &str) {
    let form = json!({"method": "post", "action": format!("{origin}/c/pay/1")});
    let send =
        "const form = Object.assign(document.createElement('form'), FORM); document.body.append(form); form.submit()";
    tab.eval(&format!("{{ {} }}", send.replace("FORM", &form.to_string()))).await;
    tab.until(&format!("refused.includes('form-action {origin}')"), true).await;
}

/// Answers the next request for a page of Stripe by the double.
async fn served(shop: &Shop, tab: &Tab<'_>, double: &Double) {
    let paused = tab.intercepted().await;
    let (method, url) = (paused["request"]["method"].as_str(), paused["request"]["url"].as_str());
    let method: Method = method.expect("a method").parse().expect("a known one");
    let reply = at_stripe(&shop.market, double, method, url.expect("an address")).await;
    tab.answer(&paused, &reply).await;
}

#[tokio::test]
async fn the_form_of_a_payment_leads_to_the_page_of_stripe_and_the_buyer_comes_back() {
    let double = Double::start().await;
    let Some(shop) = open(&double).await else { return };
    let tab = checkout(&shop).await;
    let order = tab.path().await;
    tab.intercept("https://checkout.stripe.com/*").await;

    join(tab.follow("form[action$='/pay'] button"), served(&shop, &tab, &double)).await;
    assert_eq!(tab.eval("location.origin").await, "https://checkout.stripe.com");
    assert_eq!(tab.text("p").await, "Pay 1200");

    join(tab.follow("button"), served(&shop, &tab, &double)).await;
    assert_eq!((tab.eval("location.origin").await, tab.path().await), (Value::from(shop.address("")), order));
    assert_eq!(tab.eval("refused").await, json!([]));
}

#[tokio::test]
async fn a_page_that_leads_to_stripe_reaches_nobody_else() {
    let double = Double::start().await;
    let Some(shop) = open(&double).await else { return };
    let tab = checkout(&shop).await;

    tab.eval(TRIES).await;
    let refused = [
        "connect-src https://api.stripe.com",
        "connect-src https://r.stripe.com",
        "frame-src https://js.stripe.com",
        "img-src https://q.stripe.com",
        "script-src-elem https://js.stripe.com",
        "style-src-elem https://js.stripe.com",
    ];
    tab.until("[...new Set(refused)].sort()", json!(refused)).await;
    for origin in ["https://example.org", "https://js.stripe.com", "http://checkout.stripe.com"] {
        is_no_way_to(&tab, origin).await;
    }
    assert_eq!(tab.text("h1").await, "Checkout", "nothing led away");
}

#[tokio::test]
async fn where_the_sandbox_takes_the_money_no_form_leads_to_stripe() {
    let Some(shop) = Shop::open(&[]).await else { return };
    let tab = checkout(&shop).await;

    is_no_way_to(&tab, "https://checkout.stripe.com").await;
    assert_eq!(tab.text("h1").await, "Checkout", "nothing led away");
}
