//! From where a request comes, as far as it can be known.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use http::header::{HOST, USER_AGENT};
use http::{Extensions, HeaderMap, HeaderName};

use crate::config::WebOrigin;
use crate::marketplace::App;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The address of whoever asks: the peer, or whom a trusted proxy names.
pub(crate) fn address(headers: &HeaderMap, extensions: &Extensions, app: &App) -> IpAddr {
    let peer = peer(extensions);
    let trusted = |address: IpAddr| app.http.trusted_proxies.iter().any(|network| network.contains(address));
    if !trusted(peer) {
        return peer;
    }
    let forwarded = headers.get_all(X_FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let mut hops: Vec<IpAddr> =
        forwarded.flat_map(|value| value.split(',')).filter_map(|hop| hop.trim().parse().ok()).collect();
    // Each proxy adds whom it saw at the end; what stands before the last untrusted one is hearsay.
    while let Some(hop) = hops.pop() {
        if !trusted(hop) {
            return hop;
        }
    }
    peer
}

/// Whether the browser speaks TLS, to us or to a trusted proxy.
pub(crate) fn is_https(headers: &HeaderMap, extensions: &Extensions, app: &App) -> bool {
    let origins = &app.http.public_origins;
    if !origins.is_empty() {
        return origins.iter().all(WebOrigin::is_https);
    }
    let behind_proxy = app.http.trusted_proxies.iter().any(|network| network.contains(peer(extensions)));
    behind_proxy && headers.get(X_FORWARDED_PROTO).is_some_and(|proto| proto.as_bytes() == b"https")
}

/// What the browser calls itself.
pub(crate) fn device(headers: &HeaderMap) -> String {
    headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("unknown").to_owned()
}

/// Which host the request is for.
pub(crate) fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(HOST).and_then(|host| host.to_str().ok())
}

fn peer(extensions: &Extensions) -> IpAddr {
    // Without a socket, as in tests, everybody sits at the same machine.
    extensions.get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0.ip())
}
