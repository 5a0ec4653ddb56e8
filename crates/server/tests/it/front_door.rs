//! What runs in another process is reached through the front door, over a socket.

pub(crate) mod backend;
mod contacts;
mod keys;
mod restart;

use std::time::Duration;

use axum::Router;
use axum::routing::any;
use http::HeaderMap;
use serde_json::{Value, json};
use ticketing_conformance::sample::free_address;
use ticketing_core::ports::limits::Quota;

use crate::app::{Call, TestApp, User, id, offer};
use crate::site::Browser;
use backend::{Backend, front_door};

#[tokio::test]
async fn a_ticket_is_sold_through_the_front_door() {
    let app = Backend::start().await.behind_front_door();
    let (sally, ben) = (app.sign_up("sally").await, app.sign_up("ben").await);
    let ticket = app.sell(&sally, 3).await;

    let order = app.buy(&ben, &ticket).await;
    let payment = app.pay(&ben, &order).await;

    assert_eq!((payment.status.as_u16(), &payment.body["status"]), (201, &json!("captured")));
    assert_eq!(app.order(&ben, &order).await["status"], "completed");
    let sold_out = app.post("/api/orders").by(&ben).json(&json!({"ticketId": id(&ticket), "quantity": 3})).send().await;
    assert_eq!(sold_out.problem(), (409, "sold_out"));
    assert!(sold_out.is_documented_problem(), "{sold_out:?}");
    assert_eq!(app.get("/.well-known/jwks.json").send().await.body["keys"][0]["crv"], "Ed25519");
}

#[tokio::test]
async fn pages_show_and_do_what_other_processes_serve() {
    let app = Backend::start().await.behind_front_door();
    let mut sally = Browser::new(&app);
    sally.open("/signup?next=/sell").await;
    sally.submit("/signup", &[("email", "sally@example.org"), ("password", crate::app::PASSWORD)]).await;
    sally.submit("/sell", &[("title", "Opera"), ("price", "12.50"), ("quantity", "1")]).await;
    let ticket = sally.path.clone();
    assert_eq!((sally.status, sally.texts("h1")), (200, vec!["Opera".to_owned()]));

    let mut ben = Browser::new(&app);
    ben.open(&format!("/signup?next={ticket}")).await;
    ben.submit("/signup", &[("email", "ben@example.org"), ("password", crate::app::PASSWORD)]).await;
    // What is gone is renewed on the way to a page that another site links to.
    ben.jar.remove("access");
    ben.open(&ticket).await;
    ben.submit(&format!("{ticket}/order"), &[]).await;
    let pay = format!("{}/pay", ben.path);
    ben.submit(&pay, &[("token", "tok_visa")]).await;

    assert_eq!(ben.texts("main .badge"), ["Completed"]);
    ben.origin = "http://evil.example".to_owned();
    ben.post("/signout", &[]).await;
    assert_eq!(ben.status, 403);
}

#[tokio::test]
async fn what_a_form_changes_is_counted_once_also_where_another_process_carries_it_out() {
    const TWO: Option<Quota> = Some(Quota { burst: 2, per: Duration::from_secs(60) });
    let backend = Backend::start_with(|config| config.http.limits.writes_per_address = TWO).await;
    let app = backend.behind_front_door_with(|config| config.http.limits.writes_per_address = TWO);
    let mut sally = Browser::new(&app);
    sally.open("/signup?next=/sell").await;
    sally.submit("/signup", &[("email", "sally@example.org"), ("password", crate::app::PASSWORD)]).await;

    for title in ["Opera", "Circus"] {
        sally.open("/sell").await;
        sally.submit("/sell", &[("title", title), ("price", "12.50")]).await;
        assert_eq!((sally.posted, sally.texts("h1")), (303, vec![title.to_owned()]));
    }
    sally.open("/sell").await;
    sally.submit("/sell", &[("title", "Ballet"), ("price", "12.50")]).await;
    assert_eq!((sally.value("title").as_str(), sally.texts(".alert").len()), ("Ballet", 1), "{}", sally.html);
}

