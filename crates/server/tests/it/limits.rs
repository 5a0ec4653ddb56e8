//! Nobody does too much of anything.

use std::time::Duration;

use serde_json::json;
use ticketing_core::ports::limits::Quota;

use crate::app::{Reply, TestApp};

const TWO_A_MINUTE: Option<Quota> = Some(Quota { burst: 2, per: Duration::from_secs(60) });

async fn guess(app: &TestApp, name: &str, address: &str) -> Reply {
    let body = json!({"email": format!("{name}@example.org"), "password": "a guess"});
    app.post("/api/users/signin").at_address(address).json(&body).send().await
}

#[tokio::test]
async fn passwords_of_one_account_are_guessed_slowly() {
    let app = TestApp::start_with(|config| config.http.limits.sign_in_per_account = TWO_A_MINUTE).await;
    for address in ["203.0.113.1", "203.0.113.2"] {
        assert_eq!(guess(&app, "ada", address).await.problem(), (401, "wrong_credentials"));
    }

    let refused = guess(&app, "ada", "203.0.113.3").await;

    assert_eq!((refused.problem(), refused.header("retry-after")), ((429, "rate_limited"), "60"));
    assert_eq!(guess(&app, "ben", "203.0.113.3").await.status, 401);
    app.pass(Duration::from_secs(60)).await;
    assert_eq!(guess(&app, "ada", "203.0.113.3").await.status, 401);
}

#[tokio::test]
async fn one_address_guesses_slowly() {
    let app = TestApp::start_with(|config| config.http.limits.sign_in_per_address = TWO_A_MINUTE).await;
    for name in ["ada", "ben"] {
        assert_eq!(guess(&app, name, "203.0.113.1").await.status, 401);
    }

    assert_eq!(guess(&app, "eve", "203.0.113.1").await.problem(), (429, "rate_limited"));
    assert_eq!(guess(&app, "eve", "203.0.113.2").await.status, 401);
}

#[tokio::test]
async fn changes_of_one_address_are_limited_and_reading_is_not() {
    let app = TestApp::start_with(|config| config.http.limits.writes_per_address = TWO_A_MINUTE).await;
    let write = || app.post("/api/users/refresh").at_address("203.0.113.1").send();

    assert_eq!((write().await.status.as_u16(), write().await.status.as_u16()), (401, 401));
    assert_eq!(write().await.problem(), (429, "rate_limited"));
    assert_eq!(app.get("/api/tickets").at_address("203.0.113.1").send().await.status, 200);
}

#[tokio::test]
async fn only_a_trusted_proxy_speaks_for_others() {
    let app = TestApp::start_with(|config| {
        config.http.limits.writes_per_address = TWO_A_MINUTE;
        config.http.trusted_proxies = vec!["10.0.0.0/8".parse().expect("a network")];
    })
    .await;
    let write = |peer: &str, client: &str| {
        app.post("/api/users/refresh").at_address(peer).header("x-forwarded-for", client).send()
    };

    for n in 0..4 {
        let through_proxy = write("10.0.0.1", &format!("198.51.100.7, 203.0.113.{n}")).await;
        assert_eq!(through_proxy.status, 401);
        let pretended = write("203.0.113.200", &format!("198.51.100.{n}")).await;
        assert_eq!(pretended.status.as_u16(), if n < 2 { 401 } else { 429 });
    }
}
