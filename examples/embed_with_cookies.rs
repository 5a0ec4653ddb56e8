//! The marketplace below `/shop` of an application that knows its users by a cookie, in its own sessions.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use parking_lot::Mutex;
use ticketing::embed::{Actor, Identify};
use ticketing::{AccountId, Market};
use tower::ServiceExt;
use uuid::Uuid;

/// Who is signed in, by what their cookie says. A clone is the same store; a real one would be a database.
#[derive(Clone, Default)]
struct Sessions(Arc<Mutex<HashMap<Uuid, AccountId>>>);

impl Sessions {
    fn user(&self, headers: &HeaderMap) -> Option<AccountId> {
        let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
        let session = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("session="))?;
        self.0.lock().get(&session.parse().ok()?).copied()
    }
}

/// The marketplace asks it once for each request that needs somebody who is signed in.
#[async_trait]
impl Identify for Sessions {
    async fn identify(&self, request: &Parts) -> Result<Option<Actor>, ticketing::Error> {
        Ok(self.user(&request.headers).map(Actor::from))
    }
}

/// A user who may sign in. However the application identifies them, for the marketplace they are a UUID.
async fn sign_in(State(sessions): State<Sessions>, Path(user): Path<u128>) -> impl IntoResponse {
    let session = Uuid::from_u128(user << 64); // A real one is drawn at random.
    sessions.0.lock().insert(session, AccountId::from_u128(user));
    // `SameSite=Lax` is half of what keeps other sites out; the other half is that the marketplace asks where a change
    // comes from, and refuses it unless the browser says: from this site.
    [(header::SET_COOKIE, format!("session={session}; Path=/; HttpOnly; Secure; SameSite=Lax"))]
}

async fn sign_out(State(sessions): State<Sessions>, headers: HeaderMap) {
    let user = sessions.user(&headers);
    sessions.0.lock().retain(|_, known| Some(*known) != user);
}

async fn front_page(State(sessions): State<Sessions>, headers: HeaderMap) -> String {
    sessions.user(&headers).map_or_else(|| "Sign in".to_owned(), |user| format!("You are {user}"))
}

fn app(market: &Market) -> Router {
    let sessions = Sessions::default();
    let shop = market.api().identify(sessions.clone()).router();
    let own =
        Router::new().route("/", get(front_page)).route("/in/{user}", post(sign_in)).route("/out", post(sign_out));
    own.with_state(sessions).nest("/shop", shop)
}

/// A request as a browser sends it from a page of the site `from`.
async fn post_from(
    from: &str,
    app: &Router,
    path: &str,
    cookie: &str,
    body: String,
) -> Result<Response, Box<dyn Error>> {
    let request = Request::post(path).header(header::HOST, "shop.example").header("sec-fetch-site", from);
    let request = request.header(header::COOKIE, cookie).header(header::CONTENT_TYPE, "application/json");
    let response = app.clone().oneshot(request.body(Body::from(body))?).await?;
    println!("{from}: {path}: {}", response.status());
    Ok(response)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let market = Market::builder().open().await?;
    let app = app(&market);
    let ticket = market.sell(AccountId::from_u128(1), "Così fan tutte").price(4500, "EUR").await?;
    let order = format!("{{\"ticketId\":\"{}\"}}", ticket.id);
    let status = async |from: &str, path: &str, cookie: &str| {
        post_from(from, &app, path, cookie, order.clone()).await.map(|response| response.status())
    };

    let signed_in = post_from("same-origin", &app, "/in/2", "", String::new()).await?;
    let cookie = signed_in.headers()[header::SET_COOKIE].to_str()?.split(';').next().unwrap_or_default();
    assert_eq!(status("same-origin", "/shop/api/orders", "session=made-up").await?, StatusCode::UNAUTHORIZED);
    assert_eq!(status("cross-site", "/shop/api/orders", cookie).await?, StatusCode::FORBIDDEN);
    assert_eq!(status("same-origin", "/shop/api/orders", cookie).await?, StatusCode::CREATED);
    assert_eq!(status("same-origin", "/out", cookie).await?, StatusCode::OK);
    assert_eq!(status("same-origin", "/shop/api/orders", cookie).await?, StatusCode::UNAUTHORIZED);
    market.close().await?;
    Ok(())
}
