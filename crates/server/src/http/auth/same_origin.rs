//! Keeps other sites from acting for people who are signed in here.
//!
//! A browser sends cookies along no matter which site a request comes from, and says
//! where that is in `Sec-Fetch-Site` or `Origin`. A program sends neither, and no
//! cookie that it does not mean to send.

use http::header::ORIGIN;
use http::{HeaderMap, HeaderName};

use crate::config::HttpConfig;
use crate::http::problem::Problem;

use super::own_sessions::bearer;

/// Where a browser was when it asked; no page can set it.
pub(crate) const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses a change of what is at `host` that another site asks for.
///
/// Without a word of the browser it must not carry what browsers send `unasked`.
///
/// # Errors
///
/// [`Problem::cross_origin`].
pub(crate) fn check(
    headers: &HeaderMap,
    host: Option<&str>,
    http: &HttpConfig,
    unasked: impl FnOnce(&HeaderMap) -> bool,
) -> Result<(), Problem> {
    // No other site can make a browser send this header.
    if bearer(headers).is_some() {
        return Ok(());
    }
    let text = |name| headers.get(name).map(|value: &http::HeaderValue| value.to_str().unwrap_or("unreadable"));
    let allowed = match (text(&SEC_FETCH_SITE), text(&ORIGIN)) {
        (Some("same-origin" | "none"), _) => true,
        (_, Some(origin)) => is_ours(origin, host, http),
        (Some(_), None) => false,
        (None, None) => !unasked(headers),
    };
    if allowed { Ok(()) } else { Err(Problem::cross_origin()) }
}

fn is_ours(origin: &str, host: Option<&str>, http: &HttpConfig) -> bool {
    if !http.public_origins.is_empty() {
        return http.public_origins.iter().any(|ours| ours.as_str().eq_ignore_ascii_case(origin));
    }
    let https = origin.strip_prefix("https://").map(|from| (from, ":443"));
    let from = https.or_else(|| origin.strip_prefix("http://").map(|from| (from, ":80")));
    // An origin never names the usual port; a host may.
    from.zip(host).is_some_and(|((from, port), host)| {
        let host = host.strip_suffix(port).unwrap_or(host);
        from.eq_ignore_ascii_case(host)
    })
}

#[cfg(test)]
mod tests {
    use super::super::own_sessions::has_cookies;
    use super::*;

    fn is_allowed(headers: &[(&str, &str)], http: &HttpConfig) -> bool {
        let request = http::Request::post("/api/orders");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        check(request.headers_ref().unwrap(), Some("shop.example"), http, has_cookies).is_ok()
    }

    #[test]
    fn only_this_site_and_programs_change_anything() {
        let http = HttpConfig::default();
        let cookie = ("cookie", "access=t");

        assert!(is_allowed(&[cookie, ("sec-fetch-site", "same-origin")], &http));
        assert!(is_allowed(&[cookie, ("origin", "https://shop.example")], &http));
        assert!(is_allowed(&[cookie, ("authorization", "Bearer t"), ("origin", "https://evil.example")], &http));
        assert!(is_allowed(&[], &http));
        assert!(!is_allowed(&[cookie], &http));
        assert!(!is_allowed(&[("cookie", "__Host-refresh=t")], &http));
        assert!(!is_allowed(&[("sec-fetch-site", "cross-site")], &http));
        assert!(!is_allowed(&[cookie, ("sec-fetch-site", "same-site")], &http));
        assert!(!is_allowed(&[("origin", "https://evil.example")], &http));
        assert!(!is_allowed(&[cookie, ("origin", "null")], &http));
    }

    #[test]
    fn the_usual_port_may_be_named() {
        let allowed = |origin, host| {
            let headers = HeaderMap::from_iter([(ORIGIN, http::HeaderValue::from_static(origin))]);
            check(&headers, Some(host), &HttpConfig::default(), has_cookies).is_ok()
        };

        assert!(allowed("https://shop.example", "shop.example:443"));
        assert!(allowed("http://shop.example", "Shop.example:80"));
        assert!(allowed("http://shop.example:8080", "shop.example:8080"));
        assert!(!allowed("http://shop.example", "shop.example:443"));
        assert!(!allowed("https://shop.example:8443", "shop.example"));
    }

    #[test]
    fn a_public_origin_goes_before_the_host() {
        let http =
            HttpConfig { public_origins: vec!["https://tickets.example".parse().unwrap()], ..HttpConfig::default() };

        assert!(is_allowed(&[("origin", "https://tickets.example")], &http));
        assert!(!is_allowed(&[("origin", "https://shop.example")], &http));
    }
}
