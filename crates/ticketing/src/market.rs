//! A whole marketplace in one value.

mod running;
mod services;
mod trading;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::outbox::Outbox;
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::orders::Orders;
use ticketing_core::usecase::payments::Payments;
use ticketing_core::usecase::search::Search;
use ticketing_core::usecase::tickets::Tickets;

use crate::builder::MarketBuilder;

pub(crate) use running::{Beneath, Running};
pub use trading::WaitError;

/// A marketplace that runs. A clone is a handle to the same one.
///
/// People are named by an [`AccountId`](crate::AccountId): any UUID that the application knows them by.
///
/// [Close](Self::close) it before the program ends. Dropping the last handle instead stops it as well, as long as the
/// runtime lives, and logs what was left.
///
/// # Examples
///
/// See the [front page](crate).
#[derive(Debug, Clone)]
pub struct Market(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    services: Services,
    running: Mutex<Running>,
}

/// What a market is called by.
#[derive(Debug)]
pub(crate) struct Services {
    pub(crate) tickets: Tickets,
    pub(crate) search: Search,
    pub(crate) orders: Orders,
    pub(crate) payments: Payments,
    pub(crate) env: ClockAndIds,
    pub(crate) outboxes: Outboxes,
}

/// The outbox of each service.
type Outboxes = Vec<(&'static str, Arc<dyn Outbox>)>;

/// The market was closed.
#[derive(Debug, thiserror::Error)]
#[error("the market is closed")]
struct Closed;

impl Market {
    /// Begins with everything in memory and the sandbox for a bank; see [`MarketBuilder`] for what else there is.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::Market;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let market = Market::builder().open().await?;
    /// assert!(market.health().is_some_and(|health| health.first_ended().is_none()));
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "nothing runs before `open`"]
    pub fn builder() -> MarketBuilder {
        MarketBuilder::default()
    }

    pub(crate) fn new(services: Services, running: Running) -> Self {
        Self(Arc::new(Inner { services, running: Mutex::new(running) }))
    }

    /// Carries out a command; in a test, once everything before it has settled.
    pub(crate) async fn carry_out<T>(
        &self,
        command: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        if matches!(*self.0.running.lock(), Running::Closed(_)) {
            return Err(closed());
        }
        self.read(command).await
    }

    /// Reads from a service; in a test, once all events have arrived.
    async fn read<T>(&self, read: impl Future<Output = T> + Send) -> T {
        #[cfg(feature = "testing")]
        if let Some(loops) = self.stepped_loops() {
            return loops.carry_out(read).await;
        }
        read.await
    }

    /// Pauses; in a test, time passes instead.
    async fn sleep(&self, pause: Duration) {
        #[cfg(feature = "testing")]
        if let Some(loops) = self.stepped_loops() {
            return loops.clock().advance(pause);
        }
        self.env().clock.sleep(pause).await;
    }
}

fn closed() -> Error {
    Error::unavailable(Closed)
}
