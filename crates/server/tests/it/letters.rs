//! Letters: what has one sent, what its link does, and what an owner does with an account.

use std::time::Duration;

use serde_json::{Value, json};
use ticketing_core::domain::ids::AccountId;
use ticketing_core::ports::contacts::{ContactPurpose, Contacts};
use ticketing_server::config::{ConfirmAddress, Limits};

use crate::app::{PASSWORD, Reply, TestApp, User, offer};
use crate::sessions::{refresh, renewed};

const NEW: &str = "velvet anchor tide 77";

/// The token of a link that somebody is sent.
pub(crate) async fn link(app: &TestApp, email: &str, purpose: ContactPurpose) -> String {
    let account = app.memory.accounts.clone();
    let email = email.parse().expect("an address");
    let stored = ticketing_core::ports::account_store::AccountStore::account_by_email(&account, &email).await;
    let id = stored.expect("an answer").expect("an account").record.id;
    let contact = app.app.accounts().expect("it runs here").contact(id, purpose).await.expect("an answer");
    contact.expect("somebody").token.expect("a link").expose().to_owned()
}

/// Letters to one account are limited as they are by default.
async fn with_letters_limited() -> TestApp {
    TestApp::start_with(|config| {
        config.http.limits.letters_per_account = Limits::default().letters_per_account;
    })
    .await
}

async fn current(app: &TestApp, user: &User) -> Value {
    app.get("/api/users/currentuser").by(user).send().await.body["currentUser"].clone()
}

async fn sign_in(app: &TestApp, user: &User, password: &str) -> u16 {
    let body = json!({"email": user.email, "password": password});
    let status = app.post("/api/users/signin").json(&body).send().await.status.as_u16();
    app.settle().await;
    status
}

pub(crate) async fn confirm(app: &TestApp, token: &str) -> Reply {
    let reply = app.post("/api/users/confirm").json(&json!({"token": token})).send().await;
    app.settle().await;
    reply
}

#[tokio::test]
async fn an_address_is_confirmed_by_its_link_alone() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    assert_eq!(current(&app, &ada).await["confirmed"], false);
    let token = link(&app, &ada.email, ContactPurpose::ConfirmAddress).await;

    for _ in 0..2 {
        assert_eq!(confirm(&app, &token).await.status, 204);
    }

    assert_eq!(current(&app, &ada).await["confirmed"], true);
    assert_eq!(confirm(&app, "1.tomato").await.problem(), (409, "link_over"));
}

#[tokio::test]
async fn selling_needs_a_confirmed_address_where_it_is_required() {
    let app = TestApp::start_with(|config| config.confirm_address = ConfirmAddress::Required).await;
    let ada = app.sign_up("ada").await;
    let sell = async |user: &User| app.post("/api/tickets").by(user).json(&offer("Opera", 1200, 5)).send().await;
    assert_eq!(sell(&ada).await.problem(), (403, "address_unconfirmed"));
    let token = link(&app, &ada.email, ContactPurpose::ConfirmAddress).await;
    assert_eq!(confirm(&app, &token).await.status, 204);

    assert_eq!(sell(&ada).await.problem(), (403, "address_unconfirmed"), "the token is of before");
    let ada = renewed(&ada, &refresh(&app, &ada).await);

    assert_eq!(sell(&ada).await.status, 201);
    app.settle().await;
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_once() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    let token = link(&app, &ada.email, ContactPurpose::ResetPassword).await;
    let reset = async |password: &str| {
        let reply = app.post("/api/users/reset").json(&json!({"token": token, "password": password})).send().await;
        app.settle().await;
        reply
    };

    assert_eq!(reset("hush").await.problem(), (422, "invalid"));
    assert_eq!(reset(NEW).await.status, 204);

    assert_eq!(reset("copper lantern quay 42").await.problem(), (409, "link_over"));
    assert_eq!(app.get("/api/orders").by(&ada).send().await.problem(), (401, "session_over"));
    assert_eq!((sign_in(&app, &ada, PASSWORD).await, sign_in(&app, &ada, NEW).await), (401, 200));
}

#[tokio::test]
async fn a_link_is_over_after_an_hour() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    let token = link(&app, &ada.email, ContactPurpose::ConfirmAddress).await;

    app.pass(Duration::from_hours(1)).await;

    assert_eq!(confirm(&app, &token).await.problem(), (409, "link_over"));
}

#[tokio::test]
async fn nobody_learns_who_has_an_account_by_forgetting_a_password() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    let mut answers = Vec::new();
    for email in [ada.email.as_str(), "nobody@example.org"] {
        let reply = app.post("/api/users/forgot").json(&json!({"email": email})).send().await;
        answers.push((reply.status, reply.bytes));
    }

    assert_eq!(answers[0], answers[1]);
    while app.unpublished() == 0 {
        tokio::task::yield_now().await;
    }
    app.settle().await;
    assert_eq!(
        app.post("/api/users/forgot").json(&json!({"email": "tomato"})).send().await.problem(),
        (422, "invalid")
    );
}

