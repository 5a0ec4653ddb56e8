//! What an application hears of events by.

use std::collections::HashSet;
use std::sync::Arc;

use ticketing_core::messaging::consumer::{EventHandler, HandleError};
use ticketing_core::ports::transport::StartFrom;

use crate::events::{Each, EventContext, MarketEvent};

use super::MarketBuilder;
use super::opening::OpenError;

/// What an application hears of events by.
#[derive(Debug, Clone)]
pub(super) struct Follower {
    pub(super) handler: Arc<dyn EventHandler>,
    pub(super) start: StartFrom,
    pub(super) batch: Option<usize>,
}

impl MarketBuilder {
    /// Calls a function for each event of a type, one after the other.
    ///
    /// The function has its own group, `app.<name>`: it goes on where it stopped, and several processes share
    /// the events. A new name begins now. Each event is settled by itself, and comes again if the process dies before
    /// that: hand [`EventContext::idempotency_key`] on. What the function returns decides what becomes of an event that
    /// it could not handle, see [`OrRetry`](crate::OrRetry); to panic is to fail.
    ///
    /// A file keeps events for a name that is no longer used for thirty days in which it is open.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc::channel;
    /// use ticketing::{AccountId, Market, OrRetry, Order, OrderCompleted, SandboxGateway};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let (mailed, mails) = channel();
    /// let market = Market::builder()
    ///     .on("mailer", move |event: OrderCompleted, _| {
    ///         let mailed = mailed.clone();
    ///         async move { mailed.send(event.order.buyer).or_retry() }
    ///     })
    ///     .open()
    ///     .await?;
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// let order = market.order(buyer, opera.id).await?;
    /// market.pay(buyer, order.id, SandboxGateway::VISA).await?;
    /// market.wait(buyer, order.id, Order::is_completed).await?;
    /// market.close().await?;
    /// assert_eq!(mails.try_recv()?, buyer);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on<E, F, R>(self, name: &str, handler: F) -> Self
    where
        E: MarketEvent,
        F: Fn(E, EventContext) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), HandleError>> + Send + 'static,
    {
        let handler = Arc::new(Each::<E, F>::new(format!("app.{name}"), handler));
        self.following(Follower { handler, start: StartFrom::Latest, batch: Some(1) })
    }

    /// Hands batches of events to a handler, as one unit of work each: for projections.
    ///
    /// Its name is that of its group; a new one begins at `start`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use ticketing::core::domain::event::Topic;
    /// use ticketing::{AccountId, EventHandler, HandleError, Incoming, Market, StartFrom};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// #[derive(Debug, Clone, Default)]
    /// struct LargestBatch(Arc<AtomicUsize>);
    ///
    /// #[async_trait::async_trait]
    /// impl EventHandler for LargestBatch {
    ///     fn name(&self) -> &str {
    ///         "app.largest-batch"
    ///     }
    ///
    ///     fn topics(&self) -> &[Topic] {
    ///         &[Topic::Tickets]
    ///     }
    ///
    ///     async fn handle(&self, events: &[Incoming]) -> Result<(), HandleError> {
    ///         self.0.fetch_max(events.len(), Ordering::Relaxed);
    ///         Ok(())
    ///     }
    /// }
    /// let largest = LargestBatch::default();
    /// let market = Market::builder().follow(largest.clone(), StartFrom::Earliest).open().await?;
    /// market.sell(AccountId::from_u128(1), "Opera").price(4500, "EUR").await?;
    /// market.close().await?;
    /// assert_eq!(largest.0.load(Ordering::Relaxed), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn follow(self, handler: impl EventHandler, start: StartFrom) -> Self {
        self.following(Follower { handler: Arc::new(handler), start, batch: None })
    }

    fn following(mut self, follower: Follower) -> Self {
        self.followers.push(follower);
        self
    }

    pub(super) fn check_names(&self) -> Result<(), OpenError> {
        let mut names = HashSet::new();
        match self.followers.iter().find(|follower| !names.insert(follower.handler.name())) {
            Some(twice) => Err(OpenError::TwoFollowers(twice.handler.name().to_owned())),
            None => Ok(()),
        }
    }
}
