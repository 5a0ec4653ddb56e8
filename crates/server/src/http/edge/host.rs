//! For which host a request is meant (RFC 9112, section 3.2).

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use http::header::HOST;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Uri, Version};

use crate::http::problem::Problem;

/// Refuses a request that names no host, or two: two servers on its way would not understand the same.
///
/// What did not come over a socket is asked by this program itself.
pub(super) fn check(request: &Request) -> Result<(), Problem> {
    let extensions = request.extensions();
    if extensions.get::<ConnectInfo<SocketAddr>>().is_none() {
        return Ok(());
    }
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if request.version() < Version::HTTP_11 => Ok(()),
        // Newer versions name it with the path, if they like.
        (None, _) if request.version() > Version::HTTP_11 && request.uri().authority().is_some() => Ok(()),
        (None, _) => Err(Problem::malformed("a request of HTTP/1.1 needs a Host header")),
        (Some(_), Some(_)) => Err(Problem::malformed("Host was sent twice")),
        (Some(host), None) => check_one(host, request.uri()),
    }
}

fn check_one(host: &HeaderValue, uri: &Uri) -> Result<(), Problem> {
    let host = authority(host).ok_or_else(|| Problem::malformed("Host must be a host, with a port if need be"))?;
    match uri.authority() {
        Some(asked) if parts(asked, uri.scheme()) != parts(&host, uri.scheme()) => {
            Err(Problem::malformed("Host is another host than the address of the request"))
        }
        Some(_) | None => Ok(()),
    }
}

fn authority(host: &HeaderValue) -> Option<Authority> {
    let authority: Authority = host.to_str().ok()?.parse().ok()?;
    let port = authority.as_str().strip_prefix(authority.host())?;
    let is_port = port.is_empty() || port == ":" || authority.port_u16().is_some();
    // Grammar allows commas and more, which no host has, and which only puts two hosts into one line.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%[]:".contains(&byte);
    let is_host = !authority.host().is_empty() && authority.host().bytes().all(is_plain);
    (is_port && is_host).then_some(authority)
}

fn parts(authority: &Authority, scheme: Option<&Scheme>) -> (String, u16) {
    let standard = if scheme == Some(&Scheme::HTTPS) { 443 } else { 80 };
    (authority.host().to_ascii_lowercase(), authority.port_u16().unwrap_or(standard))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_with_a_port_if_need_be() {
        for host in ["shop.example", "shop.example:3000", "127.0.0.1:80", "[::1]", "[::1]:3000", "SHOP", "shop:"] {
            assert!(authority(&HeaderValue::from_static(host)).is_some(), "{host}");
        }
        for wrong in
            ["", " ", ":80", "a b", "ada@shop", "shop:http", "shop:99999", "shop/x", "a,b", "http://shop", "[::1"]
        {
            assert!(authority(&HeaderValue::from_static(wrong)).is_none(), "{wrong:?}");
        }
        assert!(authority(&HeaderValue::from_bytes(b"sh\xF6p").unwrap()).is_none());
    }

    #[test]
    fn the_address_of_a_request_names_the_same_host() {
        let check = |host: &'static str, uri: &str| check_one(&HeaderValue::from_static(host), &uri.parse().unwrap());

        assert!(check("shop.example", "/x").is_ok() && check("Shop.example:80", "http://shop.example/x").is_ok());
        assert!(check("shop.example", "http://evil.example/x").is_err());
        assert!(check("shop.example", "http://shop.example:81/x").is_err());
    }
}
