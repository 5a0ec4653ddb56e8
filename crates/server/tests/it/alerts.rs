//! Searches that people keep, and the mail that tells them of tickets.

use serde_json::{Value, json};
use ticketing_core::ports::contacts::ContactPurpose;
use ticketing_core::ports::mailer::Mail;
use ticketing_server::config::MailBy;

use crate::app::{PASSWORD, Reply, TestApp, User, id, offer};
use crate::browser::Browser;
use crate::letters::{confirm, link};
use crate::sessions::{refresh, renewed};

/// A marketplace that keeps its mail.
async fn writing() -> TestApp {
    TestApp::start_with(|config| config.mail = Some(MailBy::Outbox)).await
}

/// Somebody whose address is confirmed.
async fn confirmed(app: &TestApp, name: &str) -> User {
    let user = app.sign_up(name).await;
    let token = link(app, &user.email, ContactPurpose::ConfirmAddress).await;
    assert_eq!(confirm(app, &token).await.status, 204);
    renewed(&user, &refresh(app, &user).await)
}

async fn keep(app: &TestApp, user: &User, search: &str) -> Reply {
    app.post("/api/alerts").by(user).json(&json!({"search": search})).send().await
}

async fn searches(app: &TestApp, user: &User) -> Vec<Value> {
    let kept = app.get("/api/alerts").by(user).send().await;
    kept.body["items"].as_array().expect("a list").iter().map(|alert| alert["search"].clone()).collect()
}

/// What somebody was told of tickets.
fn told(app: &TestApp, email: &str) -> Vec<Mail> {
    let mails = app.memory.mailer.mails().into_iter();
    mails.filter(|mail| mail.to.as_str() == email && mail.subject.starts_with("Found for you: ")).collect()
}

fn in_vienna(title: &str) -> Value {
    let mut offer = offer(title, 1200, 5);
    offer["city"] = json!("Wien");
    offer
}

#[tokio::test]
async fn who_keeps_a_search_is_told_once_of_a_ticket_that_answers_it() {
    let app = writing().await;
    let (ada, sally) = (confirmed(&app, "ada").await, app.sign_up("sally").await);
    let kept = keep(&app, &ada, "q=opera&city=wien&sort=newest&limit=5").await;
    assert_eq!((kept.status.as_u16(), &kept.body["search"]), (201, &json!("q=opera&city=wien")));

    app.sell_as(&sally, &in_vienna("Opera gala")).await;
    app.sell_as(&sally, &in_vienna("Jazz night")).await;
    app.sell_as(&sally, &offer("Opera elsewhere", 1200, 5)).await;
    app.settle().await;

    let told = told(&app, &ada.email);
    assert_eq!(told.iter().map(|mail| &*mail.subject).collect::<Vec<_>>(), ["Found for you: Opera gala"]);
}

#[tokio::test]
async fn searches_are_listed_and_ended_by_their_owner_alone() {
    let app = writing().await;
    let (ada, eve) = (confirmed(&app, "ada").await, app.sign_up("eve").await);
    let all = "q=Mozart&category=opera&city=Wien&country=AT&from=2030-06-01&to=2030-06-30&days=weekends\
        &places=2&together=true&currency=EUR&minPrice=1000&maxPrice=5000";
    let first = keep(&app, &ada, all).await;
    assert_eq!((first.status.as_u16(), &first.body["search"]), (201, &json!(all)));
    assert_eq!(keep(&app, &ada, all).await.body["id"], first.body["id"], "it is kept once");
    keep(&app, &ada, "city=Graz").await;
    assert_eq!(searches(&app, &ada).await, [json!(all), json!("city=Graz")]);

    let end = async |user: &User| {
        app.delete(&format!("/api/alerts/{}", id(&first.body))).by(user).send().await.status.as_u16()
    };
    assert_eq!(end(&eve).await, 204, "nobody learns what others keep");
    assert_eq!(searches(&app, &ada).await.len(), 2);
    assert_eq!((end(&ada).await, end(&ada).await), (204, 204));
    assert_eq!(searches(&app, &ada).await, [json!("city=Graz")]);
}

#[tokio::test]
async fn a_search_that_cannot_be_kept_is_refused() {
    let app = writing().await;
    let ada = app.sign_up("ada").await;
    assert_eq!(keep(&app, &ada, "q=opera").await.problem(), (403, "address_unconfirmed"));
    let token = link(&app, &ada.email, ContactPurpose::ConfirmAddress).await;
    confirm(&app, &token).await;
    let ada = renewed(&ada, &refresh(&app, &ada).await);

    for (search, field) in [
        ("", "q"),
        ("days=weekends", "q"),
        ("q=opera&from=soon", "from"),
        ("q=opera&to=2001-01-01", "to"),
        ("q=opera&minPrice=5", "currency"),
        ("wrong=opera", "search"),
        (&*"q=opera&city=".repeat(400), "search"),
    ] {
        let refused = keep(&app, &ada, search).await;
        assert_eq!((refused.problem(), &*refused.wrong_fields()), ((422, "invalid"), &[field][..]), "{search}");
    }
    for number in 0..20 {
        assert_eq!(keep(&app, &ada, &format!("q=opera{number}")).await.status, 201);
    }
    assert_eq!(keep(&app, &ada, "q=jazz").await.problem(), (409, "too_many_alerts"));
    assert_eq!(searches(&app, &ada).await.len(), 20);
}

