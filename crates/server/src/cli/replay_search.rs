//! `ticketing replay search`: has the process that serves here build its search index again.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use http::{Method, StatusCode};

use ticketing_core::ports::{BoxError, error_chain};

use super::operator::{address, ask};
use super::progress::ProgressLines;
use crate::api::rebuild::{PATH, Rebuild};
use crate::say;

/// How often the process is asked how far it is.
const EVERY: Duration = Duration::from_millis(100);

/// Asks for a rebuild and waits for its end; answers 1 if the former index stays.
///
/// # Errors
///
/// Nothing answers there, or it has no index. A rebuild that was asked for goes on without this command.
pub(super) async fn replay_search(admin_listen: SocketAddr) -> Result<ExitCode, BoxError> {
    let address = address(admin_listen, PATH);
    let lines = ProgressLines::new();
    let mut rebuild = answer(Method::POST, &address).await?;
    loop {
        match rebuild {
            Rebuild::Done { told } => {
                say::answer(&format!("the search index was built again with {told} tickets, and is in use"));
                return Ok(ExitCode::SUCCESS);
            }
            Rebuild::Failed { cause } => {
                say::answer(&format!("the former search index stays in use: {cause}"));
                return Ok(ExitCode::FAILURE);
            }
            Rebuild::None => return Err("the process began again meanwhile, and its search index with it".into()),
            Rebuild::Asked => {}
            Rebuild::Building { told } => lines.tell(|| format!("told it {told} tickets")),
        }
        tokio::time::sleep(EVERY).await;
        rebuild = answer(Method::GET, &address).await?;
    }
}

async fn answer(method: Method, address: &str) -> Result<Rebuild, BoxError> {
    let asked = ask(method, address).await;
    let (status, said) = asked.map_err(|error| format!("nothing answers at {address}: {}", error_chain(&*error)))?;
    match status {
        StatusCode::OK | StatusCode::ACCEPTED | StatusCode::CONFLICT => Ok(serde_json::from_str(&said)?),
        _ => Err(format!("{address} answers {status}: {said}").into()),
    }
}
