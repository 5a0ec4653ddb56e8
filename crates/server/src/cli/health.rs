//! `ticketing health`: asks the process that serves on this machine, as a supervisor without HTTP does.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use ticketing_core::ports::{BoxError, error_chain};

use crate::say;

/// Longer than `/readyz` waits for the engines.
const WITHIN: Duration = Duration::from_secs(4);
/// The most of an answer that is read.
const ANSWER: usize = 4096;

/// Exits with 0 if the process takes requests, otherwise with 1; a sentence says which.
pub(super) async fn health(admin_listen: SocketAddr) -> ExitCode {
    let readiness = format!("http://{}/readyz", from_here(admin_listen));
    let (is_ready, said) = match tokio::time::timeout(WITHIN, ask(&readiness)).await {
        Ok(Ok((StatusCode::OK, said))) => (true, format!("the process takes requests: {said}")),
        Ok(Ok((status, said))) => (false, format!("the process takes no requests ({status}): {said}")),
        Ok(Err(error)) => (false, format!("nothing answers at {readiness}: {}", error_chain(&*error))),
        Err(_) => (false, format!("nothing answers at {readiness} within {} s", WITHIN.as_secs())),
    };
    // The exit code says the same to scripts.
    say::answer(&said);
    if is_ready { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Where a listener is found from its own machine.
fn from_here(listener: SocketAddr) -> SocketAddr {
    let address = match listener.ip() {
        IpAddr::V4(any) if any.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(any) if any.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    };
    SocketAddr::new(address, listener.port())
}

async fn ask(readiness: &str) -> Result<(StatusCode, String), BoxError> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let answer = client.get(readiness.parse()?).await?;
    let status = answer.status();
    let said = Limited::new(answer.into_body(), ANSWER).collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&said).into_owned()))
}