#[tokio::test]
async fn where_nothing_sends_mail_there_are_no_alerts() {
    let app = TestApp::start().await;
    let ada = confirmed(&app, "ada").await;

    assert_eq!(keep(&app, &ada, "q=opera").await.problem(), (404, "route_not_found"));
    let mut browser = Browser::new(&app);
    browser.open("/?q=opera").await;
    assert!(!browser.html.contains("Tell me of new ones"));
}

#[tokio::test]
async fn the_button_of_a_search_keeps_it_after_a_sign_in() {
    let app = writing().await;
    let ada = confirmed(&app, "ada").await;
    let mut browser = Browser::new(&app);
    browser.open("/?q=opera&sort=newest&currency=EUR&maxPrice=20").await;
    browser.submit("/account/alerts", &[]).await;
    assert_eq!(browser.path, "/signin?next=%2Faccount%2Falerts");
    let action = browser.attributes("form[method=post]", "action");
    browser.submit(&action[0], &[("email", &ada.email), ("password", PASSWORD)]).await;
    assert_eq!((&*browser.path, browser.status), ("/account/alerts", 200));
    assert_eq!(browser.texts("strong"), ["“opera”, up to 20 EUR"]);

    browser.submit("/account/alerts", &[]).await;
    assert_eq!(browser.told(), ["We will write to you when there are new ones."]);
    assert_eq!(browser.texts(".row-title"), ["“opera”, up to 20.00 EUR"]);
    assert_eq!(searches(&app, &ada).await, [json!("q=opera&currency=EUR&maxPrice=2000")]);

    let end = browser.attributes(".row form", "action");
    browser.submit(&end[0], &[]).await;
    assert_eq!(
        (browser.told(), browser.texts(".row-title").len()),
        (vec!["The alert has ended. You hear nothing more of it.".into()], 0)
    );
}

#[tokio::test]
async fn a_search_that_was_refused_says_why_on_the_page_of_alerts() {
    let app = writing().await;
    let mut browser = Browser::new(&app);
    browser.open("/signup").await;
    browser.submit("/signup", &[("email", "ada@example.org"), ("password", PASSWORD)]).await;
    browser.open("/?q=opera").await;
    browser.submit("/account/alerts", &[]).await;

    assert_eq!((&*browser.path, browser.posted), ("/account/alerts", 303));
    assert!(browser.html.contains("Selling and alerts need an address that is confirmed."), "{}", browser.html);
    assert_eq!(browser.texts("strong"), ["“opera”"]);
}

/// A letter to somebody, and the page that its link leads to.
async fn letter(app: &TestApp) -> (User, Mail, String) {
    let (ada, sally) = (confirmed(app, "ada").await, app.sign_up("sally").await);
    keep(app, &ada, "q=opera").await;
    app.sell_as(&sally, &offer("Opera gala", 1200, 5)).await;
    app.settle().await;
    let mail = told(app, &ada.email).remove(0);
    let below = "/alerts/end/";
    let mut words = mail.text.split_whitespace();
    let page = words.find_map(|word| word.split_once(below).map(|(_, rest)| format!("{below}{rest}")));
    let page = page.expect("a link");
    (ada, mail, page)
}

#[tokio::test]
async fn the_link_of_a_letter_ends_an_alert_when_its_button_is_pressed() {
    let app = writing().await;
    let (ada, _, page) = letter(&app).await;
    let mut browser = Browser::new(&app);
    browser.open(&page).await;
    assert!(browser.status == 200 && !browser.html.contains(&page), "no page repeats a secret: {}", browser.html);
    assert_eq!(searches(&app, &ada).await.len(), 1, "opening a link ends nothing");

    browser.post(&page, &[]).await;
    assert_eq!(browser.posted, 303);
    assert_eq!(searches(&app, &ada).await.len(), 0);
    browser.post(&page, &[]).await;
    assert_eq!(browser.posted, 409);
}

#[tokio::test]
async fn a_mail_program_ends_an_alert_with_one_request() {
    let app = writing().await;
    let (ada, mail, page) = letter(&app).await;
    assert!(mail.unsubscribe.is_some_and(|address| address.ends_with(&page)));

    let pressed = app.post(&page).bytes("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click".to_owned());
    assert_eq!(pressed.send().await.status, 200);
    assert_eq!(searches(&app, &ada).await.len(), 0);
}
