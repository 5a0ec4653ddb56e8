//! What a market stands on.

use std::sync::Arc;

use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::gateway::PaymentGateway;
use ticketing_core::ports::search_index::{SearchIndex, SearchIndexes};
use ticketing_core::ports::timers::TimerQueue;

use crate::engines::{Stores, Transport};

use super::MarketBuilder;

impl MarketBuilder {
    /// Keeps the state there.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use ticketing::memory::MemoryEngines;
    /// use ticketing::{Market, OpenError, Stores};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let memory = MemoryEngines::default();
    /// let parking = Arc::new(memory.parking.clone());
    /// let stores = Stores {
    ///     tickets: memory.ticket_ports(),
    ///     orders: memory.order_ports(),
    ///     payments: memory.payment_ports(),
    ///     expiration_parking: parking.clone(),
    ///     follower_parking: parking,
    ///     owners: Some(Arc::new(memory.audit_reader())),
    ///     is_of_one_process: true,
    ///     sandbox: None,
    /// };
    /// let refused = Market::builder().stores(stores.clone()).open().await;
    /// assert!(matches!(refused, Err(OpenError::NoGateway)), "somebody meant to sell for money");
    /// let market = Market::builder().stores(stores).gateway(memory.gateway).open().await?;
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn stores(self, stores: Stores) -> Self {
        Self { stores: Some(stores), ..self }
    }

    /// Keeps everything in one `SQLite` file, events and deadlines too, for one process; whatever else is said takes
    /// its place. The file is created where there is none. Orders are decided by one
    /// batcher, unless [`settings`](Self::settings) says otherwise behind it.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let memory = ticketing::memory::MemoryEngines::default();
    /// # let path = std::env::temp_dir().join(format!("ticketing-doc-{}.db", memory.env.ids.uuid(memory.env.now())));
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let market = Market::builder().sqlite(&path).sandbox().open().await?;
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// market.close().await?;
    ///
    /// let market = Market::builder().sqlite(&path).sandbox().open().await?;
    /// market.order(buyer, opera.id).await?;
    /// # market.close().await?;
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "sqlite")]
    pub fn sqlite(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.settings.batcher.batchers = ticketing_sqlite::SqliteEngines::BATCHERS;
        Self { file: Some(ticketing_sqlite::SqliteConfig::new(path)), ..self }
    }

    /// Carries events so.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use ticketing::core::domain::event::Topic;
    /// use ticketing::memory::MemoryEngines;
    /// use ticketing::{AccountId, Market, Transport};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let broker = MemoryEngines::default().broker;
    /// let transport = Transport { publisher: Arc::new(broker.publisher()), subscriber: Arc::new(broker.subscriber()) };
    /// let market = Market::builder().transport(transport).open().await?;
    /// market.sell(AccountId::from_u128(1), "Opera").price(4500, "EUR").await?;
    /// market.close().await?;
    /// assert_eq!(broker.retained(Topic::Tickets), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn transport(self, transport: Transport) -> Self {
        Self { transport: Some(transport), ..self }
    }

    /// Keeps deadlines there. Without timers that last, an order still ends, a few seconds after its deadline.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use ticketing::memory::{MemoryTimers, SystemClock};
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let timers = MemoryTimers::new(Arc::new(SystemClock::new()));
    /// let market = Market::builder().timers(timers.clone()).open().await?;
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// market.order(buyer, opera.id).await?;
    /// market.close().await?;
    /// assert_eq!(timers.len(), 1, "the end of the hold");
    /// # Ok(())
    /// # }
    /// ```
    pub fn timers(self, timers: impl TimerQueue) -> Self {
        Self { timers: Some(Arc::new(timers)), ..self }
    }

    /// Takes money by it, such as by the `StripeGateway` of the feature `stripe`.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::memory::MemoryEngines;
    /// use ticketing::{AccountId, Market, SandboxGateway};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let bank = MemoryEngines::default().gateway;
    /// let market = Market::builder().gateway(bank.clone()).open().await?;
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// let order = market.order(buyer, opera.id).await?;
    /// market.pay(buyer, order.id, SandboxGateway::VISA).await?;
    /// assert_eq!(bank.total_captured(), 4500);
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn gateway(self, gateway: impl PaymentGateway) -> Self {
        Self { gateway: Some(Arc::new(gateway)), ..self }
    }

    /// Takes no money: the bank is a pretence, by the test cards that it is paid with. In memory it is so anyway.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market, SandboxGateway};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let market = Market::builder().sandbox().open().await?;
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// let order = market.order(buyer, opera.id).await?;
    /// assert_eq!(market.pay(buyer, order.id, SandboxGateway::CHARGE_DECLINED).await.unwrap_err().code(), "card_declined");
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub const fn sandbox(mut self) -> Self {
        self.takes_no_money = true;
        self
    }

    /// Finds tickets by this index, such as the `TantivyIndex` of the feature `tantivy`; each process has one.
    ///
    /// Without it, an index in memory looks at every ticket, which is enough for some thousands.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::core::domain::search::{Question, SearchPage};
    /// use ticketing::memory::MemorySearchIndex;
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let market = Market::builder().search(MemorySearchIndex::default()).test().await?;
    /// let opera = market.sell(AccountId::from_u128(1), "Opera").price(4500, "EUR").await?;
    /// market.settle().await?;
    ///
    /// let everything = Question::all(market.env().now());
    /// let found = market.search().find_tickets(&everything, SearchPage::First { limit: 10 }).await?;
    /// assert_eq!(found.tickets[0].ticket, opera);
    /// # Ok(())
    /// # }
    /// ```
    pub fn search(self, index: impl SearchIndex) -> Self {
        Self { index: Some(Arc::new(index)), ..self }
    }

    /// Begins indexes by these, so that the one of [`search`](Self::search) can be built again while it is in use.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::Market;
    /// use ticketing::core::usecase::search::RebuildStatus;
    /// use ticketing::memory::{MemorySearchIndex, MemorySearchIndexes};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let index = MemorySearchIndex::default();
    /// let market = Market::builder().search(index).search_again_by(MemorySearchIndexes).test().await?;
    /// market.search().rebuild()?;
    /// market.settle().await?;
    /// assert_eq!(market.search().rebuild_status(), RebuildStatus::Done { told: 0 });
    /// # Ok(())
    /// # }
    /// ```
    pub fn search_again_by(self, indexes: impl SearchIndexes) -> Self {
        Self { indexes: Some(Arc::new(indexes)), ..self }
    }

    /// Goes by another clock, and draws other ids.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use ticketing::Market;
    /// use ticketing::core::ports::clock::{ClockAndIds, Ids};
    /// use ticketing::memory::{SequentialIds, SystemClock};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let ids: Arc<dyn Ids> = Arc::new(SequentialIds::new());
    /// let env = ClockAndIds { clock: Arc::new(SystemClock::new()), ids: ids.clone() };
    /// let market = Market::builder().clock(env).open().await?;
    /// assert!(Arc::ptr_eq(&market.env().ids, &ids));
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn clock(self, env: ClockAndIds) -> Self {
        Self { env: Some(env), ..self }
    }
}
