//! Routes without a socket, with the edge around them.

#[cfg(feature = "pages")]
mod whole;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;

use crate::api;
use crate::http::edge;
use crate::http::problem::Problem;
use crate::state::App;

#[cfg(feature = "cli")]
pub(crate) use whole::no_room;
#[cfg(feature = "pages")]
pub use whole::router;

/// The routes for operators, on their own listener.
pub fn operators(app: &App) -> Router {
    complete(api::health::operators(), app)
}

/// Routes with all that is around them.
pub(crate) fn complete(routes: Router<App>, app: &App) -> Router {
    with_edge(inside(routes.fallback(nothing_here), app), app)
}

fn inside(router: Router<App>, app: &App) -> Router {
    router
        .method_not_allowed_fallback(another_method)
        .layer(DefaultBodyLimit::max(app.http.body_limit))
        .with_state(App::clone(app))
}

fn with_edge(router: Router, app: &App) -> Router {
    router.layer(from_fn_with_state(App::clone(app), edge::edge))
}

async fn nothing_here() -> Problem {
    Problem::not_found("route_not_found", "there is nothing at this path")
}

async fn another_method() -> Problem {
    Problem::method_not_allowed()
}
