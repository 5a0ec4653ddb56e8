//! The connections of the public listener.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use futures::future::{self, Either};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};

use crate::runtime::Assembly;
use crate::state::App;
use crate::surface::{no_room, router};

use super::connection::{Bounds, Connection};
use super::places::{Place, Places};
use super::signals::Signals;

/// How long connections are still taken once the process was told to stop.
///
/// Longer than the front door keeps an idle connection, so a client with one
/// either sends one more request, and learns that it closes, or does not use it again.
const LEAVE: Duration = Duration::from_secs(1);
/// How long the client that connected last may take to send a request.
const LAST: Duration = Duration::from_millis(100);
/// How long to wait after an accept that failed, for want of file descriptors for one.
pub(super) const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// The connections of one listener.
pub(super) struct Connections {
    app: App,
    surface: Router,
    no_room: Router,
    places: Places,
    graceful: GracefulShutdown,
    leaving: Arc<AtomicBool>,
}

impl Connections {
    pub(super) fn new(assembly: &Assembly) -> Self {
        let app = &assembly.app;
        Self {
            app: App::clone(app),
            surface: router(assembly),
            no_room: no_room(app),
            places: Places::new(&app.http),
            graceful: GracefulShutdown::new(),
            leaving: Arc::default(),
        }
    }

    /// Takes connections until the process is told to stop, or a part of it has failed.
    pub(super) async fn accept_until(
        &self,
        listener: &TcpListener,
        mut stop: Signals,
        failed: impl Future<Output = ()>,
    ) {
        let mut failed = pin!(failed);
        loop {
            let (told, accept) = (pin!(stop.next()), pin!(self.accept(listener)));
            let ended = future::select(told, &mut failed);
            match future::select(ended, accept).await {
                Either::Left(_) => break self.leaving.store(true, Ordering::Relaxed),
                Either::Right(_) => {}
            }
        }
        stop.end_at_the_next();
    }

    /// Keeps serving for [`LEAVE`], answering with `Connection: close`.
    ///
    /// Then nobody is left who would send a request on a connection that is just being closed.
    pub(super) async fn take_leave(&self, listener: TcpListener) {
        if self.graceful.count() > 0 {
            let mut time_is_over = pin!(tokio::time::sleep(LEAVE));
            while let Either::Right(_) = future::select(&mut time_is_over, pin!(self.accept(&listener))).await {}
        }
        // Clients in the queue of the socket are connected as well, as far as they know.
        let Ok(listener) = listener.into_std() else { return };
        while let Ok((stream, peer)) = listener.accept() {
            match stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream)) {
                Ok(stream) => self.take(stream, peer),
                Err(error) => tracing::warn!(%error, "a connection could not be accepted"),
            }
        }
        drop(listener);
        tokio::time::sleep(if self.graceful.count() > 0 { LAST } else { Duration::ZERO }).await;
    }

    async fn accept(&self, listener: &TcpListener) {
        match listener.accept().await {
            Ok((stream, peer)) => self.take(stream, peer),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }

    /// Serves a connection, or responds that there is no room, or drops it if even that would be too much.
    fn take(&self, stream: TcpStream, peer: SocketAddr) {
        let place = self.places.take(peer.ip());
        if place.as_ref().is_none_or(|place| place.is_spare) {
            self.app.metrics.no_room();
            tracing::warn!("there is no room for more connections, or for more of one network");
        }
        if let Some(place) = place {
            tokio::spawn(self.serve(stream, peer, place));
        }
    }

    fn serve(&self, stream: TcpStream, peer: SocketAddr, place: Place) -> impl Future<Output = ()> + Send + 'static {
        let (surface, bounds) = match place.is_spare {
            false => (self.surface.clone(), Bounds::usual(self.app.http.request_timeout)),
            true => (self.no_room.clone(), Bounds::BRIEF),
        };
        let connection = Connection { stream, peer, surface, bounds, leaving: Arc::clone(&self.leaving) };
        let watcher = self.graceful.watcher();
        let counted = self.app.metrics.connected();
        async move {
            connection.serve(watcher).await;
            drop((place, counted));
        }
    }

    /// Waits for requests under way, up to `grace`.
    pub(super) async fn drain(self, grace: Duration) {
        let open = self.graceful.count();
        if tokio::time::timeout(grace, self.graceful.shutdown()).await.is_err() {
            tracing::warn!(open, ?grace, "some requests did not end in time");
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::config::Config;
    use crate::wiring;

    async fn ask(client: &mut TcpStream) {
        client.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    }

    #[tokio::test]
    async fn a_client_that_connects_while_a_process_takes_its_leave_is_served() {
        let assembly = wiring::marketplace(&Config::default()).await.unwrap();
        let connections = Connections::new(&assembly);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let _idle = TcpStream::connect(address).await.unwrap();
        connections.accept(&listener).await;
        connections.leaving.store(true, Ordering::Relaxed);

        let late = async {
            let mut client = TcpStream::connect(address).await.unwrap();
            ask(&mut client).await;
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            answer
        };
        let ((), answer) = future::join(connections.take_leave(listener), late).await;

        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("connection: close"), "{answer}");
    }
}
