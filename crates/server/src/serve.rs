//! Serves a marketplace on a socket until the process is told to stop.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use futures::future::{self, Either};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tower::ServiceExt;

use ticketing_core::ports::BoxError;

use crate::config::Config;
use crate::{demo, router, wiring};

/// How long a client may take to send the head of a request.
const HEAD_WITHIN: Duration = Duration::from_secs(15);
/// How long to wait after an accept that failed, for want of file descriptors for one.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// Serves until SIGTERM or SIGINT, then ends in order. A second signal ends the process at once.
///
/// # Errors
///
/// The address is taken, or an engine could not be started.
pub async fn serve(config: Config) -> Result<(), BoxError> {
    let stop = Signals::listen()?;
    let listener = TcpListener::bind(config.listen).await?;
    let address = listener.local_addr()?;
    let assembly = wiring::marketplace(&config)?;
    let app = Arc::clone(&assembly.app);
    let surface = router(&app);
    let running = assembly.start();
    if config.demo {
        demo::fill(&app).await?;
    }
    tracing::info!(%address, "the marketplace is served on http://{address}");

    let connections = Connections::new(surface, app.http.connections);
    connections.accept_until(&listener, stop).await;

    tracing::info!("stopping: requests under way are finished, then the loops");
    drop(listener);
    running.drain();
    connections.drain(config.shutdown_grace).await;
    running.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// The connections of one listener.
struct Connections {
    surface: Router,
    places: Arc<Semaphore>,
    graceful: GracefulShutdown,
}

impl Connections {
    fn new(surface: Router, most: usize) -> Self {
        Self { surface, places: Arc::new(Semaphore::new(most)), graceful: GracefulShutdown::new() }
    }

    async fn accept_until(&self, listener: &TcpListener, mut stop: Signals) {
        loop {
            let accept = pin!(self.accept(listener));
            let stopped = pin!(stop.next());
            match future::select(stopped, accept).await {
                Either::Left(_) => break,
                Either::Right(_) => {}
            }
        }
        // Whoever asks twice does not want to wait.
        tokio::spawn(async move {
            stop.next().await;
            tracing::warn!("told to stop twice: ending at once");
            std::process::exit(1);
        });
    }

    async fn accept(&self, listener: &TcpListener) {
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, peer)) => {
                let connection = self.serve_connection(stream, peer);
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }

    fn serve_connection(&self, stream: TcpStream, peer: SocketAddr) -> impl Future<Output = ()> + Send + 'static {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
        let surface = self.surface.clone();
        let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            let answer = surface.clone().oneshot(request.map(Body::new));
            async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN)
            .serve_connection(TokioIo::new(stream), service);
        let connection = self.graceful.watch(connection);
        async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, %peer, "a connection broke");
            }
        }
    }

    /// Waits for requests under way, up to `grace`.
    async fn drain(self, grace: Duration) {
        let open = self.graceful.count();
        if tokio::time::timeout(grace, self.graceful.shutdown()).await.is_err() {
            tracing::warn!(open, ?grace, "some requests did not end in time");
        }
    }
}

/// The words by which an operator ends a process.
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> Result<Self, std::io::Error> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        let (terminate, interrupt) = (pin!(self.terminate.recv()), pin!(self.interrupt.recv()));
        match future::select(terminate, interrupt).await {
            Either::Left(_) | Either::Right(_) => {}
        }
    }
}
