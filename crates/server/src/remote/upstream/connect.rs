//! Connects to a service, and waits a little while it restarts.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tower::{Service, ServiceExt};

use ticketing_core::ports::BoxError;

/// How long to wait before connecting again.
const PAUSE: Duration = Duration::from_millis(25);
/// The longest that one try may take.
const TRY: Duration = Duration::from_secs(1);

/// Connects to one service. A clone knows of the same outage.
///
/// Nothing was sent before there is a connection, so any request may wait for
/// one. A service that is away for longer is tried once for each request.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    http: HttpConnector,
    /// How long a service may be away before requests for it are refused.
    restart_wait: Duration,
    away_since: Arc<Mutex<Option<Instant>>>,
}

impl Connector {
    pub(super) fn new(restart_wait: Duration) -> Self {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        http.set_connect_timeout(Some(TRY));
        Self { http, restart_wait, away_since: Arc::default() }
    }

    async fn connect(self, address: Uri) -> Result<TokioIo<TcpStream>, BoxError> {
        loop {
            match self.http.clone().oneshot(address.clone()).await {
                Ok(stream) => {
                    self.set_away(None);
                    return Ok(stream);
                }
                Err(_) if self.began().elapsed() < self.restart_wait => tokio::time::sleep(PAUSE).await,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// When the outage began that was just found.
    fn began(&self) -> Instant {
        *self.away_since.lock().get_or_insert_with(Instant::now)
    }

    fn set_away(&self, since: Option<Instant>) {
        *self.away_since.lock() = since;
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        self.clone().connect(address).boxed()
    }
}
