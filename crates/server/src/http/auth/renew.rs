//! Goes on with a session whose access token ran out.

use http::HeaderMap;

use ticketing_core::usecase::accounts::{RefreshToken, Refreshed};
use ticketing_core::usecase::error::Error;

use crate::http::client::ClientInfo;
use crate::http::problem::Problem;
use crate::state::App;

use super::cookies::{REFRESH, cookies};
use super::own_sessions::weightier;

/// Exchanges the refresh cookie of a request; where it comes more than once, the first that is good.
///
/// The browser must be sent the new tokens, or its next refresh ends the session.
///
/// # Errors
///
/// [`Problem::not_signed_in`] without the cookie, `session_over` if none is worth anything, or a failure of a port.
pub(crate) async fn renew(app: &App, headers: &HeaderMap, client: &ClientInfo) -> Result<Refreshed, Problem> {
    let mut refusal = None;
    for token in cookies(headers, REFRESH, client.https) {
        match exchange(app, token).await {
            Ok(refreshed) => return Ok(refreshed),
            Err(error) => refusal = weightier(refusal, error),
        }
    }
    Err(refusal.map_or_else(Problem::not_signed_in, Problem::from))
}

async fn exchange(app: &App, token: &str) -> Result<Refreshed, Error> {
    let token: RefreshToken = token.parse()?;
    app.metrics.use_case("refresh", app.accounts()?.refresh(&token)).await
}
