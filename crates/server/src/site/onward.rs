//! Where a browser goes next: after a form was sent, or to sign in.

use axum::response::{IntoResponse, Response};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};

use ticketing_web::Done;

/// Sends the browser to another page of this site, with a GET.
#[derive(Debug)]
pub(super) struct Onward {
    address: String,
    done: Option<Done>,
    cookies: Vec<HeaderValue>,
}

impl Onward {
    /// To this address: a path of ours, or a page of the payment gateway.
    pub(super) fn to(address: impl Into<String>) -> Self {
        Self { address: address.into(), done: None, cookies: Vec::new() }
    }

    /// Tells there what was done.
    pub(super) fn telling(self, done: Done) -> Self {
        Self { done: Some(done), ..self }
    }

    /// Sets a cookie more.
    pub(super) fn with_cookie(mut self, cookie: HeaderValue) -> Self {
        self.cookies.push(cookie);
        self
    }

    /// Hands on the cookies that the API set.
    pub(super) fn with_cookies(self, headers: &HeaderMap) -> Self {
        Self { cookies: headers.get_all(SET_COOKIE).iter().cloned().collect(), ..self }
    }
}

impl IntoResponse for Onward {
    fn into_response(self) -> Response {
        // Only ids, words of ours, local paths and visible ASCII of the gateway go into an address.
        let address = HeaderValue::try_from(self.address).unwrap_or(HeaderValue::from_static("/"));
        let mut response = (StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response();
        for cookie in self.cookies {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        if let Some(done) = self.done {
            response.extensions_mut().insert(done);
        }
        response
    }
}

/// A path on this site, with its query: never an address elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LocalPath(String);

impl LocalPath {
    /// The path that a text names, or the front page.
    pub(super) fn of(text: &str) -> Self {
        // A browser reads `//` and `/\` as the beginning of a host.
        let local = text.starts_with('/') && !text.starts_with("//") && !text.contains('\\');
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        Self(if local && plain { text.to_owned() } else { "/".to_owned() })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// As a form carries it: the front page need not be told.
    pub(super) fn into_field(self) -> String {
        if self.0 == "/" { String::new() } else { self.0 }
    }
}

impl LocalPath {
    /// The address of a page after which this path is next.
    pub(super) fn after(&self, page: &str) -> String {
        if self.0 == "/" { page.to_owned() } else { with_next(page, &self.0) }
    }
}

/// Where to sign in, to come back to `path` afterwards.
pub(super) fn sign_in_address(path: &str) -> String {
    with_next("/signin", path)
}

fn with_next(page: &str, path: &str) -> String {
    let query = serde_urlencoded::to_string([("next", path)]).expect("texts can be encoded");
    format!("{page}?{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_path_stays_on_this_site() {
        for path in ["/", "/orders/7", "/?q=a%20b&cursor=x", "/tickets/7#content"] {
            assert_eq!(LocalPath::of(path).as_str(), path);
        }
        for elsewhere in [
            "",
            "orders",
            "//evil.example",
            "/\\evil.example",
            "/a\\b",
            "\\/evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            " //evil.example",
            "/\t/evil.example",
            "/\r\nset-cookie:a=b",
            "/é",
        ] {
            assert_eq!(LocalPath::of(elsewhere).as_str(), "/", "{elsewhere:?}");
        }
    }

    #[test]
    fn a_reader_who_signs_in_comes_back() {
        assert_eq!(sign_in_address("/orders?cursor=a"), "/signin?next=%2Forders%3Fcursor%3Da");
    }
}
