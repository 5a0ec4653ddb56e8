//! Asks the process that serves on this machine, at its operators' listener.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use ticketing_core::ports::BoxError;

/// The most of an answer that is read.
const ANSWER: usize = 4096;

/// An address of the listener, as it is found from its own machine.
pub(super) fn address(listener: SocketAddr, path: &str) -> String {
    let ip = match listener.ip() {
        IpAddr::V4(any) if any.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(any) if any.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}{path}", SocketAddr::new(ip, listener.port()))
}

/// What is answered, in the form that it comes.
///
/// # Errors
///
/// Nothing answers there.
pub(super) async fn ask(method: Method, address: &str) -> Result<(StatusCode, String), BoxError> {
    let body = if method == Method::POST { "{}" } else { "" };
    let request = Request::builder().method(method).uri(address).header(CONTENT_TYPE, "application/json");
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let answer = client.request(request.body(body.into())?).await?;
    let status = answer.status();
    let said = Limited::new(answer.into_body(), ANSWER).collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&said).into_owned()))
}
