//! The API inside an application that has its own users, routes and middleware.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use http::header::{COOKIE, ORIGIN};
use http::request::Parts;
use http::{HeaderValue, Request, StatusCode, Version};
use serde_json::{Value, json};
use ticketing_core::domain::ids::AccountId;
use ticketing_core::ports::identity::IdentityError;
use ticketing_core::ports::limits::Quota;
use ticketing_memory::MemoryLimiter;
use ticketing_server::config::{HttpConfig, Limits};
use ticketing_server::embed::Api;
use tower::ServiceExt;
use uuid::Uuid;

use crate::app::{Reply, TestApp, id, offer};
use crate::call::{self, Site};
use crate::marketplace::Marketplace;
use crate::openapi::routes;

/// An application, and the marketplace that it has below `/shop`.
type Host = Marketplace<Mounted>;

struct Mounted {
    market: TestApp,
    router: Router,
}

type Call<'a> = call::Call<'a, Mounted>;

const ORIGINS: &str = "http://host.example";
const SALLY: u128 = 1;
const BEN: u128 = 2;

impl Site for Mounted {
    fn origin(&self) -> &str {
        ORIGINS
    }

    fn request(&self, method: &str, path: &str) -> http::request::Builder {
        Request::builder().method(method).uri(path).header("host", ORIGINS.trim_start_matches("http://"))
    }

    async fn answer(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.expect("a router never fails")
    }
}

impl Host {
    async fn start() -> Self {
        Self::start_with(|api| api).await
    }

    async fn start_with(change: impl FnOnce(Api) -> Api) -> Self {
        let market = TestApp::start().await;
        let router = around(change(api(&market)));
        Self(Mounted { market, router })
    }

    async fn offer(&self, places: u32) -> Reply {
        let sold = self.post("/shop/api/tickets").acting(SALLY).json(&offer("Opera", 1200, places)).send().await;
        self.market.settle().await;
        sold
    }
}

impl Call<'_> {
    /// From a page of the application, in somebody's session.
    fn acting(self, user: u128) -> Self {
        self.session(&Uuid::from_u128(user).to_string()).header(ORIGIN.as_str(), ORIGINS)
    }

    fn session(self, session: &str) -> Self {
        self.header(COOKIE.as_str(), &format!("theme=dark; sid={session}"))
    }
}

/// The application's own sessions.
async fn by_session(request: &Parts) -> Result<Option<AccountId>, IdentityError> {
    let text = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
    let session = text("cookie").and_then(|cookies| cookies.split("sid=").nth(1));
    match session.or_else(|| text("x-user")) {
        Some("over") => Err(IdentityError::InvalidToken),
        Some("away") => Err(IdentityError::Unavailable("no answer".into())),
        user => Ok(user.and_then(|user| user.parse().ok())),
    }
}

fn api(market: &TestApp) -> Api {
    let app = &market.app;
    Api::new(app.env.clone())
        .tickets(app.tickets().expect("tickets run").clone(), app.search().expect("tickets run").clone())
        .orders(app.orders().expect("orders run").clone())
        .payments(app.payments().expect("payments run").clone())
        .http(HttpConfig { limits: Limits::OFF, ..HttpConfig::default() })
        .identify(by_session)
}

fn around(api: Api) -> Router {
    let marked = async |mut response: Response| {
        response.headers_mut().insert("x-host", HeaderValue::from_static("yes"));
        response
    };
    Router::new()
        .nest("/shop", api.router())
        .route("/own", get(async || "the application's"))
        .fallback(async || (StatusCode::NOT_FOUND, "the application has nothing here"))
        .layer(map_response(marked))
}

#[tokio::test]
async fn what_is_sold_and_bought_below_a_prefix_is_found_there() {
    let host = Host::start().await;

    let ticket = host.offer(2).await;
    assert_eq!(ticket.header("location"), format!("/shop/api/tickets/{}", id(&ticket.body)));
    let found = host.get(ticket.header("location")).send().await;
    assert_eq!((found.status.as_u16(), id(&found.body)), (200, id(&ticket.body)));

    let placed = json!({"ticketId": id(&ticket.body)});
    let order = host.post("/shop/api/orders").acting(BEN).header("idempotency-key", "k").json(&placed).send().await;
    host.market.settle().await;
    assert_eq!(order.header("location"), format!("/shop/api/orders/{}", id(&order.body)));
    let again = host.post("/shop/api/orders").acting(BEN).header("idempotency-key", "k").json(&placed).send().await;
    assert_eq!(id(&again.body), id(&order.body));

    let paid = json!({"orderId": id(&order.body), "token": "tok_visa"});
    assert_eq!(host.post("/shop/api/payments").acting(BEN).json(&paid).send().await.status, 201);
    host.market.settle().await;
    let path = order.header("location");
    assert_eq!(host.get(path).acting(BEN).send().await.body["status"], "completed");
    assert_eq!(host.get(path).acting(SALLY).send().await.problem(), (404, "order_not_found"));
}

