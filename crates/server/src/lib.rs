//! The marketplace over HTTP: the JSON API, the pages and the `ticketing` program.
//!
//! Read it in this order:
//!
//! - [`config`]: what may be set, and how mistakes are told.
//! - [`wiring`]: the composition root, and the only file that names adapters.
//! - [`marketplace`]: the services over the engines they were given.
//! - [`api`]: every route of the JSON API, a handler beside its bodies.
//! - [`runtime`]: the loops behind the routes, and how they end in order.
//!
//! # Examples
//!
//! A whole marketplace in memory, driven without a socket:
//!
//! ```
//! use axum::body::Body;
//! use http::Request;
//! use ticketing_server::{config::Config, router, wiring};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let assembly = wiring::marketplace(&Config::default()).await?;
//! let app = router(&assembly.app);
//! let running = assembly.start();
//!
//! let response = app.oneshot(Request::get("/api/tickets").body(Body::empty())?).await?;
//! assert_eq!(response.status(), 200);
//!
//! running.stop().await?;
//! # Ok(())
//! # }
//! ```

pub mod config;
pub mod marketplace;
pub mod wiring;

pub mod api;
pub mod auth;
pub mod edge;
pub mod etag;
pub mod extract;
pub mod front_door;
pub mod live;
pub mod problem;
pub mod site;
mod slash;

pub mod demo;
pub mod operate;
pub mod runtime;
mod say;
pub mod serve;
pub mod telemetry;
pub mod topics;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::any;

use config::Service;
use front_door::ApiClient;
use marketplace::App;
use problem::Problem;

/// The whole surface of the services that run here, without a socket.
pub fn router(app: &App) -> Router {
    let api = with_edge(with_elsewhere(api::router(app), app).fallback(nothing_here), app);
    if !app.services.contains(&Service::Web) {
        return api;
    }
    let client = ApiClient::new(api.clone());
    let site = site::as_pages(with_edge(site::router(app, client), app), app);
    api.fallback_service(site)
}

/// What operators ask of this process, on a listener of their own.
pub fn operators(app: &App) -> Router {
    with_edge(api::health::operators().fallback(nothing_here), app)
}

/// What is answered where there is no room: that the process lives, and that it is busy.
fn no_room(app: &App) -> Router {
    site::as_pages(with_edge(api::health::liveness().fallback(busy), app), app)
}

/// Whatever of the API runs elsewhere is reached here all the same.
fn with_elsewhere(api: Router<App>, app: &App) -> Router<App> {
    let api = api.route("/api/{*rest}", any(front_door::forward));
    match app.elsewhere.get(Service::Accounts) {
        Some(_) => api.route("/.well-known/jwks.json", any(front_door::forward)),
        None => api,
    }
}

fn with_edge(router: Router<App>, app: &App) -> Router {
    router
        .method_not_allowed_fallback(another_method)
        .layer(DefaultBodyLimit::max(app.http.body_limit))
        .layer(from_fn_with_state(App::clone(app), edge::edge))
        .with_state(App::clone(app))
}

async fn nothing_here() -> Problem {
    Problem::not_found("route_not_found", "there is nothing at this path")
}

async fn busy() -> Problem {
    Problem::no_room()
}

async fn another_method() -> Problem {
    Problem::method_not_allowed()
}
