//! A market for tests: time moves when the test says so, and so do events.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use ticketing_core::assembly::LoopFailed;
use ticketing_memory::{FaultPlan, ManualClock, ManualLoops, MemoryEngines};

use crate::builder::{Assembled, MarketBuilder, OpenError};
use crate::market::{Market, Running};

/// A [`Market`] in memory whose time and faults a test decides.
///
/// Before every command and every read of the market, and every request through its API, all events arrive. Calls of the
/// services themselves move no events: call [`settle`](Self::settle) between them. Time stands still except for
/// [`advance`](Self::advance), and for a command that has to sleep.
///
/// # Examples
///
/// A hold that ends, and a crash at a commit:
///
/// ```
/// use std::time::Duration;
/// use ticketing::memory::{Fault, Operation};
/// use ticketing::{AccountId, Market};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let market = Market::test().await?;
/// let [seller, ben, eve] = [1, 2, 3].map(AccountId::from_u128);
/// let ticket = market.sell(seller, "Opera").price(4500, "EUR").await?;
///
/// let held = market.order(ben, ticket.id).await?;
/// assert_eq!(market.order(eve, ticket.id).await.unwrap_err().code(), "sold_out");
/// market.advance(Duration::from_mins(15)).await?;
/// market.faults().inject(Operation::Commit, Fault::FailAfter);
/// let order = market.order(eve, ticket.id).await?;
///
/// let market = market.crash().await?;
/// assert_eq!(market.order_of(eve, order.id).await?, order);
/// assert!(market.order_of(ben, held.id).await?.pay_by().is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TestMarket {
    market: Market,
    loops: Arc<ManualLoops>,
    builder: MarketBuilder,
    faults: FaultPlan,
    engines: MemoryEngines,
}

impl Market {
    /// A market for tests, in memory; [`MarketBuilder::test`] for one that is set up otherwise.
    ///
    /// # Errors
    ///
    /// None in memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let market = Market::test().await?;
    /// let began = market.env().now();
    /// market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// assert_eq!(market.env().now(), began, "time stands still");
    /// # let _ = buyer;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn test() -> Result<TestMarket, OpenError> {
        Self::builder().test().await
    }
}

impl MarketBuilder {
    /// Opens the market for tests: its loops run when the test says so, and its clock is moved by hand.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let market = Market::builder().hold_for(Duration::from_mins(1)).test().await?;
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// let order = market.order(buyer, opera.id).await?;
    /// market.advance(Duration::from_mins(1)).await?;
    /// assert!(market.order_of(buyer, order.id).await?.pay_by().is_err(), "its hold is over");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn test(self) -> Result<TestMarket, OpenError> {
        let clock = ManualClock::default();
        TestMarket::over(MemoryEngines::new(clock.with_sequential_ids()), clock, self).await
    }
}

impl TestMarket {
    async fn over(engines: MemoryEngines, clock: ManualClock, builder: MarketBuilder) -> Result<Self, OpenError> {
        let faults = FaultPlan::counting(Arc::new(clock.clone()));
        let Assembled { services, loops } = builder.assemble(&engines.with_faults(&faults)).await?;
        let loops = Arc::new(ManualLoops::start(loops, &clock));
        let market = Market::new(services, Running::ByHand(Arc::clone(&loops)));
        // A group hears what is published after it subscribed.
        loops.carry_out(async {}).await;
        Ok(Self { market, loops, builder, faults, engines })
    }

    /// Lets time pass, and then whatever is due happen.
    ///
    /// # Errors
    ///
    /// [`LoopFailed`], the first: a [fault](Self::faults), or a handler for which something is away. What failed is tried again
    /// with the next command, and the others go on.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use ticketing::{AccountId, Market, OrderStatus};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// let order = market.order(buyer, opera.id).await?;
    /// market.advance(Duration::from_mins(15)).await?;
    /// let order = market.order_of(buyer, order.id).await?;
    /// assert!(matches!(order.status, OrderStatus::Cancelled { .. }));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn advance(&self, span: Duration) -> Result<(), LoopFailed> {
        self.loops.advance(span).await
    }

    /// Steps every loop until all events have arrived and nothing is left to do.
    ///
    /// # Errors
    ///
    /// [`LoopFailed`], the first: a [fault](Self::faults), or a handler for which something is away. What failed is tried again
    /// with the next command, and the others go on.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    /// use ticketing::core::usecase::orders::PlaceOrder;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// // The service itself is called, which moves no events: let the news of the ticket reach it first.
    /// market.settle().await?;
    /// let order = market.orders().place_order(PlaceOrder::new(buyer, opera.id), market.origin()).await?;
    /// assert_eq!(order.ticket.id, opera.id);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn settle(&self) -> Result<(), LoopFailed> {
        self.loops.settle().await
    }

    /// What goes wrong in this process, from now on.
    ///
    /// A fault can be aimed at one follower: `market.faults().of_group("app.mailer").inject(…)`.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::memory::{Fault, Operation};
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// market.faults().inject(Operation::Commit, Fault::FailBefore);
    /// let failed = market.sell(seller, "Opera").price(4500, "EUR").await;
    /// assert_eq!(failed.unwrap_err().code(), "unavailable");
    /// assert!(market.sell(seller, "Opera").price(4500, "EUR").await.is_ok());
    /// # let _ = buyer;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn faults(&self) -> &FaultPlan {
        &self.faults
    }

    /// The clock.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use ticketing::Market;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// let began = market.env().now();
    /// market.clock().advance(Duration::from_mins(1));
    /// assert_eq!(market.env().now().since(began), Duration::from_mins(1));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn clock(&self) -> &ManualClock {
        self.loops.clock()
    }

    /// What outlives a [crash](Self::crash): stores, events on their way, timers, and the bank's own books.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market, SandboxGateway};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// # let order = market.order(buyer, opera.id).await?;
    /// market.pay(buyer, order.id, SandboxGateway::TIMEOUT).await?;
    /// assert_eq!(market.engines().gateway.total_captured(), 4500, "the bank took it, and nobody knows");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn engines(&self) -> &MemoryEngines {
        &self.engines
    }

    /// Ends the process as `kill -9` does, and starts another one on the same engines, without faults.
    ///
    /// As long passes in between as the dead process would have had its outboxes to itself: some ten seconds.
    ///
    /// # Errors
    ///
    /// As [`MarketBuilder::open`].
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::test().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// let order = market.order(buyer, opera.id).await?;
    /// let market = market.crash().await?;
    /// assert_eq!(market.order_of(buyer, order.id).await?, order, "what was acknowledged is safe");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn crash(self) -> Result<Self, OpenError> {
        let Self { market, loops, builder, engines, faults } = self;
        let clock = loops.clock().clone();
        // A handle to the dead process that is still held, such as a router, reaches nothing.
        faults.crash();
        loops.kill().await;
        drop((market, loops));
        clock.advance(builder.settings.relay.lease);
        Self::over(engines, clock, builder).await
    }
}

impl Deref for TestMarket {
    type Target = Market;

    fn deref(&self) -> &Market {
        &self.market
    }
}

/// Carries out each request as if it were a command.
#[cfg(feature = "axum")]
pub(crate) fn stepped(routes: axum::Router, loops: Arc<ManualLoops>) -> axum::Router {
    use axum::middleware::{Next, from_fn};

    routes.layer(from_fn(move |request: axum::extract::Request, next: Next| {
        let loops = Arc::clone(&loops);
        async move { loops.carry_out(next.run(request)).await }
    }))
}
