//! Goes on with a session whose access token ran out.

use http::{Extensions, HeaderMap};

use ticketing_core::usecase::accounts::RefreshToken;
use ticketing_core::usecase::error::Error;

use crate::http::client;
use crate::http::problem::Problem;
use crate::state::App;

use super::cookies::{REFRESH, SessionCookies, cookies};
use super::current_user::{CurrentUser, weightier};

/// A session that goes on.
#[derive(Debug, Clone)]
#[must_use = "the browser must be sent the cookies, or its next refresh ends the session"]
pub struct Renewed {
    /// Who is signed in.
    pub user: CurrentUser,
    /// For requests that are made on the browser's behalf meanwhile.
    pub access_token: String,
    /// For the browser.
    pub cookies: SessionCookies,
}

/// Exchanges the refresh cookie of a request; where it comes more than once, the first that is good.
///
/// # Errors
///
/// [`Problem::not_signed_in`] without the cookie, `session_over` if none is worth anything, or a failure of a port.
pub async fn renew(app: &App, headers: &HeaderMap, extensions: &Extensions) -> Result<Renewed, Problem> {
    let secure = client::is_https(headers, extensions, app);
    let mut refusal = None;
    for token in cookies(headers, REFRESH, secure) {
        match exchange(app, token, secure).await {
            Ok(renewed) => return Ok(renewed),
            Err(problem) => refusal = weightier(refusal, problem),
        }
    }
    Err(refusal.unwrap_or_else(Problem::not_signed_in))
}

async fn exchange(app: &App, token: &str, secure: bool) -> Result<Renewed, Problem> {
    let token: RefreshToken = token.parse().map_err(|error: Error| Problem::from(error))?;
    let refreshed = app.accounts()?.refresh(&token).await?;
    let times = (refreshed.session_expires_at, app.env.now());
    Ok(Renewed {
        user: refreshed.access.claims.into(),
        cookies: SessionCookies::renew(&refreshed.access, Some(&refreshed.refresh), times, secure),
        access_token: refreshed.access.token,
    })
}
