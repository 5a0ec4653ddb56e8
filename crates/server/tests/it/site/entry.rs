//! Who comes in, from where, and where they are sent.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http::header::LOCATION;
use ticketing_memory::{FaultPlan, ManualClock, MemorySessions};
use ticketing_server::marketplace::Engines;

use super::{Browser, buyer, member, seller};
use crate::app::{PASSWORD, TestApp};

fn fields(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn signing_in_never_leads_to_another_site() {
    let app = TestApp::start().await;
    member(&app, "ada").await;
    for next in ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "evil", ""] {
        let mut browser = Browser::new(&app);
        let query = serde_urlencoded::to_string([("next", next)]).unwrap();
        browser.open(&format!("/signin?{query}")).await;
        assert_eq!(browser.value("next"), "", "{next}");

        let sent = fields(&[("email", "ada@example.org"), ("password", PASSWORD), ("next", next)]);
        browser.post("/signin", &sent).await;
        assert_eq!((browser.status, browser.headers[LOCATION].as_bytes()), (303, b"/".as_slice()), "{next}");
        browser.post("/signup", &sent).await;
        browser.open(&format!("/signin?{query}")).await;
        assert_eq!((browser.status, browser.path.as_str()), (200, "/"), "{next}");
    }
}

/// The edge looks sessions up by the plan; accounts keeps them without it.
async fn start_with_sessions_by_plan() -> (TestApp, FaultPlan) {
    let clock = Arc::new(ManualClock::default());
    let (sessions, plan) = (MemorySessions::new(clock.clone()), FaultPlan::counting(clock));
    let exchange = |engines: &mut Engines| {
        engines.edge.sessions = Arc::new(sessions.with_faults(plan.clone()));
        engines.accounts.as_mut().expect("accounts runs here").sessions = Arc::new(sessions);
    };
    (TestApp::start_over(|_| {}, exchange).await, plan)
}

#[tokio::test]
async fn a_page_looks_its_session_up_once() {
    let (app, plan) = start_with_sessions_by_plan().await;
    let ada = app.sign_up("ada").await;
    let steps = async |path: &str| {
        let before = plan.steps();
        assert_eq!(app.get(path).by(&ada).send().await.status, 200, "{path}");
        plan.steps() - before
    };

    let one = steps("/api/users/currentuser").await;

    assert!(one > 0);
    for page in ["/", "/orders", "/my/tickets", "/account"] {
        assert_eq!(steps(page).await, one, "{page}");
    }
}

#[tokio::test]
async fn a_page_passes_the_edge_once() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    let answered = async || {
        let (_, metrics) = app.ask_operators(Request::get("/metrics")).await;
        let metrics = metrics.as_str().expect("text").to_owned();
        let lines = metrics.lines().filter(|line| line.starts_with("ticketing_http_requests_total"));
        lines.filter(|line| !line.contains("/metrics")).map(str::to_owned).collect::<Vec<_>>()
    };
    let before = answered().await;

    assert_eq!(app.get("/orders").by(&ada).send().await.status, 200);

    assert_eq!(answered().await.iter().filter(|line| !before.contains(line)).count(), 1);
}

#[tokio::test]
async fn who_must_sign_in_comes_back_to_where_they_were() {
    let app = TestApp::start().await;
    member(&app, "ada").await;
    for path in ["/sell", "/my/tickets", "/orders", "/account", "/orders?cursor="] {
        let mut browser = Browser::new(&app);
        browser.open(path).await;
        assert_eq!(browser.value("next"), path);
        browser.submit("/signin", &[("email", "ada@example.org"), ("password", PASSWORD)]).await;
        assert_eq!((browser.status, browser.path.as_str()), (200, path));
    }
}

#[tokio::test]
async fn a_form_of_somebody_whose_session_ended_leads_back_to_its_page() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "2").await.path;
    let mut ben = member(&app, "ben").await;
    ben.open(&ticket).await;
    ben.jar.clear();

    ben.submit(&format!("{ticket}/order"), &[]).await;

    assert_eq!(ben.value("next"), ticket);
}

#[tokio::test]
async fn another_site_can_send_no_form() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "2").await.path;
    let mut ben = buyer(&app, "ben", &ticket).await;
    let order = ben.path.clone();
    let mut visitor = Browser::new(&app);
    (ben.origin, visitor.origin) = ("http://evil.example".to_owned(), "http://evil.example".to_owned());
    let who = fields(&[("email", "ben@example.org"), ("password", PASSWORD)]);

    for path in ["/signin", "/signup"] {
        visitor.post(path, &who).await;
        assert_eq!((visitor.status, visitor.jar.len()), (403, 0), "{path}");
        assert_eq!(visitor.texts("h1"), ["This came from another site"]);
        assert_eq!(visitor.texts(".code").len(), 1, "a reference for the log");
    }
    let (order_again, cancel) = (format!("{ticket}/order"), format!("{order}/cancel"));
    for path in [order_again.as_str(), &cancel, "/signout", "/sell", "/account/password"] {
        ben.post(path, &[]).await;
        assert_eq!(ben.status, 403, "{path}");
    }
    ben.open(&order).await;
    assert_eq!(ben.texts("h1"), ["Checkout"]);
}