#[tokio::test]
async fn another_site_changes_nothing_with_or_without_a_front_door() {
    fn order<'a>(app: &'a TestApp, user: &User, site: &str) -> Call<'a> {
        let call = app.post("/api/orders").json(&json!({"ticketId": uuid::Uuid::nil()}));
        call.header("cookie", &format!("access={}", user.access)).header("origin", site)
    }
    let (refused, passed) = ((403, "cross_origin"), (404, "ticket_not_found"));
    let backend = Backend::start().await;
    let ada = backend.app.sign_up("ada").await;

    let direct = order(&backend.app, &ada, "https://evil.example").at_address("203.0.113.9");
    let direct = direct.header("x-forwarded-host", "evil.example").header("x-forwarded-for", "127.0.0.1");
    assert_eq!(direct.send().await.problem(), refused, "nobody but a proxy names another host");
    let app = backend.behind_front_door();
    assert_eq!(order(&app, &ada, "https://evil.example").send().await.problem(), refused);
    assert_eq!(order(&app, &ada, "http://shop.example").send().await.problem(), passed);
}

/// Answers with what it was asked.
async fn echo(headers: HeaderMap, request: String) -> axum::Json<Value> {
    let values = |name| headers.get_all(name).iter().map(|value| value.to_str().expect("text")).collect::<Vec<_>>();
    let headers = headers.keys().map(|name| (name.as_str().to_owned(), json!(values(name).join(", "))));
    axum::Json(json!({"headers": headers.collect::<serde_json::Map<_, _>>(), "body": request}))
}

#[tokio::test]
async fn a_service_is_told_for_whom_it_works() {
    let service = backend::listen(Router::new().fallback(any(echo))).await;
    let app = front_door(TestApp::start().await, &service, |_| {});
    let name = "01931b6e-8f00-7000-8000-00000000002a";

    let call = app.put("/api/tickets/7").at_address("203.0.113.9").header("x-forwarded-for", "198.51.100.1");
    let call = call.header("connection", "x-mine, close").header("x-mine", "1").header("te", "trailers");
    let call = call.header("authorization", "Bearer t").header("cookie", "a=b").header("if-match", "\"3\"");
    let call = call.header("x-request-id", name);
    let told = call.json(&json!({"title": "Opera"})).send().await;

    let headers = &told.body["headers"];
    assert_eq!((&headers["x-forwarded-for"], &headers["x-forwarded-proto"]), (&json!("203.0.113.9"), &json!("http")));
    assert_eq!((&headers["x-forwarded-host"], &headers["host"]), (&json!("shop.example"), &json!(service)));
    assert_eq!((&headers["cookie"], &headers["if-match"]), (&json!("a=b"), &json!("\"3\"")));
    assert_eq!(&headers["x-request-id"], &json!(name));
    assert!(["x-mine", "te", "connection"].iter().all(|name| headers[*name].is_null()), "{headers}");
    assert_eq!(told.body["body"], "{\"title\":\"Opera\"}");
}

#[tokio::test]
async fn a_trace_is_that_of_a_trusted_proxy_or_not_recorded() {
    let service = backend::listen(Router::new().fallback(any(echo))).await;
    let app = front_door(TestApp::start().await, &service, |config| {
        config.http.trusted_proxies = vec!["192.0.2.0/24".parse().expect("a network")];
    });
    let said = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    for (peer, connection) in [("192.0.2.7", "close"), ("192.0.2.7", "traceparent"), ("203.0.113.9", "close")] {
        let call = app.get("/api/tickets").at_address(peer).header("connection", connection);
        let told = call.header("traceparent", said).send().await;

        let passed_on = told.body["headers"]["traceparent"].as_str().expect("a trace context").to_owned();
        assert_eq!((passed_on == said, passed_on.ends_with("-00")), (peer == "192.0.2.7", peer != "192.0.2.7"));
        assert_eq!(passed_on.len(), said.len(), "{passed_on}");
    }
}

#[tokio::test]
async fn a_visitor_takes_nothing_away_that_a_service_goes_by() {
    let service = backend::listen(Router::new().fallback(any(echo))).await;
    let app = front_door(TestApp::start().await, &service, |config| {
        config.http.trusted_proxies = vec!["192.0.2.0/24".parse().expect("a network")];
    });
    let named = "close, Host, x-forwarded-for, X-Forwarded-Host, X-Forwarded-Proto, x-request-id, x-mine";
    let name = "01931b6e-8f00-7000-8000-00000000002a";

    for (peer, host) in [("203.0.113.9", "shop.example"), ("192.0.2.7", "tickets.example")] {
        let call = app.get("/api/tickets").at_address(peer).header("connection", named).header("x-request-id", name);
        let call = call.header("x-forwarded-for", "198.51.100.1").header("x-forwarded-proto", "https");
        let told = call.header("x-forwarded-host", "tickets.example").header("x-mine", "1").send().await;

        let headers = &told.body["headers"];
        assert_eq!((&headers["x-forwarded-host"], &headers["x-request-id"]), (&json!(host), &json!(name)), "{peer}");
        let (hops, proto) = if peer == "192.0.2.7" { ("198.51.100.1, 192.0.2.7", "https") } else { (peer, "http") };
        assert_eq!((&headers["x-forwarded-for"], &headers["x-forwarded-proto"]), (&json!(hops), &json!(proto)));
        assert!(headers["x-mine"].is_null(), "{headers}");
    }
}

