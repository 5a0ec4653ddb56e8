//! An order for a calendar.

use std::time::Duration;

use serde_json::json;

use super::Browser;
use crate::app::{TestApp, id, offer};

#[tokio::test]
async fn an_entry_follows_the_event_and_ends_with_the_order() {
    let app = TestApp::start().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let mut opera = offer("Opera", 1200, 5);
    let starts_at = app.now().after(Duration::from_secs(30 * 24 * 60 * 60));
    let later = starts_at.after(Duration::from_secs(60 * 60));
    (opera["startsAt"], opera["timeZone"]) = (json!(starts_at.to_string()), json!("Europe/Vienna"));
    let ticket = app.sell_as(&sally, &opera).await;
    let order = app.buy(&ben, &ticket).await;
    let mut browser = Browser::new(&app);
    browser.jar.insert("access".to_owned(), ben.access.clone());
    let (page, entry) = (format!("/orders/{}", id(&order)), format!("/orders/{}/calendar.ics", id(&order)));
    browser.open(&entry).await;
    assert_eq!(browser.status, 404, "nothing is the buyer's before it is paid");

    app.pay(&ben, &order).await;
    browser.open(&page).await;
    assert_eq!(browser.attributes("a[download]", "href"), [entry.as_str()]);
    browser.open(&entry).await;
    let first = browser.html.clone();
    assert_eq!(browser.headers["content-type"], "text/calendar; charset=utf-8");
    assert_eq!(value(&first, "UID"), id(&order));
    assert_eq!(
        (value(&first, "DTSTART"), value(&first, "STATUS")),
        (compact(&starts_at.to_string()), "CONFIRMED".into())
    );

    let rescheduled = json!({"title": "Opera", "startsAt": later.to_string(), "timeZone": "Europe/Vienna"});
    app.post(&format!("/api/tickets/{}/reschedule", id(&ticket))).by(&sally).json(&rescheduled).send().await;
    app.settle().await;
    browser.open(&entry).await;
    let second = browser.html.clone();
    assert_eq!(value(&second, "DTSTART"), compact(&later.to_string()));
    app.post(&format!("/api/orders/{}/refund", id(&order))).by(&sally).send().await;
    app.settle().await;
    browser.open(&entry).await;
    let third = browser.html.clone();
    assert_eq!((value(&third, "METHOD"), value(&third, "STATUS")), ("CANCEL".into(), "CANCELLED".into()));
    let sequence = |text: &str| value(text, "SEQUENCE").parse::<u64>().expect("a number");
    assert!(sequence(&first) < sequence(&second) && sequence(&second) < sequence(&third));
    browser.jar.insert("access".to_owned(), sally.access.clone());
    browser.open(&entry).await;
    assert_eq!(browser.status, 404);
}

fn value(text: &str, name: &str) -> String {
    let found = text.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    found.expect(name).to_owned()
}

fn compact(rfc3339: &str) -> String {
    let seconds = rfc3339.split('.').next().unwrap_or_default().trim_end_matches('Z');
    seconds.replace(['-', ':'], "") + "Z"
}
