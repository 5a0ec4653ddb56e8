//! The cookies of this site: how they are named, read and set.
//!
//! Where the browser speaks TLS a cookie has the prefix `__Host-`, which
//! browsers take from this very host and over TLS alone: no other host of the
//! same domain can plant one. Without the prefix it is not believed there.
//!
//! A request may carry the same name more than once, and cookies of others in
//! any bytes; what cannot be read is no cookie of ours.

use std::time::Duration;

use axum::response::{IntoResponseParts, ResponseParts};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

use ticketing_api::headers::{ACCESS_COOKIE, REFRESH_COOKIE};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::usecase::accounts::{AccessToken, RefreshToken, Refreshed, SignedIn};

/// The cookie that carries the access token.
pub const ACCESS: CookieName = CookieName::new(ACCESS_COOKIE[0], ACCESS_COOKIE[1]);
/// The cookie that carries the refresh token.
pub const REFRESH: CookieName = CookieName::new(REFRESH_COOKIE[0], REFRESH_COOKIE[1]);

/// The most values of one name that are tried.
pub(crate) const CANDIDATES: usize = 8;

/// The name of a cookie, which depends on whether the browser speaks TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CookieName {
    plain: &'static str,
    host: &'static str,
}

impl CookieName {
    /// A name over plain HTTP, and the same with `__Host-` before it.
    #[must_use]
    pub const fn new(plain: &'static str, host: &'static str) -> Self {
        Self { plain, host }
    }

    /// The name without TLS.
    #[must_use]
    pub const fn plain(self) -> &'static str {
        self.plain
    }

    /// The name where the browser speaks TLS, or does not.
    #[must_use]
    pub const fn on(self, secure: bool) -> &'static str {
        if secure { self.host } else { self.plain }
    }

    /// Whether a request brings it under any of its names.
    #[must_use]
    pub fn is_in(self, headers: &HeaderMap) -> bool {
        pairs(headers).any(|(name, _)| name == self.plain.as_bytes() || name == self.host.as_bytes())
    }

    /// The header that sets it for so long.
    ///
    /// # Panics
    ///
    /// If `value` is not visible ASCII.
    #[must_use]
    pub fn set(self, value: &str, lasts: Duration, secure: bool) -> HeaderValue {
        set(self.on(secure), value, lasts, secure)
    }

    /// The header that takes it away.
    #[must_use]
    pub fn remove(self, secure: bool) -> HeaderValue {
        self.set("", Duration::ZERO, secure)
    }

    /// What a `Set-Cookie` header sets it to, under any of its names; `None` if it takes it away, or sets another.
    #[must_use]
    pub fn set_by(self, header: &HeaderValue) -> Option<&str> {
        let (name, value) = header.to_str().ok()?.split(';').next()?.split_once('=')?;
        ((name == self.plain || name == self.host) && !value.is_empty()).then_some(value)
    }
}

/// The values of a cookie that a request brings, each once and in its order; empty ones are none.
#[must_use]
pub fn cookies(headers: &HeaderMap, name: CookieName, secure: bool) -> Vec<&str> {
    cookies_named(headers, name.on(secure))
}

/// The same of a cookie whose name is always this one, because it is not for every path.
#[must_use]
pub fn cookies_named<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    let mut values: Vec<&str> = Vec::new();
    for (known, value) in pairs(headers) {
        let value = std::str::from_utf8(value).unwrap_or_default();
        if known == name.as_bytes() && !value.is_empty() && !values.contains(&value) {
            values.push(value);
        }
        if values.len() == CANDIDATES {
            break;
        }
    }
    values
}

/// Every name and value, as bytes: a request may bring cookies of anybody.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&[u8], &[u8])> {
    let lines = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    lines.flat_map(|line| line.split(|byte| *byte == b';')).filter_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = pair.split_at_checked(equals)?;
        Some((name.trim_ascii(), unquoted(value.get(1..)?.trim_ascii())))
    })
}

/// A value may stand in quotes (RFC 6265, section 4.1.1).
fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value)
}

/// Cookies to set, or to take away.
#[derive(Debug, Clone, Default)]
#[must_use = "the browser knows nothing of cookies that are not sent"]
pub struct SessionCookies(Vec<HeaderValue>);

impl SessionCookies {
    /// The cookies of a session that begins.
    pub fn begin(signed_in: &SignedIn, now: Timestamp, secure: bool) -> Self {
        let lasts = signed_in.session_expires_at.since(now);
        Self(vec![access(&signed_in.access, now, secure), refresh(&signed_in.refresh, lasts, secure)])
    }

