//! What a form sent.

use axum::extract::{FromRequest, Request};
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use crate::extract::{fields, read_body};
use crate::marketplace::App;
use crate::problem::Problem;

/// The fields of a form. One that is missing is empty, so that the API says what it lacks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<App> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Problem::unsupported_media_type());
        }
        let body = read_body(request, app.http.body_limit).await?;
        fields(&body).map(Self).map_err(|_| Problem::malformed("the body is not what the form sends"))
    }
}
