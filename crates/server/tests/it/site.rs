//! The site as a browser without JavaScript sees it: pages, links and forms.

mod calendar;
mod catalog;
mod check_in;
mod doors;
mod drafts;
mod entry;
mod forms;
mod found;
mod held;
mod journey;
mod letters;
mod mounted;
mod pages;
mod rescheduled;
mod sellers;

use crate::app::{InMemory, TestApp};

/// A browser that shows pages of this process.
pub(crate) type Browser<'a> = crate::browser::Browser<'a, InMemory>;

/// Somebody who has just signed up.
async fn member<'a>(app: &'a TestApp, name: &str) -> Browser<'a> {
    let mut browser = Browser::new(app);
    browser.open("/signup").await;
    let email = format!("{name}@example.org");
    browser.submit("/signup", &[("email", &email), ("password", crate::app::PASSWORD)]).await;
    assert_eq!(browser.status, 200, "{}", browser.html);
    browser
}

/// Somebody who sells places for 12 euros and 50 cents each, on the page of the ticket.
async fn seller<'a>(app: &'a TestApp, title: &str, places: &str) -> Browser<'a> {
    let mut browser = member(app, "sally").await;
    browser.open("/sell").await;
    browser.submit("/sell", &[("title", title), ("price", "12,50"), ("quantity", places)]).await;
    assert_eq!(browser.status, 200, "{}", browser.html);
    browser
}

/// Somebody who ordered one place, on the page of the order.
async fn buyer<'a>(app: &'a TestApp, name: &str, ticket: &str) -> Browser<'a> {
    let mut browser = member(app, name).await;
    browser.open(ticket).await;
    browser.submit(&format!("{ticket}/order"), &[]).await;
    assert!(browser.path.starts_with("/orders/"), "{}", browser.html);
    browser
}
