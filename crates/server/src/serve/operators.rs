//! The listener of operators, apart from the public one: it answers while that one is full or draining.

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::state::App;
use crate::surface::operators;

use super::accept::answer;
use super::connection::Bounds;

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
        Ok(Self(tokio::spawn(async move { answer(&listener, surface, bounds).await })))
    }
}

impl Drop for Operators {
    fn drop(&mut self) {
        self.0.abort();
    }
}
