//! Serves a marketplace on a socket until the process is told to stop.

mod accept;
mod connection;
mod connections;
mod operators;
mod places;
mod signals;
mod stalled;
mod starting;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::join;
use tokio::net::TcpListener;
use tokio::time::timeout;

use ticketing_core::ports::BoxError;

use crate::config::{Config, Gateway, Service};
use crate::demo;
use crate::runtime::{Assembly, Running};
use crate::state::App;

use connections::Connections;
use operators::Operators;
use signals::Signals;
use starting::Sockets;

/// How long the keys of accounts, and the search, are waited for before anything is served; clients that connect wait
/// as long.
const WITHIN: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// How long the other loops may take to stop once one of them ended early.
const END_WITHIN: Duration = Duration::from_secs(30);

/// Serves until SIGTERM or SIGINT, then ends in order. A second signal ends the process at once.
///
/// An engine that is not there, or not yet, is waited for; meanwhile `/readyz` names it.
///
/// A loop that ends early ends it too, in the same order and with an error.
///
/// # Errors
///
/// An address is taken, an engine refuses us or is not what it should be, or a loop ended before it was told to.
pub async fn serve(config: Config) -> Result<(), BoxError> {
    let mut stop = Signals::listen()?;
    let listener = bind("--listen", config.listen).await?;
    let admin = bind("--admin-listen", config.admin_listen).await?;
    let sockets = Sockets { public: &listener, admin: &admin };
    let Some(mut assembly) = starting::assembled(&config, sockets, &mut stop).await? else {
        tracing::info!("stopped before it served");
        return Ok(());
    };
    let operators = Operators::answer(admin, &assembly.app)?;
    let at_end = std::mem::take(&mut assembly.at_end);
    let ended = serve_until(stop, listener, assembly, &config).await;
    // Until now they could see how it ends.
    drop(operators);
    at_end.close().await;
    tracing::info!("stopped");
    ended
}

/// Serves an assembly on a socket of the caller's; for applications with their own engines.
///
/// Operators are answered by [`operators`](crate::operators), on a listener of the caller's.
///
/// # Errors
///
/// As [`serve`].
pub async fn serve_on(listener: TcpListener, assembly: Assembly, config: &Config) -> Result<(), BoxError> {
    serve_until(Signals::listen()?, listener, assembly, config).await
}

async fn serve_until(
    stop: Signals,
    listener: TcpListener,
    assembly: Assembly,
    config: &Config,
) -> Result<(), BoxError> {
    let address = listener.local_addr()?;
    let app = Arc::clone(&assembly.app);
    let connections = Connections::new(&assembly);
    let running = assembly.start();
    if config.demo {
        demo::fill(&app).await?;
    }
    join(keys_known(&app), search_filled(&app)).await;
    say_what_is_not_real(config);
    tracing::info!(%address, "the marketplace is served on http://{address}");

    connections.accept_until(&listener, stop, running.failed()).await;

    running.drain();
    tracing::info!("stopping: requests under way are finished, then the loops");
    connections.take_leave(listener).await;
    connections.drain(config.shutdown_grace).await;
    stop_within(running).await
}

/// Stops the loops; if one of them ended early, the others may not hold the process up without end.
async fn stop_within(running: Running) -> Result<(), BoxError> {
    let failed = running.failed().now_or_never();
    let stopped = running.stop();
    match failed {
        Some(()) => timeout(END_WITHIN, stopped).await?,
        None => stopped.await,
    }
}

async fn bind(flag: &'static str, address: SocketAddr) -> Result<TcpListener, NotBound> {
    TcpListener::bind(address).await.map_err(|source| NotBound { flag, address, source })
}

#[derive(Debug, thiserror::Error)]
#[error("nothing can listen on {address}, which {flag} says")]
struct NotBound {
    flag: &'static str,
    address: SocketAddr,
    source: std::io::Error,
}

/// What would be a mistake where people come: nobody is to find out by losing money.
fn say_what_is_not_real(config: &Config) {
    if config.engines.is_memory() && config.services.len() == Service::ALL.len() {
        tracing::warn!("everything is in memory and is lost with this process: --data DIRECTORY keeps it in a file");
    }
    if config.gateway() == Some(Gateway::Sandbox) {
        tracing::warn!("payments are a sandbox: no money is taken, whatever is bought");
    }
    if config.demo {
        tracing::warn!("this is demo data: its accounts have a password that is published, and anybody may use them");
    }
}

/// Waits a moment for the keys that access tokens are verified with, where another process has them.
///
/// Clients that connect meanwhile wait with it, so a service that restarts refuses nobody.
/// Without accounts it serves all the same, and says that it is not ready.
async fn keys_known(app: &App) {
    let are_unknown = || app.own_sessions().is_ok_and(|own| own.keys().is_err());
    if timeout(WITHIN, while_it_is(are_unknown)).await.is_err() {
        tracing::warn!("accounts does not answer: nobody can be known to be signed in until it does");
    }
}

/// Waits a moment until the search has all that is on sale, so that nobody takes a part of it for the whole.
async fn search_filled(app: &App) {
    let is_a_part = || app.search().is_ok_and(|search| !search.is_filled());
    if timeout(WITHIN, while_it_is(is_a_part)).await.is_err() {
        tracing::warn!("the search index is being filled: until then a part of what is on sale is found");
    }
}

async fn while_it_is(so: impl Fn() -> bool) {
    while so() {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