#[tokio::test]
async fn a_browser_that_is_known_is_no_news() {
    let app = TestApp::start().await;
    let credentials = json!({"email": "ada@example.org", "password": PASSWORD});
    let up = app.post("/api/users/signup").json(&credentials).send().await;
    app.settle().await;
    let known = format!("known={}", up.cookie("known"));

    let origin = "http://shop.example";
    app.post("/api/users/signin").header("cookie", &known).header("origin", origin).json(&credentials).send().await;
    assert_eq!(app.unpublished(), 0, "this browser signed up");
    app.post("/api/users/signin").json(&credentials).send().await;
    assert_eq!(app.unpublished(), 1, "this one was never seen");
    app.settle().await;
}

#[tokio::test]
async fn who_guesses_wrong_uses_up_no_letter_of_a_new_browser() {
    let app = with_letters_limited().await;
    let ada = app.sign_up("ada").await;
    for _ in 0..3 {
        assert_eq!(sign_in(&app, &ada, "wrong lantern quay 42").await, 401);
    }
    let credentials = json!({"email": ada.email, "password": PASSWORD});
    assert_eq!(app.post("/api/users/signin").json(&credentials).send().await.status, 200);
    assert_eq!(app.unpublished(), 1, "its owner is told");
    app.settle().await;
}

#[tokio::test]
async fn a_mailbox_is_not_flooded_by_who_deletes_the_account_and_signs_up_again() {
    let app = with_letters_limited().await;
    let credentials = json!({"email": "victim@example.org", "password": PASSWORD});
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let up = app.post("/api/users/signup").json(&credentials).send().await;
        statuses.push(up.status.as_u16());
        app.settle().await;
        if up.status == 201 {
            let victim = User::of("victim@example.org", &up);
            let gone = app.post("/api/users/delete").by(&victim).json(&json!({"password": PASSWORD})).send().await;
            assert_eq!(gone.status, 204, "{gone:?}");
            app.settle().await;
        }
    }
    assert_eq!(statuses, [201, 201, 429]);
}

#[tokio::test]
async fn an_owner_has_a_name_and_a_copy_of_all_that_is_known() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    let rename = async |name: Value| {
        let reply = app.put("/api/users/name").by(&ada).json(&json!({ "displayName": name })).send().await;
        app.settle().await;
        reply
    };
    assert_eq!(rename(json!("a\nb")).await.wrong_fields(), ["displayName"]);
    assert_eq!(rename(json!(" Ada Lovelace ")).await.status, 204);

    let export = app.get("/api/users/export").by(&ada).send().await;

    assert_eq!(export.header("content-disposition"), "attachment; filename=\"account.json\"");
    let known = &export.body;
    assert_eq!((&known["email"], &known["displayName"]), (&json!("ada@example.org"), &json!("Ada Lovelace")));
    assert_eq!((known["sessions"].as_array().map(Vec::len), &known["version"]), (Some(1), &json!(2)));
    assert!(!export.text().contains("argon2"), "what proves that it is Ada stays here");
    assert_eq!(rename(Value::Null).await.status, 204);
    assert_eq!(current(&app, &ada).await["displayName"], Value::Null);
}

#[tokio::test]
async fn a_deleted_account_is_signed_out_and_its_address_is_free() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    let delete = async |password: &str| {
        let reply = app.post("/api/users/delete").by(&ada).json(&json!({ "password": password })).send().await;
        app.settle().await;
        reply
    };
    assert_eq!(delete(NEW).await.wrong_fields(), ["password"]);

    assert_eq!(delete(PASSWORD).await.status, 204);

    assert_eq!(app.get("/api/orders").by(&ada).send().await.problem(), (401, "session_over"));
    assert_eq!(refresh(&app, &ada).await.problem(), (401, "session_over"));
    assert_eq!(sign_in(&app, &ada, PASSWORD).await, 401);
    let next = app.sign_up("ada").await;
    let id: AccountId = current(&app, &next).await["id"].as_str().expect("an id").parse().expect("an id");
    assert!(app.app.accounts().expect("it runs here").account(id).await.is_ok());
}

#[tokio::test]
async fn what_a_deleted_seller_has_on_sale_is_withdrawn_and_what_is_sold_goes_on() {
    let app = TestApp::start().await;
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let tickets = [app.sell(&sally, 5).await, app.sell(&sally, 1).await];
    let order = app.buy(&ben, &tickets[0]).await;
    app.pay(&ben, &order).await;

    let reply = app.post("/api/users/delete").by(&sally).json(&json!({"password": PASSWORD})).send().await;
    assert_eq!(reply.status, 204);
    app.settle().await;

    for ticket in &tickets {
        assert_eq!(app.ticket(ticket).await["status"], "withdrawn");
    }
    assert_eq!(app.order(&ben, &order).await["status"], "completed");
}
