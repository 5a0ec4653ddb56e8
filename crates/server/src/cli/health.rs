//! `ticketing health`: asks the process that serves on this machine, as a supervisor without HTTP does.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use http::{Method, StatusCode};

use ticketing_core::ports::error_chain;

use super::operator::{address, ask};
use crate::say;

/// Longer than `/readyz` waits for the engines.
const WITHIN: Duration = Duration::from_secs(4);

/// Exits with 0 if the process takes requests, otherwise with 1; a sentence says which.
pub(super) async fn health(admin_listen: SocketAddr) -> ExitCode {
    let readiness = address(admin_listen, "/readyz");
    let (is_ready, said) = match tokio::time::timeout(WITHIN, ask(Method::GET, &readiness)).await {
        Ok(Ok((StatusCode::OK, said))) => (true, format!("the process takes requests: {said}")),
        Ok(Ok((status, said))) => (false, format!("the process takes no requests ({status}): {said}")),
        Ok(Err(error)) => (false, format!("nothing answers at {readiness}: {}", error_chain(&*error))),
        Err(_) => (false, format!("nothing answers at {readiness} within {} s", WITHIN.as_secs())),
    };
    // The exit code says the same to scripts.
    say::answer(&said);
    if is_ready { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
