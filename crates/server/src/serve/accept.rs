//! Serves the clients of a listener with few places.

use std::sync::Arc;

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;

use crate::network::Shares;

use super::connection::{Bounds, Connection};
use super::connections::ACCEPT_AGAIN;
use super::places::Part;

/// So many may be connected at a time.
const PLACES: usize = 128;
/// How many of one network; a `/48` may have twice as many.
const SHARE: usize = 32;

/// Answers until it is dropped. Who finds no place is dropped: the next accept must not wait for them.
pub(super) async fn answer(listener: &TcpListener, surface: Router, bounds: Bounds) {
    let places = Part::new(PLACES, Shares::new(SHARE, 2 * SHARE));
    let (graceful, leaving) = (GracefulShutdown::new(), Arc::default());
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        let Some(place) = places.take(peer.ip()) else { continue };
        let connection = Connection { stream, peer, surface: surface.clone(), bounds, leaving: Arc::clone(&leaving) };
        let watcher = graceful.watcher();
        tokio::spawn(async move {
            connection.serve(watcher).await;
            drop(place);
        });
    }
}
