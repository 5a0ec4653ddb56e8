//! The two cookies of a session.

use std::time::Duration;

use axum::response::{IntoResponseParts, ResponseParts};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

use ticketing_core::domain::time::Timestamp;
use ticketing_core::usecase::accounts::{AccessToken, RefreshToken, SignedIn};

/// The cookie that carries the access token.
pub const ACCESS: &str = "access";
/// The cookie that carries the refresh token.
pub const REFRESH: &str = "refresh";

/// The value of a cookie, if the request brings it.
#[must_use]
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Cookies to set, or to take away.
#[derive(Debug, Clone, Default)]
#[must_use = "the browser knows nothing of cookies that are not sent"]
pub struct SessionCookies(Vec<HeaderValue>);

impl SessionCookies {
    /// The cookies of a session that begins.
    pub fn begin(signed_in: &SignedIn, now: Timestamp, secure: bool) -> Self {
        Self::renew(&signed_in.access, Some(&signed_in.refresh), (signed_in.session_expires_at, now), secure)
    }

    /// The cookies of a session that goes on; a second tab leaves the refresh token as it is.
    pub fn renew(
        access: &AccessToken,
        refresh: Option<&RefreshToken>,
        (session_expires_at, now): (Timestamp, Timestamp),
        secure: bool,
    ) -> Self {
        let mut cookies = vec![set(ACCESS, &access.token, access.claims.expires_at.since(now), secure)];
        cookies.extend(refresh.map(|token| set(REFRESH, &token.expose(), session_expires_at.since(now), secure)));
        Self(cookies)
    }

    /// Takes both cookies away.
    pub fn end(secure: bool) -> Self {
        Self(vec![set(ACCESS, "", Duration::ZERO, secure), set(REFRESH, "", Duration::ZERO, secure)])
    }

    /// The values of the `Set-Cookie` headers.
    #[must_use]
    pub fn values(&self) -> &[HeaderValue] {
        &self.0
    }
}

fn set(name: &str, value: &str, lasts: Duration, secure: bool) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Max-Age={}; Path=/; HttpOnly; SameSite=Lax{secure}", lasts.as_secs());
    let mut value = HeaderValue::from_str(&text).expect("tokens are visible ASCII");
    value.set_sensitive(true);
    value
}

impl IntoResponseParts for SessionCookies {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        for value in self.0 {
            parts.headers_mut().append(SET_COOKIE, value);
        }
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; access=x.y=z;b"));
        headers.append(COOKIE, HeaderValue::from_static("refresh=r"));

        assert_eq!(cookie(&headers, ACCESS), Some("x.y=z"));
        assert_eq!(cookie(&headers, REFRESH), Some("r"));
        assert_eq!(cookie(&headers, "b"), None);
    }

    #[test]
    fn a_cookie_is_for_this_site_alone() {
        let cookie = set(ACCESS, "t", Duration::from_secs(5), true);

        assert_eq!(cookie, "access=t; Max-Age=5; Path=/; HttpOnly; SameSite=Lax; Secure");
    }
}
