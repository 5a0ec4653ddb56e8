//! Goes on with a session whose access token ran out.

use http::{Extensions, HeaderMap};

use ticketing_core::usecase::accounts::RefreshToken;
use ticketing_core::usecase::error::Error;

use crate::marketplace::App;
use crate::problem::Problem;

use super::client;
use super::cookies::{REFRESH, SessionCookies, cookie};
use super::current_user::CurrentUser;

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

/// Exchanges the refresh cookie of a request.
///
/// # Errors
///
/// [`Problem::not_signed_in`] without the cookie, `session_over` if it is worth nothing, or a failure of a port.
pub async fn renew(app: &App, headers: &HeaderMap, extensions: &Extensions) -> Result<Renewed, Problem> {
    let Some(token) = cookie(headers, REFRESH).filter(|token| !token.is_empty()) else {
        return Err(Problem::not_signed_in());
    };
    let token: RefreshToken = token.parse().map_err(|error: Error| Problem::from(error))?;
    let refreshed = app.accounts()?.refresh(&token).await?;
    let secure = client::is_https(headers, extensions, app);
    let times = (refreshed.session_expires_at, app.world.now());
    Ok(Renewed {
        user: refreshed.access.claims.into(),
        cookies: SessionCookies::renew(&refreshed.access, Some(&refreshed.refresh), times, secure),
        access_token: refreshed.access.token,
    })
}