#[tokio::test]
async fn a_session_goes_on_when_its_access_token_is_gone() {
    let app = TestApp::start().await;
    let mut ada = member(&app, "ada").await;
    let before = ada.jar.clone();
    ada.jar.remove("access");

    ada.open("/account").await;
    assert_eq!((ada.status, ada.texts(".rows .badge")), (200, vec!["This device".to_owned()]));
    assert_ne!((&ada.jar["access"], &ada.jar["refresh"]), (&before["access"], &before["refresh"]));

    app.pass(Duration::from_secs(10 * 60)).await;
    ada.submit("/account/password", &[("currentPassword", PASSWORD), ("newPassword", "quiet maple drum 77")]).await;
    assert_eq!((ada.status, ada.path.as_str(), ada.told().len()), (200, "/account", 1));
}

#[tokio::test]
async fn signing_out_alone_takes_the_cookies_of_a_session_away() {
    let app = TestApp::start().await;
    let mut ada = member(&app, "ada").await;
    let stolen = ada.jar.clone();
    ada.open("/account").await;
    ada.submit("/signout", &[]).await;
    // That it signed in before is all that a browser keeps.
    assert!(ada.jar.keys().eq(["known"]), "{:?}", ada.jar);
    assert_eq!(ada.told(), ["You are signed out."]);

    let mut late = Browser::new(&app);
    late.jar = stolen;
    late.open("/account").await;
    assert_eq!(late.path, "/signin?next=%2Faccount");
    assert!(late.jar.contains_key("refresh"), "{:?}", late.jar);

    late.post("/signout", &[]).await;
    assert_eq!(late.status, 303);
    assert!(late.jar.keys().eq(["known"]), "{:?}", late.jar);
}

#[tokio::test]
async fn nobody_believes_to_be_signed_out_while_sessions_are_away() {
    let (app, plan) = start_with_sessions_by_plan().await;
    let mut ada = member(&app, "ada").await;
    ada.open("/account").await;
    let before = ada.jar.clone();
    plan.crash();

    ada.submit("/signout", &[]).await;
    assert_eq!((ada.posted, ada.jar.clone()), (503, before));
    ada.jar.remove("access");
    ada.post("/signout", &[]).await;
    assert_eq!((ada.posted, ada.jar.contains_key("refresh")), (503, true), "{:?}", ada.jar);

    plan.revive();
    ada.open("/account").await;
    ada.submit("/signout", &[]).await;
    assert_eq!(ada.told(), ["You are signed out."]);
}

#[tokio::test]
async fn a_session_elsewhere_is_ended_by_a_form() {
    let app = TestApp::start().await;
    let mut phone = member(&app, "ada").await;
    let mut here = Browser::new(&app);
    here.open("/signin?next=/account").await;
    here.submit("/signin", &[("email", "ada@example.org"), ("password", PASSWORD)]).await;
    let revoke = here.attributes(".rows a[href$='/revoke']", "href");
    assert_eq!(revoke.len(), 1);

    here.open(&revoke[0]).await;
    assert_eq!(here.texts("h1"), ["Sign out this device?"]);
    here.submit(&revoke[0], &[]).await;

    assert_eq!((here.path.as_str(), here.told()), ("/account", vec!["The session was ended.".to_owned()]));
    phone.open("/account").await;
    assert_eq!(phone.path, "/signin?next=%2Faccount");
}

#[tokio::test]
async fn one_signs_out_everywhere_else_at_once() {
    let app = TestApp::start().await;
    let mut others = [member(&app, "ada").await, Browser::new(&app)];
    others[1].open("/signin").await;
    others[1].submit("/signin", &[("email", "ada@example.org"), ("password", PASSWORD)]).await;
    let mut here = Browser::new(&app);
    here.open("/signin?next=/account").await;
    here.submit("/signin", &[("email", "ada@example.org"), ("password", PASSWORD)]).await;

    here.open("/account/sessions/revoke").await;
    assert!(here.texts(".lead").concat().contains("2 other devices"), "{}", here.html);
    here.submit("/account/sessions/revoke", &[]).await;

    assert_eq!(here.told(), ["You are signed out everywhere else."]);
    assert_eq!(here.attributes("a[href='/account/sessions/revoke']", "href"), [""; 0], "there are no others");
    for other in &mut others {
        other.open("/account").await;
        assert_eq!(other.path, "/signin?next=%2Faccount");
    }
}

#[tokio::test]
async fn nobody_edits_what_another_sells() {
    let app = TestApp::start().await;
    let ticket = seller(&app, "Opera", "2").await.path;
    let mut ben = member(&app, "ben").await;
    let edit = format!("{ticket}/edit");

    ben.open(&edit).await;
    assert_eq!((ben.status, ben.texts("h1")), (403, vec!["This is not your ticket".to_owned()]));
    ben.post(
        &edit,
        &fields(&[("title", "Mine"), ("price", "1"), ("currency", "EUR"), ("quantity", "1"), ("version", "1")]),
    )
    .await;
    assert_eq!(ben.status, 403);
    ben.post(&format!("{ticket}/withdraw"), &fields(&[("version", "1")])).await;
    assert_eq!(ben.status, 403);
}

#[tokio::test]
async fn where_a_form_is_sent_there_is_no_page() {
    let app = TestApp::start().await;
    let mut ada = member(&app, "ada").await;

    ada.open("/account/password").await;
    assert_eq!((ada.status, ada.path.as_str()), (200, "/account"));
    ada.open("/signout").await;

    assert_eq!((ada.status, ada.texts(".error-status")), (405, vec!["405".to_owned()]));
    assert!(ada.jar.contains_key("access"));
}