    /// The cookies of a session that goes on.
    pub fn renew(refreshed: &Refreshed, now: Timestamp, secure: bool) -> Self {
        let lasts = refreshed.session_expires_at.since(now);
        Self(vec![access(&refreshed.access, now, secure), refresh(&refreshed.refresh, lasts, secure)])
    }

    /// Takes both cookies away, under every name that a browser may have them.
    pub fn end(secure: bool) -> Self {
        let mut removed = vec![ACCESS.remove(secure), REFRESH.remove(secure)];
        if secure {
            // Left behind by a time without TLS: never believed here, and of no more use.
            removed.extend([ACCESS, REFRESH].map(|name| set(name.plain, "", Duration::ZERO, secure)));
        }
        Self(removed)
    }

    /// These, and another.
    pub(crate) fn with(mut self, cookie: HeaderValue) -> Self {
        self.0.push(cookie);
        self
    }

    /// The values of the `Set-Cookie` headers.
    #[must_use]
    pub fn values(&self) -> &[HeaderValue] {
        &self.0
    }
}

fn access(token: &AccessToken, now: Timestamp, secure: bool) -> HeaderValue {
    ACCESS.set(&token.token, token.claims.expires_at.since(now), secure)
}

fn refresh(token: &RefreshToken, lasts: Duration, secure: bool) -> HeaderValue {
    REFRESH.set(&token.expose(), lasts, secure)
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

    fn headers(lines: &[&[u8]]) -> HeaderMap {
        let values = lines.iter().map(|line| HeaderValue::from_bytes(line).unwrap());
        values.fold(HeaderMap::new(), |mut headers, value| {
            headers.append(COOKIE, value);
            headers
        })
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let headers = headers(&[b"a=1; access=x.y=z;b", b"refresh=r"]);

        assert_eq!(cookies(&headers, ACCESS, false), ["x.y=z"]);
        assert_eq!(cookies(&headers, REFRESH, false), ["r"]);
        assert!(cookies(&headers, ACCESS, true).is_empty());
    }

    #[test]
    fn cookies_of_others_hide_none_of_ours() {
        for line in [
            "city=Zürich; access=t".as_bytes(),
            b"city=Z\xfcrich; access=t",
            b"access=t; city=Z\xfcrich",
            b"=; ; =x; \xff\xfe=\xfd;access=t",
            b"q=\"a; access=t; b\"",
            b"json={\"a\":1}; access=t",
            b"  access = t ",
            b"access=\"t\"",
            b"xaccess=no; access2=no; ACCESS=no; access=; access; access=t",
            b"access=\xff; access=t",
        ] {
            let shown = String::from_utf8_lossy(line).into_owned();
            assert_eq!(cookies(&headers(&[line]), ACCESS, false), ["t"], "{shown}");
            assert_eq!(cookies(&headers(&[b"\xff", line]), ACCESS, false), ["t"], "{shown}");
        }
    }

    #[test]
    fn a_name_that_comes_twice_is_two_candidates() {
        let twice = headers(&[b"access=a; access=b; access=a", b"access=c"]);
        let many: Vec<u8> = (0..100).flat_map(|n| format!("access={n};").into_bytes()).collect();

        assert_eq!(cookies(&twice, ACCESS, false), ["a", "b", "c"]);
        assert_eq!(cookies(&headers(&[&many]), ACCESS, false).len(), CANDIDATES);
    }

    #[test]
    fn over_tls_only_what_this_host_set_is_believed() {
        let planted = headers(&[b"access=planted; __Host-access=own; __host-access=planted"]);

        assert_eq!(cookies(&planted, ACCESS, true), ["own"]);
        assert!(cookies(&headers(&[b"access=planted"]), ACCESS, true).is_empty());
    }

    #[test]
    fn a_cookie_is_for_this_site_alone() {
        let lasts = Duration::from_secs(5);

        assert_eq!(ACCESS.set("t", lasts, true), "__Host-access=t; Max-Age=5; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(ACCESS.set("t", lasts, false), "access=t; Max-Age=5; Path=/; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn what_is_set_is_told_from_what_is_taken_away() {
        for secure in [false, true] {
            assert_eq!(ACCESS.set_by(&ACCESS.set("a.b=c", Duration::ZERO, secure)), Some("a.b=c"));
            assert_eq!(ACCESS.set_by(&ACCESS.remove(secure)), None);
            assert_eq!(ACCESS.set_by(&REFRESH.set("r", Duration::ZERO, secure)), None);
        }
    }
}
