//! Puts a market together.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use ticketing_core::assembly::{AssemblyError, ExpirationPorts, Loops, ServiceContext, Settings};
use ticketing_core::domain::hold_limits::HoldLimits;
use ticketing_core::messaging::consumer::{EventHandler, HandleError};
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::gateway::PaymentGateway;
use ticketing_core::ports::timers::TimerQueue;
use ticketing_core::ports::transport::StartFrom;
use ticketing_memory::MemoryEngines;
use tokio::runtime::Handle;

use crate::engines::{Stores, Transport};
use crate::events::{Each, EventContext, MarketEvent};
use crate::market::{Market, Running, Services};
use crate::on_their_way::OnTheirWay;

/// Says what a market stands on, and then opens it. A clone says the same.
///
/// Whatever is not said is in memory, with the sandbox for a bank.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ticketing::{Market, OrderCompleted};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let market = Market::builder()
///     .hold_for(Duration::from_mins(5))
///     .on("mailer", |event: OrderCompleted, context| async move {
///         println!("mail {} to {}", context.idempotency_key(), event.order.buyer);
///         Ok(())
///     })
///     .open()
///     .await?;
/// # market.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "nothing runs before `open`"]
pub struct MarketBuilder {
    pub(crate) settings: Settings,
    env: Option<ClockAndIds>,
    stores: Option<Stores>,
    transport: Option<Transport>,
    timers: Option<Arc<dyn TimerQueue>>,
    gateway: Option<Arc<dyn PaymentGateway>>,
    takes_no_money: bool,
    followers: Vec<Follower>,
}

/// What an application hears of events by.
#[derive(Debug, Clone)]
struct Follower {
    handler: Arc<dyn EventHandler>,
    start: StartFrom,
    batch: Option<usize>,
}

/// Why a market cannot be opened. Nothing runs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Its engines do not fit together, or a follower cannot be called so.
    #[error(transparent)]
    Assembly(#[from] AssemblyError),
    /// Two followers have one name, so each would miss what the other hears.
    #[error("two followers are called {0:?}: each would miss what the other hears")]
    TwoFollowers(String),
    /// Nothing takes the money, and stores that outlive the process look as if somebody meant it.
    #[error("nothing takes the money: say `.gateway(…)`, or `.sandbox()` to take none")]
    NoGateway,
    /// These stores bring no sandbox.
    #[error("these stores have no sandbox that remembers as long as they do: say `.gateway(…)`")]
    NoSandbox,
    /// There is no tokio runtime to run it on.
    #[error("a market runs on tokio: open it inside of a runtime")]
    NoRuntime,
}

