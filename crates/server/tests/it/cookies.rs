//! Cookies of this site among those of others.

use std::time::Duration;

use http::header::SET_COOKIE;
use serde_json::{Value, json};

use crate::app::{Call, PASSWORD, Reply, TestApp, User};

/// Longer than an access token lasts.
const LATER: Duration = Duration::from_secs(10 * 60);

async fn start_with_tls() -> TestApp {
    TestApp::start_with(|config| {
        config.http.public_origins = vec!["https://tickets.example".parse().expect("an origin")];
    })
    .await
}

async fn sign_up_over_tls(app: &TestApp) -> Reply {
    let body = json!({"email": "ada@example.org", "password": PASSWORD});
    let reply = app.post("/api/users/signup").header("origin", "https://tickets.example").json(&body).send().await;
    app.settle().await;
    reply
}

/// Who the API takes the bringer of these `Cookie` lines for.
async fn known(app: &TestApp, lines: &[&[u8]]) -> Value {
    let call = with_cookies(app.get("/api/users/currentuser"), lines);
    call.send().await.body["currentUser"]["email"].clone()
}

fn with_cookies<'a>(call: Call<'a>, lines: &[&[u8]]) -> Call<'a> {
    lines.iter().fold(call, |call, line| call.header_bytes("cookie", line))
}

fn renewal<'a>(app: &'a TestApp, lines: &[&[u8]]) -> Call<'a> {
    with_cookies(app.post("/api/users/refresh").header("sec-fetch-site", "same-origin"), lines)
}

fn set_names(reply: &Reply) -> Vec<String> {
    let lines = reply.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines.filter_map(|line| Some(line.split_once('=')?.0.to_owned())).collect()
}

fn bytes(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[tokio::test]
async fn foreign_bytes_sign_nobody_out() {
    let app = TestApp::start().await;
    let User { access, email, .. } = app.sign_up("ada").await;
    let own = format!("access={access}");

    for foreign in ["city=Zürich".as_bytes(), b"city=Z\xfcrich", b"\xff", b"a=\"b=c", b"=", b"json={\"a\":\"\xe9\"}"] {
        for lines in [
            vec![bytes(&[foreign, b"; ", own.as_bytes()])],
            vec![bytes(&[own.as_bytes(), b";", foreign])],
            vec![foreign.to_vec(), own.clone().into_bytes()],
        ] {
            let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
            assert_eq!(known(&app, &lines).await, email, "{}", String::from_utf8_lossy(foreign));
        }
    }
}

#[tokio::test]
async fn where_a_cookie_comes_twice_the_good_one_counts() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    let ben = app.sign_up("ben").await;
    app.post("/api/users/signout").by(&ben).send().await;

    for bad in ["tomato", ben.access.as_str(), "a.b.c"] {
        let (before, behind) = (format!("access={bad}; access={}", ada.access), format!("access={}", ada.access));
        assert_eq!(known(&app, &[before.as_bytes()]).await, ada.email, "{bad}");
        assert_eq!(known(&app, &[format!("access={bad}").as_bytes(), behind.as_bytes()]).await, ada.email, "{bad}");
    }
}

#[tokio::test]
async fn a_bad_refresh_cookie_hides_no_good_one() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    let ben = app.sign_up("ben").await;
    app.post("/api/users/signout").by(&ben).send().await;
    app.pass(LATER).await;

    let twice = format!("refresh=tomato; refresh={}; refresh={}", ben.refresh, ada.refresh);
    let renewed = renewal(&app, &[twice.as_bytes()]).send().await;

    assert_eq!((renewed.status.as_u16(), set_names(&renewed)), (204, vec!["access".to_owned(), "refresh".to_owned()]));
    assert_eq!(known(&app, &[format!("access={}", renewed.cookie("access")).as_bytes()]).await, ada.email);
}

#[tokio::test]
async fn a_page_takes_no_good_cookie_away() {
    let app = TestApp::start().await;
    let ada = app.sign_up("ada").await;
    app.pass(LATER).await;

    let line = format!("access=tomato; refresh=tomato; city=Zürich; refresh={}", ada.refresh);
    let page = with_cookies(app.get("/"), &[line.as_bytes()]).send().await;

    let kept = [page.cookie("access"), page.cookie("refresh")].map(|value| !value.is_empty());
    assert_eq!((page.status.as_u16(), kept), (200, [true, true]));
    // A newer answer may have set good ones meanwhile, which a late one must not take away.
    let all_bad = with_cookies(app.get("/"), &[b"refresh=tomato; refresh=onion"]).send().await;
    assert_eq!((all_bad.status.as_u16(), set_names(&all_bad)), (200, vec![]));
}

#[tokio::test]
async fn over_tls_cookies_belong_to_this_very_host() {
    let app = start_with_tls().await;
    let reply = sign_up_over_tls(&app).await;

    assert_eq!(set_names(&reply)[..2], ["__Host-access", "__Host-refresh"]);
    let (access, refresh) = (reply.cookie("__Host-access"), reply.cookie("__Host-refresh"));
    for planted in ["access", "__host-access", "__Secure-access"] {
        assert_eq!(known(&app, &[format!("{planted}={access}").as_bytes()]).await, Value::Null, "{planted}");
    }
    let both = format!("access=planted; __Host-access={access}");
    assert_eq!(known(&app, &[both.as_bytes()]).await, "ada@example.org");
    let planted = renewal(&app, &[format!("refresh={refresh}").as_bytes()]).send().await;
    assert_eq!(planted.problem(), (401, "not_signed_in"));
    let own = renewal(&app, &[format!("__Host-refresh={refresh}").as_bytes()]).send().await;
    assert_eq!(own.status, 204);
}

#[tokio::test]
async fn over_tls_pages_know_who_visits() {
    let app = start_with_tls().await;
    let reply = sign_up_over_tls(&app).await;
    let (access, refresh) = (reply.cookie("__Host-access"), reply.cookie("__Host-refresh"));

    let page = with_cookies(app.get("/account"), &[format!("__Host-access={access}").as_bytes()]).send().await;
    assert_eq!(page.status, 200);
    let planted = with_cookies(app.get("/account"), &[format!("access={access}").as_bytes()]).send().await;
    assert_eq!(planted.status, 303);
    app.pass(LATER).await;
    let renewed = with_cookies(app.get("/account"), &[format!("__Host-refresh={refresh}").as_bytes()]).send().await;
    assert_eq!((renewed.status.as_u16(), renewed.cookie("__Host-refresh").is_empty()), (200, false));
}

#[tokio::test]
async fn signing_out_takes_every_cookie_away() {
    let app = start_with_tls().await;
    let reply = sign_up_over_tls(&app).await;
    let cookie = format!("__Host-access={}", reply.cookie("__Host-access"));

    let out = app.post("/api/users/signout").header("origin", "https://tickets.example");
    let out = with_cookies(out, &[cookie.as_bytes()]).send().await;

    assert_eq!(set_names(&out), ["__Host-access", "__Host-refresh", "access", "refresh"]);
    assert!(
        out.headers.get_all(SET_COOKIE).iter().all(|value| value.to_str().unwrap().contains("=; Max-Age=0; Path=/;"))
    );
    assert_eq!(known(&app, &[cookie.as_bytes()]).await, Value::Null);
}
