//! One connection: what it may send, how long it may take, and how long it may live.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::HeaderValue;
use http::header::CONNECTION;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tower::ServiceExt;

use super::stalled::Stalled;

/// The longest head of a request: browsers send a few kilobytes.
const HEAD: usize = 32 * 1024;

/// What a connection may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// How long a client may take to send the head of a request, and keep an idle connection.
    head_within: Duration,
    /// How long a client may take to read anything at all of an answer.
    read_within: Duration,
    /// How long it may last before the client has to connect again: a stream of events, for example, would never end.
    life: Duration,
    /// How long what is under way then may still take.
    last: Duration,
}

impl Bounds {
    /// For clients that have a place.
    pub(super) const fn usual(request_timeout: Duration) -> Self {
        Self {
            head_within: Duration::from_secs(15),
            read_within: request_timeout.saturating_mul(3),
            life: Duration::from_secs(60 * 60),
            last: Duration::from_secs(60),
        }
    }

    /// For clients that only hear that there is no room.
    pub(super) const BRIEF: Self = Self {
        head_within: Duration::from_secs(2),
        read_within: Duration::from_secs(2),
        life: Duration::ZERO,
        last: Duration::from_secs(4),
    };

    /// Not all who connected together are to come back together.
    fn life_of(&self, peer: SocketAddr) -> Duration {
        self.life + self.life.mul_f32(f32::from(peer.port() % 64) / 640.0)
    }
}

/// Who connected, and what they reach.
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) surface: Router,
    pub(super) bounds: Bounds,
    /// Whether each answer closes its connection.
    pub(super) leaving: Arc<AtomicBool>,
}

impl Connection {
    /// Answers until it ends, or has lived long enough.
    pub(super) async fn serve(self, watcher: Watcher) {
        let Self { stream, peer, surface, bounds, leaving } = self;
        let (closing, ends) = (Instant::now() + bounds.life_of(peer), bounds.life_of(peer) + bounds.last);
        let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            let answer = surface.clone().oneshot(request.map(Body::new));
            let leaving = Arc::clone(&leaving);
            async move {
                let mut answer = answer.await.unwrap_or_else(|never| match never {});
                if leaving.load(Ordering::Relaxed) || Instant::now() >= closing {
                    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(answer)
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(bounds.head_within)
            .max_buf_size(HEAD)
            .serve_connection(TokioIo::new(Stalled::accepted(stream, bounds.read_within)), service);
        match tokio::time::timeout(ends, watcher.watch(connection)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, %peer, "a connection broke"),
            Err(_) => tracing::debug!(%peer, "a connection lived long enough"),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use hyper_util::server::graceful::GracefulShutdown;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A connection to a server that answers, and one path whose answer never ends.
    async fn connected(life: Duration) -> TcpStream {
        let surface = Router::new()
            .route("/", get(async || "hello"))
            .route("/endless", get(async || Body::from_stream(futures::stream::pending::<Result<&str, Infallible>>())));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, peer) = listener.accept().await.unwrap();
        let bounds = Bounds { life, last: life, ..Bounds::usual(Duration::from_secs(10)) };
        let connection = Connection { stream, peer, surface, bounds, leaving: Arc::default() };
        tokio::spawn(async move { connection.serve(GracefulShutdown::new().watcher()).await });
        client
    }

    async fn ask(client: &mut TcpStream, path: &str) {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
    }

    async fn answer(client: &mut TcpStream) -> String {
        let mut answer = vec![0; 1024];
        let read = client.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..read]).into_owned()
    }

    #[tokio::test]
    async fn a_connection_that_lived_long_enough_closes_with_an_answer() {
        let mut young = connected(Duration::from_secs(3600)).await;
        ask(&mut young, "/").await;
        assert!(!answer(&mut young).await.contains("connection: close"));

        let mut old = connected(Duration::ZERO).await;
        ask(&mut old, "/").await;
        let mut answer = String::new();
        old.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains("hello") && answer.contains("connection: close"), "{answer}");
    }

    #[tokio::test]
    async fn an_answer_that_never_ends_ends_with_the_life_of_its_connection() {
        let mut client = connected(Duration::from_millis(100)).await;
        ask(&mut client, "/endless").await;

        let mut answer = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(60), client.read_to_end(&mut answer)).await;
        // Cut off or closed.
        assert!(ended.is_ok(), "it goes on");
        assert!(String::from_utf8_lossy(&answer).contains("200 OK"));
    }

    #[test]
    fn a_place_is_kept_for_an_hour() {
        let bounds = Bounds::usual(Duration::from_secs(10));
        let life = |port| bounds.life_of(SocketAddr::from(([127, 0, 0, 1], port)));

        assert_eq!(life(64), Duration::from_secs(3600));
        assert!(
            (0..64).all(|port| life(port) < Duration::from_secs(4000)),
            "and a little, so that not all come back together"
        );
        assert!(bounds.last <= Duration::from_secs(60));
    }
}
