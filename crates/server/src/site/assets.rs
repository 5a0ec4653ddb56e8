//! `/assets/*`: the files that pages refer to, kept by browsers for a year.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::Uri;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::http::problem::Problem;
use crate::state::App;

/// Their paths change with their content.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// The path of this one does not.
const FOR_A_DAY: &str = "public, max-age=86400";

pub(super) fn routes() -> Router<App> {
    Router::new().route("/assets/{name}", get(asset)).route("/favicon.ico", get(icon))
}

async fn asset(uri: Uri) -> Result<Response, Problem> {
    send(uri.path(), IMMUTABLE)
}

async fn icon() -> Result<Response, Problem> {
    send(ticketing_web::icon_path(), FOR_A_DAY)
}

fn send(path: &str, lasts: &'static str) -> Result<Response, Problem> {
    let asset = ticketing_web::asset(path);
    let asset = asset.ok_or_else(|| Problem::not_found("route_not_found", "there is nothing at this path"))?;
    Ok(([(CONTENT_TYPE, asset.content_type), (CACHE_CONTROL, lasts)], asset.bytes).into_response())
}
