//! Serves a marketplace on a socket until the process is told to stop.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use futures::FutureExt;
use futures::future::{self, Either};
use http::HeaderValue;
use http::header::CONNECTION;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tower::ServiceExt;

use ticketing_core::ports::BoxError;
use ticketing_core::ports::identity::IdentityError;

use crate::config::Config;
use crate::marketplace::App;
use crate::runtime::{Assembly, Running};
use crate::{demo, router, wiring};

/// How long a client may take to send the head of a request.
const HEAD_WITHIN: Duration = Duration::from_secs(15);
/// How long connections are still taken once the process was told to stop.
///
/// Longer than the front door keeps an idle connection, so whoever has one
/// either asks once more, and is told that it closes, or does not use it again.
const LEAVE: Duration = Duration::from_secs(1);
/// How long whoever connected last may take to ask.
const LAST: Duration = Duration::from_millis(100);
/// How long the keys of accounts are waited for before anything is served; whoever connects waits as long.
const KEYS_WITHIN: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// How long to wait after an accept that failed, for want of file descriptors for one.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);
/// How long the other loops may take to stop once one of them ended early.
const END_WITHIN: Duration = Duration::from_secs(30);

/// Serves until SIGTERM or SIGINT, then ends in order. A second signal ends the process at once.
///
/// A loop that ends early ends it too, in the same order and with an error.
///
/// # Errors
///
/// The address is taken, an engine could not be started, or a loop ended before it was told to.
pub async fn serve(config: Config) -> Result<(), BoxError> {
    let stop = Signals::listen()?;
    let listener = TcpListener::bind(config.listen).await?;
    let assembly = wiring::marketplace(&config).await?;
    serve_until(stop, listener, assembly, &config).await
}

/// Serves what was put together on a socket of the caller's; for whoever brings engines of their own.
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
    let surface = router(&app);
    let running = assembly.start();
    if config.demo {
        demo::fill(&app).await?;
    }
    keys_known(&app).await;
    tracing::info!(%address, "the marketplace is served on http://{address}");

    let connections = Connections::new(surface, app.http.connections);
    connections.accept_until(&listener, stop, running.failed()).await;

    running.drain();
    tracing::info!("stopping: requests under way are finished, then the loops");
    connections.take_leave(listener).await;
    connections.drain(config.shutdown_grace).await;
    let stopped = stop_within(running).await;
    tracing::info!("stopped");
    stopped
}

/// Stops the loops; if one of them ended early, the others may not hold the process up for ever.
async fn stop_within(running: Running) -> Result<(), BoxError> {
    let failed = running.failed().now_or_never();
    let stopped = running.stop();
    match failed {
        Some(()) => tokio::time::timeout(END_WITHIN, stopped).await?,
        None => stopped.await,
    }
}

/// Waits a moment for the keys that access tokens are verified with, where another process has them.
///
/// Whoever connects meanwhile waits with it, so a service that restarts refuses nobody.
/// Without accounts it serves all the same, and says that it is not ready.
async fn keys_known(app: &App) {
    let is_unknown = || matches!(app.edge.verifier.verify("", app.world.now()), Err(IdentityError::Unavailable(_)));
    let known = async {
        while is_unknown() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    if tokio::time::timeout(KEYS_WITHIN, known).await.is_err() {
        tracing::warn!("accounts does not answer: nobody can be known to be signed in until it does");
    }
}

/// The connections of one listener.
struct Connections {
    surface: Router,
    places: Arc<Semaphore>,
    graceful: GracefulShutdown,
    /// Whether each answer closes its connection.
    leaving: Arc<AtomicBool>,
}

impl Connections {
    fn new(surface: Router, most: usize) -> Self {
        let places = Arc::new(Semaphore::new(most));
        Self { surface, places, graceful: GracefulShutdown::new(), leaving: Arc::default() }
    }

    async fn accept_until(&self, listener: &TcpListener, mut stop: Signals, failed: impl Future<Output = ()>) {
        let mut failed = pin!(failed);
        loop {
            let (told, accept) = (pin!(stop.next()), pin!(self.accept(listener)));
            let ended = future::select(told, &mut failed);
            match future::select(ended, accept).await {
                Either::Left(_) => break self.leaving.store(true, Ordering::Relaxed),
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

    /// Answers whoever is connected or connects, and lets each know that it has to connect anew.
    ///
    /// Then nobody is left who would send a request on a connection that is just being closed.
    async fn take_leave(&self, listener: TcpListener) {
        if self.graceful.count() > 0 {
            let mut time_is_over = pin!(tokio::time::sleep(LEAVE));
            while let Either::Right(_) = future::select(&mut time_is_over, pin!(self.accept(&listener))).await {}
        }
        // Whoever waits in the queue is connected as well, as far as they know.
        let Ok(listener) = listener.into_std() else { return };
        while let Ok((stream, peer)) = listener.accept() {
            match stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream)) {
                Ok(stream) => drop(tokio::spawn(self.serve_connection(stream, peer))),
                Err(error) => tracing::warn!(%error, "a connection could not be accepted"),
            }
        }
        drop(listener);
        tokio::time::sleep(if self.graceful.count() > 0 { LAST } else { Duration::ZERO }).await;
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
        let (surface, leaving) = (self.surface.clone(), Arc::clone(&self.leaving));
        let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            let answer = surface.clone().oneshot(request.map(Body::new));
            let leaving = Arc::clone(&leaving);
            async move {
                let mut answer = answer.await.unwrap_or_else(|never| match never {});
                if leaving.load(Ordering::Relaxed) {
                    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(answer)
            }
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
