//! Who connects, as far as it can be known.
//!
//! A trusted proxy adds to `X-Forwarded-For` which address it saw, and sets
//! `X-Forwarded-Proto` and `X-Forwarded-Host`; from anybody else these headers
//! are not believed. `Forwarded` (RFC 7239) is never read.

mod forwarded;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, Request};
use http::header::HOST;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue};

use ticketing_core::usecase::error::Error;

use crate::config::{HttpConfig, Network, WebOrigin};
use crate::http::problem::Problem;

pub(crate) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(crate) const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
pub(crate) const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Who connects. The edge works it out once and hands it on with the request.
#[derive(Debug, Clone)]
pub(crate) struct ClientInfo {
    /// The peer, or the address that a trusted proxy names.
    pub(crate) address: IpAddr,
    /// Whether the browser speaks TLS, to us or to a trusted proxy.
    pub(crate) https: bool,
    host: Option<HeaderValue>,
    peer: IpAddr,
    is_peer_trusted: bool,
}

impl ClientInfo {
    /// The client of a request as it comes in.
    pub(super) fn of(request: &Request, http: &HttpConfig) -> Self {
        let (headers, peer) = (request.headers(), peer(request.extensions()));
        let is_peer_trusted = is_trusted(peer, &http.trusted_proxies);
        Self {
            address: behind(headers, peer, &http.trusted_proxies),
            https: is_https(headers, is_peer_trusted, http),
            host: host(request, is_peer_trusted),
            peer,
            is_peer_trusted,
        }
    }

    /// The client of a request that passed the edge.
    pub(crate) fn in_request(extensions: &Extensions) -> Result<&Self, Error> {
        extensions.get().ok_or_else(|| Error::Broken(Arc::new(NoClient)))
    }

    /// Which host the browser asked: ours, or the one that a trusted proxy names.
    pub(crate) fn host(&self) -> Option<&str> {
        std::str::from_utf8(self.host.as_ref()?.as_bytes()).ok()
    }

    /// Whether the neighbour is one of ours, so that what it says is believed.
    pub(crate) const fn is_peer_trusted(&self) -> bool {
        self.is_peer_trusted
    }

    /// Passes on to the next hop what is known of the client: all that a trusted proxy said, and nothing that anybody else did.
    pub(crate) fn introduce(&self, headers: &mut HeaderMap) {
        if !self.is_peer_trusted {
            headers.remove(X_FORWARDED_FOR);
        }
        if let Ok(peer) = HeaderValue::from_str(&self.peer.to_string()) {
            headers.append(X_FORWARDED_FOR, peer);
        }
        headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(if self.https { "https" } else { "http" }));
        headers.remove(X_FORWARDED_HOST);
        let host = self.host().and_then(|host| HeaderValue::from_str(host).ok());
        headers.extend(host.map(|host| (X_FORWARDED_HOST, host)));
    }
}

impl<S: Sync> FromRequestParts<S> for ClientInfo {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::in_request(&parts.extensions)?.clone())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("it is not known who connects: a request did not pass the edge")]
struct NoClient;

/// The client behind `peer`: the last hop that is no trusted proxy, or the last trusted one that can be read.
fn behind(headers: &HeaderMap, peer: IpAddr, trusted: &[Network]) -> IpAddr {
    let mut client = peer;
    let mut hops = headers.get_all(X_FORWARDED_FOR).iter().rev().flat_map(forwarded::elements_from_last);
    // Each proxy adds the address it saw at the end; what stands before the last untrusted hop is hearsay.
    while is_trusted(client, trusted) {
        // What cannot be read ends the walk, because what stands before it may be the client's own invention.
        let Some(hop) = hops.next().and_then(forwarded::address) else { break };
        client = hop;
    }
    client.to_canonical()
}

fn is_https(headers: &HeaderMap, is_peer_trusted: bool, http: &HttpConfig) -> bool {
    if !http.public_origins.is_empty() {
        return http.public_origins.iter().all(WebOrigin::is_https);
    }
    let proto = headers.get(X_FORWARDED_PROTO).filter(|_| is_peer_trusted);
    proto.is_some_and(|proto| forwarded::first_element(proto).eq_ignore_ascii_case(b"https"))
}

fn host(request: &Request, is_peer_trusted: bool) -> Option<HeaderValue> {
    let headers = request.headers();
    let named = headers.get(X_FORWARDED_HOST).filter(|_| is_peer_trusted).map(forwarded::first_element);
    match named.filter(|host| !host.is_empty()) {
        Some(host) => HeaderValue::from_bytes(host).ok(),
        // HTTP/2 names it with the path.
        None => headers.get(HOST).cloned().or_else(|| HeaderValue::from_str(request.uri().authority()?.as_str()).ok()),
    }
}

