//! The listener of operators, apart from the public one: it answers while that one is full or draining.

use std::sync::Arc;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::marketplace::App;
use crate::operators;

use super::connection::{Bounds, Connection};
use super::connections::ACCEPT_AGAIN;

/// So many probes and scrapers may be connected at a time.
const PLACES: usize = 128;

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
            let (places, graceful, leaving) =
                (Arc::new(Semaphore::new(PLACES)), GracefulShutdown::new(), Arc::default());
            loop {
                let (stream, peer) = match listener.accept().await {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        tracing::warn!(%error, "a connection of an operator could not be accepted");
                        tokio::time::sleep(ACCEPT_AGAIN).await;
                        continue;
                    }
                };
                // Who comes when all are taken is dropped: the next accept must not wait for them.
                let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
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
