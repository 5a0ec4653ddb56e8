//! The listener of operators, apart from the public one: it answers while that one is full or draining.

use std::sync::Arc;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::network::Shares;
use crate::state::App;
use crate::surface::operators;

use super::connection::{Bounds, Connection};
use super::connections::ACCEPT_AGAIN;
use super::places::Part;

/// So many probes and scrapers may be connected at a time.
const PLACES: usize = 128;
/// How many of one network; a `/48` may have twice as many.
const SHARE: usize = 32;

/// Answers operators until it is dropped.
pub(super) struct Operators(JoinHandle<()>);

impl Operators {
    /// # Errors
    ///
    /// The listener does not know its address.
    pub(super) fn answer(listener: TcpListener, app: &App) -> Result<Self, std::io::Error> {
        let address = listener.local_addr()?;
        tracing::info!("operators are answered on http://{address}");
        let (surface, bounds) = (operators(app), Bounds::usual(app.http.request_timeout));
        Ok(Self(tokio::spawn(async move {
            let places = Part::new(PLACES, Shares::new(SHARE, 2 * SHARE));
            let (graceful, leaving) = (GracefulShutdown::new(), Arc::default());
            loop {
                let (stream, peer) = match listener.accept().await {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        tracing::warn!(%error, "a connection of an operator could not be accepted");
                        tokio::time::sleep(ACCEPT_AGAIN).await;
                        continue;
                    }
                };
                // Who finds no place is dropped: the next accept must not wait for them.
                let Some(place) = places.take(peer.ip()) else { continue };
                let (surface, leaving) = (surface.clone(), Arc::clone(&leaving));
                let connection = Connection { stream, peer, surface, bounds, leaving };
                let watcher = graceful.watcher();
                tokio::spawn(async move {
                    connection.serve(watcher).await;
                    drop(place);
                });
            }
        })))
    }
}

impl Drop for Operators {
    fn drop(&mut self) {
        self.0.abort();
    }
}
