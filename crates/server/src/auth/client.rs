//! From where a request comes, as far as it can be known.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use http::header::{HOST, USER_AGENT};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue};

use crate::config::WebOrigin;
use crate::marketplace::App;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The address of whoever asks: the peer, or whom a trusted proxy names.
pub(crate) fn address(headers: &HeaderMap, extensions: &Extensions, app: &App) -> IpAddr {
    let peer = peer(extensions);
    if !is_trusted(peer, app) {
        return peer;
    }
    let forwarded = headers.get_all(X_FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let mut hops: Vec<IpAddr> =
        forwarded.flat_map(|value| value.split(',')).filter_map(|hop| hop.trim().parse().ok()).collect();
    // Each proxy adds whom it saw at the end; what stands before the last untrusted one is hearsay.
    while let Some(hop) = hops.pop() {
        if !is_trusted(hop, app) {
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
    let behind_proxy = is_trusted(peer(extensions), app);
    behind_proxy && headers.get(X_FORWARDED_PROTO).is_some_and(|proto| proto.as_bytes() == b"https")
}

/// Which host the browser asked: ours, or the one that a trusted proxy names.
pub(crate) fn host<'a>(headers: &'a HeaderMap, extensions: &Extensions, app: &App) -> Option<&'a str> {
    let forwarded = headers.get(X_FORWARDED_HOST).filter(|_| is_trusted(peer(extensions), app));
    forwarded.or_else(|| headers.get(HOST)).and_then(|host| host.to_str().ok())
}

/// Tells the next hop what is known of whoever asks: all that a trusted proxy said, and nothing that anybody else did.
pub(crate) fn introduce(headers: &mut HeaderMap, extensions: &Extensions, app: &App) {
    let peer = peer(extensions);
    let host = host(headers, extensions, app).and_then(|host| HeaderValue::from_str(host).ok());
    let proto = if is_https(headers, extensions, app) { "https" } else { "http" };
    if !is_trusted(peer, app) {
        headers.remove(X_FORWARDED_FOR);
    }
    if let Ok(peer) = HeaderValue::from_str(&peer.to_string()) {
        headers.append(X_FORWARDED_FOR, peer);
    }
    headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(proto));
    headers.remove(X_FORWARDED_HOST);
    headers.extend(host.map(|host| (X_FORWARDED_HOST, host)));
}

/// What the browser calls itself.
pub(crate) fn device(headers: &HeaderMap) -> String {
    headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("unknown").to_owned()
}

fn is_trusted(address: IpAddr, app: &App) -> bool {
    app.http.trusted_proxies.iter().any(|network| network.contains(address))
}

fn peer(extensions: &Extensions) -> IpAddr {
    // Without a socket, as in tests, everybody sits at the same machine.
    extensions.get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0.ip())
}
