//! Where the links of letters lead, and the pages of an owner, without JavaScript.

use ticketing_core::ports::contacts::ContactPurpose;
use ticketing_server::config::ConfirmAddress;

use super::{Browser, member};
use crate::app::{PASSWORD, TestApp};
use crate::letters::link;

const NEW: &str = "velvet anchor tide 77";

fn fields(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_on_the_page_of_its_link() {
    let app = TestApp::start().await;
    member(&app, "ada").await;
    let mut browser = Browser::new(&app);
    browser.open("/signin").await;
    browser.open("/forgot").await;
    browser.submit("/forgot", &[("email", "nobody@example.org")]).await;
    assert_eq!(browser.path, "/signin");
    assert!(browser.told()[0].starts_with("If this address has an account"));

    let token = link(&app, "ada@example.org", ContactPurpose::ResetPassword).await;
    let page = format!("/reset/{token}");
    browser.open(&page).await;
    assert!(browser.status == 200 && !browser.html.contains(&token), "no page repeats a secret: {}", browser.html);
    browser.post(&page, &fields(&[("password", "hush")])).await;
    assert_eq!(
        (browser.posted, browser.error("password")),
        (422, "Password must be at least 10 characters long.".into())
    );
    assert!(!browser.html.contains("hush") && !browser.html.contains(&token));

    browser.post(&page, &fields(&[("password", NEW)])).await;
    assert_eq!((browser.posted, &browser.headers["location"]), (303, &"/signin".parse().unwrap()));
    browser.post(&page, &fields(&[("password", "copper lantern quay 42")])).await;
    assert_eq!(
        (browser.posted, browser.texts("title")),
        (409, vec!["Error: Choose another password · Ticketing".into()])
    );
    browser.open("/signin").await;
    browser.submit("/signin", &[("email", "ada@example.org"), ("password", NEW)]).await;
    assert_eq!(browser.texts(".nav-email").concat(), "ada@example.org");
}

#[tokio::test]
async fn a_page_whose_address_is_a_secret_tells_no_other_site() {
    let app = TestApp::start().await;
    for path in ["/reset/1.abc", "/confirm/1.abc"] {
        let page = app.get(path).send().await;
        assert_eq!((page.status.as_u16(), page.header("referrer-policy")), (200, "same-origin"), "{path}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn a_link_that_is_only_looked_at_changes_nothing() {
    let app = TestApp::start().await;
    let mut ada = member(&app, "ada").await;
    let token = link(&app, "ada@example.org", ContactPurpose::ConfirmAddress).await;
    let page = format!("/confirm/{token}");

    ada.open(&page).await;
    assert!(ada.texts("button").contains(&"This is my address".to_owned()) && !ada.html.contains(&token));
    assert_eq!(app.memory.accounts.outbox().len(), 0);
    link(&app, "ada@example.org", ContactPurpose::ConfirmAddress).await;

    ada.post(&page, &[]).await;
    assert_eq!(ada.posted, 303);
    ada.open("/account").await;
    assert_eq!(ada.told(), ["Thank you. Your e-mail address is confirmed."]);
}

#[tokio::test]
async fn a_seller_is_asked_to_confirm_and_keeps_what_was_typed() {
    let app = TestApp::start_with(|config| config.confirm_address = ConfirmAddress::Required).await;
    let mut ada = member(&app, "ada").await;
    ada.open("/sell").await;
    assert!(ada.texts("h2").contains(&"Confirm your e-mail address".to_owned()));
    let typed = [("title", "Opera"), ("price", "12,50"), ("quantity", "2")];
    ada.submit("/sell", &typed).await;
    assert_eq!((ada.path.as_str(), ada.value("title")), ("/sell", "Opera".to_owned()));
    ada.open("/account").await;
    ada.submit("/account/confirm", &[]).await;
    assert_eq!(ada.told(), ["A letter with a new link is on its way to you."]);

    // The letter is read on another device: the token of this browser does not know it.
    let token = link(&app, "ada@example.org", ContactPurpose::ConfirmAddress).await;
    Browser::new(&app).post(&format!("/confirm/{token}"), &[]).await;
    ada.open("/sell").await;
    assert!(!ada.texts("h2").contains(&"Confirm your e-mail address".to_owned()));
    ada.submit("/sell", &typed).await;

    assert!(ada.path.starts_with("/tickets/"), "{} {}", ada.path, ada.html);
}

#[tokio::test]
async fn an_owner_is_called_as_they_like_and_downloads_what_is_known() {
    let app = TestApp::start().await;
    let mut ada = member(&app, "ada").await;
    ada.open("/account").await;
    ada.submit("/account/name", &[("displayName", &"x".repeat(61))]).await;
    assert_eq!(ada.error("displayName"), "Name must be at most 60 characters long.");
    ada.submit("/account/name", &[("displayName", "Ada Lovelace")]).await;
    assert_eq!((ada.told(), ada.value("displayName")), (vec!["Your name was saved.".into()], "Ada Lovelace".into()));

    ada.open("/account/export").await;

    let known: serde_json::Value = serde_json::from_str(&ada.html).expect("a file in JSON");
    assert_eq!((&known["email"], &known["displayName"]), (&"ada@example.org".into(), &"Ada Lovelace".into()));
}

#[tokio::test]
async fn an_account_is_deleted_on_a_page_that_asks() {
    let app = TestApp::start().await;
    let mut ada = member(&app, "ada").await;
    ada.open("/account/delete").await;
    ada.submit("/account/delete", &[("password", NEW)]).await;
    assert_eq!(ada.error("password"), "Password is not the password of this account.");

    ada.submit("/account/delete", &[("password", PASSWORD)]).await;

    assert_eq!((ada.path.as_str(), ada.told()), ("/", vec!["Your account was deleted.".into()]));
    assert!(ada.texts(".nav-email").is_empty() && !ada.jar.contains_key("access"));
    ada.open("/account").await;
    assert!(ada.path.starts_with("/signin"));
}