/// A market whose loops do not run yet.
pub(crate) struct Assembled {
    pub(crate) services: Services,
    pub(crate) loops: Loops,
}

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
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let bank = MemoryEngines::default().gateway;
    /// let market = Market::builder().gateway(bank.clone()).open().await?;
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// let order = market.order(buyer, opera.id).await?;
    /// market.pay(buyer, order.id, "tok_visa").await?;
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
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let market = Market::builder().sandbox().open().await?;
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// let order = market.order(buyer, opera.id).await?;
    /// assert_eq!(market.pay(buyer, order.id, "tok_chargeDeclined").await.unwrap_err().code(), "card_declined");
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub const fn sandbox(mut self) -> Self {
        self.takes_no_money = true;
        self
    }

    /// Holds the places of an order so long; a quarter of an hour unless this is said.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let market = Market::builder().hold_for(Duration::from_mins(5)).open().await?;
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// let order = market.order(buyer, opera.id).await?;
    /// assert_eq!(order.pay_by().ok(), Some(order.placed_at.after(Duration::from_mins(5))));
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub const fn hold_for(mut self, span: Duration) -> Self {
        self.settings.batcher.hold_for = span;
        self
    }

    /// How much one buyer may hold.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::core::domain::hold_limits::HoldLimits;
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let limits = HoldLimits { open_orders: Some(1), ..HoldLimits::default() };
    /// let market = Market::builder().hold_limits(limits).open().await?;
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// market.order(buyer, opera.id).await?;
    /// assert_eq!(market.order(buyer, opera.id).await.unwrap_err().code(), "too_many_open_orders");
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub const fn hold_limits(mut self, limits: HoldLimits) -> Self {
        self.settings.batcher.limits = limits;
        self
    }

    /// Changes whatever else can be set.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use ticketing::Market;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let market = Market::builder()
    ///     .settings(|settings| {
    ///         settings.payment_grace = Duration::from_mins(1);
    ///         settings.consumer.max_attempts = 20;
    ///     })
    ///     .open()
    ///     .await?;
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
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

    /// Calls a function for each event of a type, one after the other.
    ///
    /// The function has its own group, `app.<name>`: it goes on where it stopped, and several processes share
    /// the events. A new name begins now. Each event is settled by itself, and comes again if the process dies before
    /// that: hand [`EventContext::idempotency_key`] on. What the function answers says what becomes of an event that
    /// it could not handle, see [`OrRetry`](crate::OrRetry); to panic is to fail.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::mpsc::channel;
    /// use ticketing::{AccountId, Market, OrRetry, Order, OrderCompleted};
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
    /// market.pay(buyer, order.id, "tok_visa").await?;
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

    /// Opens the market: everything that it needs runs from now on.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; nothing runs.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{EventContext, Market, OpenError, OrderCompleted};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mailer = |_: OrderCompleted, _: EventContext| async { Ok(()) };
    /// let refused = Market::builder().on("mailer", mailer).on("mailer", mailer).open().await;
    /// assert!(matches!(refused, Err(OpenError::TwoFollowers(name)) if name == "app.mailer"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(self) -> Result<Market, OpenError> {
        let runtime = Handle::try_current().map_err(|_| OpenError::NoRuntime)?;
        let env = self.env.clone();
        let memory = env.map_or_else(MemoryEngines::default, MemoryEngines::new);
        let Assembled { services, loops } = self.assemble(&memory).await?;
        let groups = loops.observables().consumers.into_iter().map(|(group, _)| group).collect();
        let is_in_memory = self.transport.is_none();
        let on_their_way = is_in_memory.then(|| OnTheirWay { broker: memory.broker.clone(), groups });
        let running = loops.start(services.env.clone(), &|task| drop(runtime.spawn(task)));
        Ok(Market::new(services, Running::Loops(Box::new(running), on_their_way)))
    }

    /// Puts everything together, over engines in memory where no others are said.
    pub(crate) async fn assemble(&self, memory: &MemoryEngines) -> Result<Assembled, OpenError> {
        self.check_names()?;
        let gateway = self.bank(memory)?;
        let stores = self.stores.clone().unwrap_or_else(|| Stores::in_memory(memory));
        let Transport { publisher, subscriber } =
            self.transport.clone().unwrap_or_else(|| Transport::in_memory(memory));
        let timers = self.timers.clone().unwrap_or_else(|| memory.expiration_ports().timers);
        let context = ServiceContext { publisher, subscriber, env: memory.env.clone(), settings: self.settings };
        let outboxes = vec![
            ("tickets", Arc::clone(&stores.tickets.outbox)),
            ("orders", Arc::clone(&stores.orders.outbox)),
            ("payments", Arc::clone(&stores.payments.outbox)),
        ];
        let expiration = ExpirationPorts { timers, parking: stores.expiration_parking };
        let (tickets, mut loops) = context.tickets(stores.tickets)?;
        let (orders, order_loops) = context.orders(stores.orders)?;
        let (payments, payment_loops) = context.payments(stores.payments, gateway)?;
        loops = loops.and(order_loops).and(payment_loops).and(context.expiration(expiration)?);
        for Follower { handler, start, batch } in self.followers.clone() {
            let mut context = context.clone();
            context.settings.consumer.batch = batch.unwrap_or(context.settings.consumer.batch);
            loops = loops.and(context.follower(handler, Arc::clone(&stores.follower_parking), start).await?);
        }
        Ok(Assembled { services: Services { tickets, orders, payments, env: context.env, outboxes }, loops })
    }

    fn bank(&self, memory: &MemoryEngines) -> Result<Arc<dyn PaymentGateway>, OpenError> {
        match (&self.gateway, &self.stores) {
            (Some(gateway), _) => Ok(Arc::clone(gateway)),
            (None, None) => Ok(Arc::new(memory.gateway.clone())),
            (None, Some(stores)) if self.takes_no_money => stores.sandbox.clone().ok_or(OpenError::NoSandbox),
            (None, Some(_)) => Err(OpenError::NoGateway),
        }
    }

    fn check_names(&self) -> Result<(), OpenError> {
        let mut names = HashSet::new();
        match self.followers.iter().find(|follower| !names.insert(follower.handler.name())) {
            Some(twice) => Err(OpenError::TwoFollowers(twice.handler.name().to_owned())),
            None => Ok(()),
        }
    }
}