#[tokio::test]
async fn a_redirect_and_a_list_stay_below_the_prefix() {
    let host = Host::start().await;
    for _ in 0..3 {
        assert_eq!(host.offer(1).await.status, 201);
    }

    let slash = host.get("/shop/api/tickets/?limit=2").send().await;
    assert_eq!((slash.status.as_u16(), slash.header("location")), (308, "/shop/api/tickets?limit=2"));
    let page = host.get(slash.header("location")).send().await.body;
    let next = format!("/shop/api/tickets?limit=2&cursor={}", page["nextCursor"].as_str().expect("one more"));
    assert_eq!(host.get(&next).send().await.body["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_prefix_may_be_a_parameter_and_may_be_absent() {
    let market = TestApp::start().await;
    let shops = Router::new().nest_service("/{city}/shop", api(&market).router());
    let root = Router::new().merge(api(&market).router());

    for (router, prefix) in [(shops, "/wien/shop"), (root, "")] {
        let market = TestApp::start().await;
        let host = Marketplace(Mounted { market, router });
        let path = format!("{prefix}/api/tickets");
        let ticket = host.post(&path).acting(SALLY).json(&offer("Opera", 1200, 1)).send().await;
        assert_eq!(ticket.header("location"), format!("{path}/{}", id(&ticket.body)));
        let servers = &host.get(&format!("{prefix}/api/openapi.json")).send().await.body["servers"];
        let expected = if prefix.is_empty() { Value::Null } else { json!([{"url": prefix}]) };
        assert_eq!(*servers, expected);
    }
    market.settle().await;
}

#[tokio::test]
async fn the_rest_of_the_application_stays_as_it_is() {
    let host = Host::start().await;

    let own = host.get("/own").send().await;
    assert_eq!((own.text().as_str(), own.header("x-request-id")), ("the application's", ""));
    let nowhere = host.get("/nowhere").send().await;
    assert_eq!((nowhere.status.as_u16(), nowhere.text().as_str()), (404, "the application has nothing here"));
    for (method, path, expected) in [
        ("GET", "/shop/nowhere", (404, "route_not_found")),
        ("GET", "/shop/api/users/currentuser", (404, "route_not_found")),
        ("PATCH", "/shop/api/tickets", (405, "method_not_allowed")),
    ] {
        let request = "0192f0c1-2345-7abc-8def-0123456789ab";
        let reply = host.call(method, path).header("x-request-id", request).send().await;
        assert!(reply.is_documented_problem() && reply.problem() == expected, "{method} {path} {reply:?}");
        assert_eq!((reply.header("x-request-id"), reply.header("x-host")), (request, "yes"), "{method} {path}");
    }
}

#[tokio::test]
async fn operators_are_served_only_if_asked_for() {
    let (without, with) = (Host::start().await, Host::start_with(Api::with_operators).await);

    for path in ["/shop/livez", "/shop/readyz", "/shop/metrics"] {
        assert_eq!(without.get(path).send().await.problem(), (404, "route_not_found"), "{path}");
        assert_eq!(with.get(path).send().await.status, 200, "{path}");
    }
    assert_eq!(without.get("/shop/api/docs").send().await.status, 404);
}

#[tokio::test]
async fn the_description_tells_what_is_served_and_where() {
    let host = Host::start().await;

    let description = host.get("/shop/api/openapi.json").send().await.body;

    assert_eq!(description["servers"], json!([{"url": "/shop"}]));
    let known = routes(&description);
    assert!(known.contains(&("POST".to_owned(), "/api/orders".to_owned())));
    for (method, path) in known {
        let at = format!("/shop{}", path.replace("{id}", &Uuid::nil().to_string()));
        let reply = host.call(&method, &at).session("away").header(ORIGIN.as_str(), ORIGINS).send().await;
        assert!(!["route_not_found", "method_not_allowed"].contains(&reply.code()), "{method} {path}");
        // How somebody is identified is the application's to say.
        assert_eq!(description["paths"][&path][method.to_lowercase()]["security"], Value::Null);
    }
    assert_eq!(description["components"]["securitySchemes"], Value::Null);
}

#[tokio::test]
async fn who_acts_is_the_applications_to_say() {
    let host = Host::start().await;
    let orders = "/shop/api/orders";

    assert_eq!(host.get(orders).send().await.problem(), (401, "not_signed_in"));
    assert_eq!(host.get(orders).session("stranger").send().await.problem(), (401, "not_signed_in"));
    assert_eq!(host.get(orders).session("over").send().await.problem(), (401, "session_over"));
    assert_eq!(host.get(orders).session("away").send().await.problem(), (503, "unavailable"));
    assert_eq!(host.get(orders).acting(BEN).send().await.status, 200);
    // Nobody has to sign in to look.
    assert_eq!(host.get("/shop/api/tickets").session("away").send().await.status, 200);
}

#[tokio::test]
async fn without_an_identity_nobody_is_signed_in() {
    let market = TestApp::start().await;
    let (tickets, search) =
        (market.app.tickets().expect("tickets run").clone(), market.app.search().expect("tickets run").clone());
    let router = around(Api::new(market.app.env.clone()).tickets(tickets, search));
    let host = Marketplace(Mounted { market, router });

    assert_eq!(host.offer(1).await.problem(), (401, "not_signed_in"));
    assert_eq!(host.get("/shop/api/tickets").send().await.status, 200);
    assert_eq!(host.get("/shop/api/orders").send().await.problem(), (404, "route_not_found"));
}

#[tokio::test]
async fn closures_identify_too() {
    let known = AccountId::new(Uuid::from_u128(BEN));
    let always = move |_: &Parts| async move { Ok::<_, IdentityError>(Some(known)) };
    let capturing = Host::start_with(|api| api.identify(always)).await;
    let asking = Host::start_with(|api| api.identify(async |request: &Parts| by_session(request).await)).await;

    assert_eq!(capturing.get("/shop/api/orders").send().await.status, 200);
    assert_eq!(asking.get("/shop/api/orders").acting(BEN).send().await.status, 200);
    assert_eq!(asking.get("/shop/api/orders").send().await.status, 401);
}

#[tokio::test]
async fn another_site_acts_for_nobody() {
    let host = Host::start().await;
    let sally = Uuid::from_u128(SALLY).to_string();
    let sell = async |headers: &[(&str, &str)]| {
        let call = host.post("/shop/api/tickets").json(&offer("Opera", 1200, 1));
        headers.iter().fold(call, |call, (name, value)| call.header(name, value)).send().await
    };
    let cookie = format!("sid={sally}");
    let cookie = ("cookie", &*cookie);
    let user = ("x-user", &*sally);

    for elsewhere in [
        &[cookie][..],
        &[cookie, ("origin", "https://evil.example")],
        &[cookie, ("origin", "null")],
        &[cookie, ("sec-fetch-site", "cross-site")],
        &[cookie, ("sec-fetch-site", "same-site")],
        &[user, ("origin", "https://evil.example")],
        &[user, ("cookie", "theme=dark")],
    ] {
        assert_eq!(sell(elsewhere).await.problem(), (403, "cross_origin"), "{elsewhere:?}");
    }
    for here in [
        &[user][..],
        &[cookie, ("origin", ORIGINS)],
        &[cookie, ("sec-fetch-site", "same-origin")],
        &[cookie, ("authorization", "Bearer x"), ("origin", "https://evil.example")],
    ] {
        assert_eq!(sell(here).await.status, 201, "{here:?}");
    }
    host.market.settle().await;
}

#[tokio::test]
async fn where_tokens_alone_identify_any_site_may_ask() {
    let host = Host::start_with(Api::tokens_only).await;
    let user = Uuid::from_u128(SALLY).to_string();

    let call = host.post("/shop/api/tickets").header("x-user", &user).header("cookie", "theme=dark");
    let sold = call.header("origin", "https://app.example").json(&offer("Opera", 1200, 1)).send().await;
    host.market.settle().await;

    assert_eq!(sold.status, 201);
}

#[tokio::test]
async fn the_host_of_a_request_may_come_with_its_path() {
    let host = Host::start().await;
    let peer: SocketAddr = "203.0.113.9:4711".parse().expect("an address");
    let request = Request::post("http://host.example/shop/api/orders")
        .version(Version::HTTP_2)
        .extension(ConnectInfo(peer))
        .header(COOKIE, "sid=over")
        .header(ORIGIN, ORIGINS);

    let reply = Reply::read(host.answer(request.body(Body::empty()).expect("a request")).await).await;

    assert_eq!(reply.problem(), (401, "session_over"));
}

#[tokio::test]
async fn tries_are_counted_in_memory_or_by_the_applications_limiter() {
    const TWO: Option<Quota> = Some(Quota { burst: 2, per: Duration::from_secs(3600) });
    let http = || HttpConfig { limits: Limits { writes_per_address: TWO, ..Limits::OFF }, ..HttpConfig::default() };
    let alone = Host::start_with(|api| api.http(http())).await;
    let shared = MemoryLimiter::new(alone.market.app.env.clock.clone());
    let first = Host::start_with(|api| api.http(http()).limiter(shared.clone())).await;
    let second = Host::start_with(|api| api.http(http()).limiter(shared.clone())).await;

    for [a, b, c] in [[&alone; 3], [&first, &second, &first]] {
        assert_eq!((a.offer(1).await.status.as_u16(), b.offer(1).await.status.as_u16()), (201, 201));
        assert_eq!(c.offer(1).await.problem(), (429, "rate_limited"));
        assert_eq!(c.get("/shop/api/tickets").send().await.status, 200);
    }
}