#[tokio::test]
async fn a_proxy_before_the_front_door_is_believed_if_it_is_trusted() {
    let service = backend::listen(Router::new().fallback(any(echo))).await;
    let app = front_door(TestApp::start().await, &service, |config| {
        config.http.trusted_proxies = vec!["192.0.2.0/24".parse().expect("a network")];
    });

    let call = app.get("/api/tickets").at_address("192.0.2.7").header("x-forwarded-for", "203.0.113.9");
    let told = call.header("x-forwarded-proto", "https").header("x-forwarded-host", "tickets.example").send().await;

    let headers = &told.body["headers"];
    assert_eq!(
        (&headers["x-forwarded-proto"], &headers["x-forwarded-host"]),
        (&json!("https"), &json!("tickets.example"))
    );
    assert_eq!(headers["x-forwarded-for"], "203.0.113.9, 192.0.2.7");
}

#[tokio::test]
async fn a_service_that_is_away_is_told_so() {
    let nobody = free_address().to_string();
    let app = front_door(TestApp::start().await, &nobody, |_| {});

    for _ in 0..2 {
        let reply = app.get("/api/tickets").send().await;
        assert_eq!((reply.problem(), reply.header("retry-after")), ((503, "unavailable"), "1"));
        assert!(reply.is_documented_problem(), "{reply:?}");
    }
    assert_eq!(app.get("/api/openapi.json").send().await.status, 200);
    assert_eq!(app.get("/livez").send().await.status, 200, "the front door itself is well");
}

#[tokio::test]
async fn a_service_that_is_slow_is_not_waited_for() {
    let silence = Router::new().fallback(any(std::future::pending::<String>));
    let service = backend::listen(silence).await;
    let app = front_door(TestApp::start().await, &service, |config| {
        config.http.request_timeout = Duration::from_millis(200);
    });

    assert_eq!(app.get("/api/tickets").send().await.problem(), (503, "timeout"));
}

#[tokio::test]
async fn a_request_is_sent_again_only_if_that_does_no_harm() {
    // Answers the first request of a connection, and hangs up on the next.
    let (service, asked) = backend::hangs_up().await;
    let app = front_door(TestApp::start().await, &service, |_| {});

    for _ in 0..4 {
        assert_eq!(app.get("/api/tickets").send().await.status, 200);
    }
    let before = asked.load(std::sync::atomic::Ordering::SeqCst);
    let change = app.post("/api/orders").bearer("t").json(&json!({})).send().await;

    assert!([200, 503].contains(&change.status.as_u16()), "{change:?}");
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), before + 1, "a change is asked for once");
}

#[tokio::test]
async fn live_updates_begin_with_what_the_tickets_service_tells() {
    let backend = Backend::start().await;
    let (sally, ben) = (backend.app.sign_up("sally").await, backend.app.sign_up("ben").await);
    let ticket = backend.app.sell(&sally, 2).await;
    backend.app.buy(&ben, &ticket).await;
    let app = backend.behind_front_door();
    // The front door hears what is published after it subscribed.
    app.settle().await;

    let mut stream = crate::live::listen(&app, &ticket).await;
    let first = crate::live::next(&mut stream).await.expect("the state now");
    assert_eq!((&first["available"], &first["status"]), (&json!(1), &json!("onSale")));
    app.put(&format!("/api/tickets/{}", id(&ticket))).by(&sally).json(&offer("Opera", 1500, 1)).send().await;
    app.settle().await;

    let second = crate::live::next(&mut stream).await.expect("an update");
    assert_eq!((&second["price"]["amount"], &second["status"]), (&json!(1500), &json!("soldOut")));
    let nobodys = app.get(&format!("/api/tickets/{}/live", uuid::Uuid::nil())).send().await;
    assert_eq!(nobodys.problem(), (404, "ticket_not_found"));
}
