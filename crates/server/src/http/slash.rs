//! Paths with a slash too many at their end lead to the path without it.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode, Uri};

use crate::http::problem::Problem;
use crate::state::App;

/// Routes that are found with a slash at their end too.
#[derive(Debug, Default)]
pub(crate) struct Routes(Router<App>);

impl Routes {
    /// One more route.
    pub(crate) fn route(self, path: &str, handler: MethodRouter<App>) -> Self {
        Self(also_with_slash(self.0.route(path, handler), path))
    }

    /// All of them.
    pub(crate) fn router(self) -> Router<App> {
        self.0
    }
}

/// Lets the path of a route be found with a slash at its end too.
///
/// Invariant: only what is a route redirects, and every route begins with a
/// name of ours, so no request is ever sent to `//another.host`.
pub(crate) fn also_with_slash(router: Router<App>, path: &str) -> Router<App> {
    match path {
        "/" => router,
        path => router.route(&format!("{path}/"), any(without_slash)),
    }
}

/// 308, so that whatever was asked is asked again: method and body stay.
async fn without_slash(uri: Uri) -> Result<Response, Problem> {
    let target = HeaderValue::from_bytes(target(&uri).as_bytes());
    let target = target.map_err(|_| Problem::not_found("route_not_found", "there is nothing at this path"))?;
    Ok((StatusCode::PERMANENT_REDIRECT, [(LOCATION, target)]).into_response())
}

fn target(uri: &Uri) -> String {
    let path = uri.path().trim_end_matches('/');
    match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}
