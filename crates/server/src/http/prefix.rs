//! The path that an application around us has put before ours, as `Router::nest` does.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OriginalUri};
use http::header::LOCATION;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderValue, Uri};

/// What stands before every path of ours; empty at the root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Prefix(String);

impl Prefix {
    /// What was taken off the path of a request before it came here.
    pub(crate) fn of(uri: &Uri, extensions: &Extensions) -> Self {
        let Some(OriginalUri(original)) = extensions.get() else { return Self::default() };
        let (whole, own) = (original.path(), uri.path());
        // The prefix alone is `/` in here.
        let prefix = whole.strip_suffix(own).or_else(|| (own == "/").then_some(whole)).unwrap_or_default();
        // A browser reads `//` as the beginning of a host, and `;` as the end of a cookie's path.
        let is_plain = !prefix.starts_with("//") && !prefix.contains(';');
        Self(if is_plain { prefix.to_owned() } else { String::new() })
    }

    /// As text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Puts the prefix before the path of ours that `Location` names; an address elsewhere stays as it is.
    pub(crate) fn complete(&self, headers: &mut HeaderMap) {
        if self.0.is_empty() {
            return;
        }
        let Some(location) = headers.get_mut(LOCATION) else { return };
        let path = location.as_bytes();
        if !path.starts_with(b"/") {
            return;
        }
        // The prefix itself is the front page: not every way to mount a router serves it with a slash behind it.
        let is_front_page = path == b"/" || path.starts_with(b"/?");
        let path = path.strip_prefix(b"/").filter(|_| is_front_page).unwrap_or(path);
        if let Ok(whole) = HeaderValue::from_bytes(&[self.0.as_bytes(), path].concat()) {
            *location = whole;
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Prefix {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri, &parts.extensions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(original: &str, own: &str) -> String {
        let mut extensions = Extensions::new();
        extensions.insert(OriginalUri(original.parse().unwrap()));
        Prefix::of(&own.parse().unwrap(), &extensions).0
    }

    #[test]
    fn a_prefix_is_what_was_taken_off_a_path() {
        for (original, own, expected) in [
            ("/api/tickets", "/api/tickets", ""),
            ("/", "/", ""),
            ("/shop/api/tickets?q=x", "/api/tickets?q=x", "/shop"),
            ("/eu/shop/orders/", "/orders/", "/eu/shop"),
            ("/shop", "/", "/shop"),
            ("/shop/", "/", "/shop"),
            ("/elsewhere", "/api/tickets", ""),
            ("//evil.example/signin", "/signin", ""),
            ("/a;Domain=example/signin", "/signin", ""),
        ] {
            assert_eq!(prefix(original, own), expected, "{original} {own}");
        }
        assert_eq!(Prefix::of(&"/signin".parse().unwrap(), &Extensions::new()), Prefix::default());
    }

    #[test]
    fn a_location_of_ours_is_below_the_prefix_and_another_stays() {
        for (location, expected) in [
            ("/orders/7", "/shop/orders/7"),
            ("/", "/shop"),
            ("https://checkout.stripe.com/c/pay/cs_1", "https://checkout.stripe.com/c/pay/cs_1"),
        ] {
            let mut headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(location))]);
            Prefix("/shop".to_owned()).complete(&mut headers);
            assert_eq!(headers[LOCATION], expected);
        }
    }
}
