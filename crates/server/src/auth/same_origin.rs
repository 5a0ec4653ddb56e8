//! Keeps other sites from acting for whoever is signed in here.
//!
//! A browser sends cookies along wherever a request comes from, and tells where
//! that is in `Sec-Fetch-Site` or `Origin`. A program sends neither, and no
//! cookie it does not mean to send.

use http::header::ORIGIN;
use http::{HeaderMap, HeaderName};

use crate::config::HttpConfig;
use crate::problem::Problem;

use super::cookies::{ACCESS, REFRESH, cookie};
use super::current_user::bearer;

/// Where a browser was when it asked; no page can set it.
pub(crate) const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses a change of what is at `host` that another site asks for.
///
/// # Errors
///
/// [`Problem::cross_origin`].
pub fn check(headers: &HeaderMap, host: Option<&str>, http: &HttpConfig) -> Result<(), Problem> {
    // No other site can make a browser send this header.
    if bearer(headers).is_some() {
        return Ok(());
    }
    let text = |name| headers.get(name).map(|value: &http::HeaderValue| value.to_str().unwrap_or("unreadable"));
    let allowed = match (text(&SEC_FETCH_SITE), text(&ORIGIN)) {
        (Some("same-origin" | "none"), _) => true,
        (_, Some(origin)) => is_ours(origin, host, http),
        (Some(_), None) => false,
        (None, None) => cookie(headers, ACCESS).or_else(|| cookie(headers, REFRESH)).is_none(),
    };
    if allowed { Ok(()) } else { Err(Problem::cross_origin()) }
}

fn is_ours(origin: &str, host: Option<&str>, http: &HttpConfig) -> bool {
    if !http.public_origins.is_empty() {
        return http.public_origins.iter().any(|ours| ours.as_str().eq_ignore_ascii_case(origin));
    }
    let from = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    from.zip(host).is_some_and(|(from, host)| from.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_allowed(headers: &[(&str, &str)], http: &HttpConfig) -> bool {
        let request = http::Request::post("/api/orders");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        check(request.headers_ref().unwrap(), Some("shop.example"), http).is_ok()
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
        assert!(!is_allowed(&[("sec-fetch-site", "cross-site")], &http));
        assert!(!is_allowed(&[cookie, ("sec-fetch-site", "same-site")], &http));
        assert!(!is_allowed(&[("origin", "https://evil.example")], &http));
        assert!(!is_allowed(&[cookie, ("origin", "null")], &http));
    }

    #[test]
    fn a_public_origin_goes_before_the_host() {
        let http =
            HttpConfig { public_origins: vec!["https://tickets.example".parse().unwrap()], ..HttpConfig::default() };

        assert!(is_allowed(&[("origin", "https://tickets.example")], &http));
        assert!(!is_allowed(&[("origin", "https://shop.example")], &http));
    }
}
