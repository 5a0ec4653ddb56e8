//! A ticket is paid by Stripe: on its page, by forms alone, and heard of by its notices.

#[path = "../../../adapters/stripe/tests/double/stripe.rs"]
#[expect(dead_code, reason = "the adapter's own tests do more with it")]
pub(crate) mod double;
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
mod processes;

use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use http::header::{CONTENT_SECURITY_POLICY, LOCATION};
use http::{Method, Request};
use ticketing_conformance::sample::free_address;

use crate::call::Reply;
use crate::market::{Browser, Market, eventually};
use crate::programs::{Programs, in_memory_with};
use crate::rules::pages::{member, seller};

use double::{Double, KEY, WEBHOOK_SECRET, sign};

/// A marketplace whose money Stripe takes, as far as the double goes.
async fn start(double: &Double) -> Programs {
    let free = free_address().to_string();
    let rotated = format!("whsec_canaryOld,{WEBHOOK_SECRET}");
    let settings = [
        ("TICKETING_LISTEN", free.as_str()),
        ("TICKETING_PUBLIC_ORIGIN", &format!("http://{free}")),
        ("TICKETING_PAYMENTS", "stripe"),
        ("TICKETING_STRIPE_KEY", KEY),
        ("TICKETING_STRIPE_WEBHOOK_SECRET", &rotated),
        ("TICKETING_STRIPE_URL", double.url()),
        ("TICKETING_HOLD", "15m"),
        ("TICKETING_LOG", "debug"),
    ];
    in_memory_with(&settings).await
}

/// Orders a place and sends the form of its payment; returns the order's page and the page where the buyer pays.
pub(crate) async fn sent_to_pay(ben: &mut Browser<'_>, ticket: &str) -> (String, String) {
    // Orders may not have heard of a ticket that was put on sale a moment ago.
    let ordered = async || {
        ben.open(ticket).await;
        ben.submit(&format!("{ticket}/order"), &[("quantity", "1")]).await;
        ben.texts("h1")
    };
    eventually(ordered, |titles| titles == &["Checkout"]).await;
    let order = ben.path.clone();
    assert_eq!(ben.value("token"), "hosted");
    assert!(ben.texts("input[type=radio]").is_empty(), "no card is chosen here: {}", ben.html);
    let policy = ben.headers[CONTENT_SECURITY_POLICY].to_str().expect("text").to_owned();
    assert!(policy.ends_with("form-action 'self' https://checkout.stripe.com"), "{policy}");
    assert_eq!(policy.matches("stripe").count(), 1, "the policy opens for the form alone: {policy}");

    let fields = ["token", "idempotency_key", "for"].map(|name| (name.to_owned(), ben.value(name)));
    ben.post(&format!("{order}/pay"), &fields).await;
    assert_eq!(ben.posted, 303, "{}", ben.html);
    (order, ben.headers[LOCATION].to_str().expect("an address").to_owned())
}

/// Asks the double for one of its pages, wherever its address says it is.
pub(crate) async fn at_stripe(market: &Market, double: &Double, method: Method, page: &str) -> Reply {
    let path = page.strip_prefix("https://checkout.stripe.com").expect("a page of Stripe");
    let uri = format!("{}{}", double.url(), path.split('#').next().unwrap_or_default());
    let request = Request::builder().method(method).uri(uri).body(Body::empty()).expect("a request");
    Reply::read(market.client.request(request).await.expect("the double answers").map(Body::new)).await
}

async fn told(market: &Market, event: &str, secret: &str) -> u16 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let signature = sign(secret, event.as_bytes(), i64::try_from(now).expect("before the end of time"));
    let notice = market.post("/api/payments/notices").header("stripe-signature", &signature);
    notice.bytes("application/json", event.to_owned()).send().await.status.as_u16()
}

/// The buyer pays on the page; returns where they are sent back to.
pub(crate) async fn paid(market: &Market, double: &Double, page: &str) -> String {
    let back = at_stripe(market, double, Method::POST, page).await;
    assert_eq!(back.status, 303);
    back.header("location").to_owned()
}

/// Notices come the wrong way round, and again; a signature by another secret is not believed.
pub(crate) async fn told_in_any_order(market: &Market, events: &[String]) {
    assert!(events.len() >= 3, "{events:?}");
    for event in events.iter().rev().chain(events) {
        assert_eq!(told(market, event, "whsec_canaryOther").await, 400, "{event}");
        assert_eq!(told(market, event, WEBHOOK_SECRET).await, 204, "{event}");
    }
}

#[tokio::test]
async fn a_ticket_is_paid_on_a_page_of_stripe() {
    let double = Double::start().await;
    let programs = start(&double).await;
    programs
        .prove(async |market: &Market| {
            assert!(market.operators().get("/readyz").send().await.text().contains("\"payments\":\"stripe\""));
            let (_, ticket) = seller(market).await;
            let mut ben = member(market, "ben").await;
            let (order, page) = sent_to_pay(&mut ben, &ticket).await;
            ben.open(&order).await;
            assert_eq!(ben.attributes("a.button-primary", "href"), [page.as_str()], "a buyer who comes back goes on");

            assert_eq!(at_stripe(market, &double, Method::GET, &page).await.text().matches("Pay 1250").count(), 1);
            assert_eq!(paid(market, &double, &page).await, format!("{}{order}", market.base));
            told_in_any_order(market, &double.take_events()).await;

            let seen = async || {
                ben.open(&order).await;
                ben.texts("main .badge")
            };
            eventually(seen, |badges| badges == &["Completed"]).await;
            assert!(!ben.html.contains("stripe"), "a page that is paid has nothing of it: {}", ben.html);
        })
        .await;
    assert!(!programs.all[0].last_words().contains("canary"), "{}", programs.all[0].last_words());
}

#[tokio::test]
async fn a_payment_that_is_given_up_ends_at_stripe() {
    let double = Double::start().await;
    start(&double)
        .await
        .prove(async |market: &Market| {
            let (_, ticket) = seller(market).await;
            let mut ben = member(market, "ben").await;
            let (order, page) = sent_to_pay(&mut ben, &ticket).await;
            ben.open(&order).await;
            ben.submit(&format!("{order}/give-up"), &[]).await;
            assert_eq!((ben.path.as_str(), ben.value("token")), (order.as_str(), "hosted".to_owned()));

            assert_eq!(at_stripe(market, &double, Method::POST, &page).await.status, 410, "nobody pays twice");
            let fields = ["token", "idempotency_key", "for"].map(|name| (name.to_owned(), ben.value(name)));
            ben.post(&format!("{order}/pay"), &fields).await;
            let again = ben.headers[LOCATION].to_str().expect("an address").to_owned();
            assert_ne!(again, page);
            paid(market, &double, &again).await;
            for event in double.take_events() {
                assert_eq!(told(market, &event, WEBHOOK_SECRET).await, 204, "{event}");
            }
            let kept = async || {
                ben.open(&order).await;
                ben.texts("main .badge")
            };
            eventually(kept, |badges| badges == &["Completed"]).await;
        })
        .await;
}
