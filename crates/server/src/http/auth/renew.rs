//! Goes on with a session whose access token ran out.

use http::HeaderMap;

use ticketing_core::usecase::accounts::{RefreshToken, Refreshed};
use ticketing_core::usecase::error::Error;

use crate::http::client::ClientInfo;
use crate::http::problem::Problem;
use crate::state::App;

use super::actor::weightier;
use super::cookies::{REFRESH, cookies};

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
            Err(problem) => refusal = weightier(refusal, problem),
        }
    }
    Err(refusal.unwrap_or_else(Problem::not_signed_in))
}

async fn exchange(app: &App, token: &str) -> Result<Refreshed, Problem> {
    let token: RefreshToken = token.parse().map_err(|error: Error| Problem::from(error))?;
    Ok(app.accounts()?.refresh(&token).await?)
}
