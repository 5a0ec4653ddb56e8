//! Mail that people get, from what happens to what its links do.

use ticketing_core::ports::mailer::Mail;
use ticketing_server::config::MailBy;

use crate::app::{PASSWORD, TestApp, User, id};
use crate::browser::Browser;

/// A marketplace that keeps its mail.
async fn writing() -> TestApp {
    TestApp::start_with(|config| config.mail = Some(MailBy::Outbox)).await
}

/// The newest mail to somebody.
fn newest(app: &TestApp, user: &User) -> Mail {
    let mails = app.memory.mailer.mails();
    mails.into_iter().rev().find(|mail| mail.to.as_str() == user.email).expect("a mail")
}

/// The path of the link in a mail that leads below a path.
fn link(mail: &Mail, below: &str) -> String {
    let mut words = mail.text.split_whitespace();
    let link = words.find_map(|word| word.split_once(below).map(|(_, rest)| format!("{below}{rest}")));
    link.expect(&mail.text)
}

#[tokio::test]
async fn the_link_in_a_mail_confirms_the_address_when_its_button_is_pressed() {
    let app = writing().await;
    let ada = app.sign_up("ada").await;
    app.settle().await;
    let mail = newest(&app, &ada);
    assert_eq!(mail.subject, "Confirm your address for Ticketing");
    let path = link(&mail, "/confirm/");
    let confirmed =
        async || app.get("/api/users/currentuser").by(&ada).send().await.body["currentUser"]["confirmed"] == true;

    let mut browser = Browser::new(&app);
    browser.open(&path).await;
    assert!(!confirmed().await, "opening a link confirms nothing");
    browser.post(&path, &[]).await;
    app.settle().await;
    assert!(confirmed().await);
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_mail_and_the_owner_hears_of_it() {
    let app = writing().await;
    let ada = app.sign_up("ada").await;
    let mut browser = Browser::new(&app);
    browser.open("/forgot").await;
    browser.submit("/forgot", &[("email", &ada.email)]).await;
    // It is answered before anybody looks for the account.
    while app.unpublished() == 0 {
        tokio::task::yield_now().await;
    }
    app.settle().await;
    let path = link(&newest(&app, &ada), "/reset/");

    browser.open(&path).await;
    browser.post(&path, &[("password".to_owned(), "velvet anchor tide 77".to_owned())]).await;
    app.settle().await;

    assert_eq!(newest(&app, &ada).subject, "Your password was changed");
    let sign_in = async |password: &str| {
        let body = serde_json::json!({"email": ada.email, "password": password});
        let status = app.post("/api/users/signin").json(&body).send().await.status.as_u16();
        app.settle().await;
        status
    };
    assert_eq!((sign_in(PASSWORD).await, sign_in("velvet anchor tide 77").await), (401, 200));
}

#[tokio::test]
async fn who_pays_gets_a_mail_that_leads_to_the_passes() {
    let app = writing().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 5).await;
    let order = app.buy(&ben, &ticket).await;
    app.pay(&ben, &order).await;
    app.settle().await;

    let mail = newest(&app, &ben);
    assert!(mail.subject.starts_with("Your tickets for "), "{}", mail.subject);
    assert_eq!(link(&mail, "/orders/"), format!("/orders/{}", id(&order)));
    let sold = newest(&app, &sally);
    assert!(sold.subject.starts_with("Sold: "), "{}", sold.subject);

    let mut browser = Browser::new(&app);
    browser.open("/dev/mail").await;
    assert!(browser.texts("h2").contains(&mail.subject), "the newest mails are shown to who develops");
}

#[tokio::test]
async fn an_event_that_is_called_off_is_told_by_mail() {
    let app = writing().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 5).await;
    let order = app.buy(&ben, &ticket).await;
    app.pay(&ben, &order).await;
    app.settle().await;
    let path = format!("/api/tickets/{}/call-off", id(&ticket));
    assert_eq!(app.post(&path).by(&sally).send().await.status, 200);
    app.settle().await;

    let mails = app.memory.mailer.mails();
    let to_ben = mails.iter().filter(|mail| mail.to.as_str() == ben.email);
    let told: Vec<_> = to_ben.map(|mail| mail.text.contains("called off")).collect();
    assert!(told.contains(&true), "{mails:?}");
}

#[tokio::test]
async fn without_a_mailer_nobody_is_written_to_and_no_mail_is_shown() {
    let app = TestApp::start().await;
    app.sign_up("ada").await;
    app.settle().await;

    assert_eq!(app.memory.mailer.mails(), []);
    assert_eq!(app.get("/dev/mail").send().await.status, 404);
}