fn is_trusted(address: IpAddr, trusted: &[Network]) -> bool {
    trusted.iter().any(|network| network.contains(address))
}

fn peer(extensions: &Extensions) -> IpAddr {
    // Without a socket, as in tests, everybody sits at the same machine.
    extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0.ip().to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "10.0.0.1";

    /// The client of a request that comes from `peer` with these lines of `X-Forwarded-For`.
    fn client(peer: &str, lines: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_bytes(line).unwrap());
        }
        let trusted = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap());
        behind(&headers, peer.parse().unwrap(), &trusted).to_string()
    }

    #[test]
    fn the_last_hop_that_is_no_proxy_is_the_client() {
        for (line, expected) in [
            ("203.0.113.9", "203.0.113.9"),
            ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
            ("198.51.100.1,203.0.113.9,10.0.0.2 , 10.0.0.3", "203.0.113.9"),
            ("198.51.100.1, 203.0.113.9:50412", "203.0.113.9"),
            ("198.51.100.1, 2001:db8::7", "2001:db8::7"),
            ("198.51.100.1, [2001:db8::7]", "2001:db8::7"),
            ("198.51.100.1, [2001:db8::7]:443, 10.0.0.2:80", "2001:db8::7"),
            ("198.51.100.1, \"[2001:db8::7]:443\"", "2001:db8::7"),
            ("198.51.100.1,\t\" 203.0.113.9 \"", "203.0.113.9"),
            ("198.51.100.1, ::ffff:203.0.113.9", "203.0.113.9"),
            ("198.51.100.1, [::ffff:203.0.113.9]:1, ::ffff:10.0.0.2", "203.0.113.9"),
            ("198.51.100.1, fe80::1%eth0", "fe80::1"),
            ("198.51.100.1, [fe80::1%25eth0]:8080, fd00::9", "fe80::1"),
            ("10.0.0.7, 10.0.0.2", "10.0.0.7"),
        ] {
            assert_eq!(client(PROXY, &[line.as_bytes()]), expected, "{line}");
        }
    }

    #[test]
    fn a_hop_that_cannot_be_read_ends_the_walk() {
        for line in [
            "198.51.100.1, unknown",
            "198.51.100.1, _hidden",
            "198.51.100.1, ",
            "198.51.100.1,",
            "",
            "198.51.100.1, 203.0.113.9:port",
            "198.51.100.1, 203.0.113.9:",
            "198.51.100.1, 203.0.113.9:99999",
            "198.51.100.1, 203.0.113",
            "198.51.100.1, 203.0.113.9 10.0.0.2",
            "198.51.100.1, [2001:db8::7",
            "198.51.100.1, [2001:db8::7]443",
            "198.51.100.1, [203.0.113.9]:443",
            "198.51.100.1, \"203.0.113.9",
            "198.51.100.1, unix:",
            "198.51.100.1, 203.0.113.9%eth0",
            "198.51.100.1, for=203.0.113.9",
        ] {
            assert_eq!(client(PROXY, &[line.as_bytes()]), PROXY, "{line}");
            assert_eq!(client(PROXY, &[format!("{line}, 10.0.0.2").as_bytes()]), "10.0.0.2", "{line}");
        }
        assert_eq!(client(PROXY, &[b"198.51.100.1", b"Z\xfcrich"]), PROXY);
        assert_eq!(client(PROXY, &[b"198.51.100.1, \xff"]), PROXY);
    }

    #[test]
    fn lines_are_read_as_one_list() {
        assert_eq!(client(PROXY, &[b"198.51.100.1", b"203.0.113.9, 10.0.0.2", b"10.0.0.3:99"]), "203.0.113.9");
        assert_eq!(client(PROXY, &[b"Z\xfcrich", b"203.0.113.9"]), "203.0.113.9");
        assert_eq!(client(PROXY, &[]), PROXY);
    }

    #[test]
    fn only_a_trusted_peer_is_believed() {
        assert_eq!(client("192.0.2.1", &[b"203.0.113.9"]), "192.0.2.1");
        assert_eq!(client("::ffff:192.0.2.1", &[b"203.0.113.9"]), "192.0.2.1");
        assert_eq!(client("::ffff:10.0.0.1", &[b"203.0.113.9"]), "203.0.113.9");
    }
}
