//! A whole marketplace in one value.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use ticketing_core::assembly::{LoopEnded, LoopHealth, RunningLoops};
use ticketing_core::domain::ids::{AccountId, OrderId, TicketId};
use ticketing_core::domain::order::Order;
use ticketing_core::domain::payment::Payment;
use ticketing_core::domain::ticket::Listing;
use ticketing_core::messaging::backoff::Backoff;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::gateway::CardToken;
use ticketing_core::ports::outbox::Outbox;
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::orders::Orders;
use ticketing_core::usecase::payments::Payments;
use ticketing_core::usecase::tickets::Tickets;
use ticketing_core::wire::Origin;
#[cfg(feature = "testing")]
use ticketing_memory::ManualLoops;
use tokio::runtime::Handle;

use crate::builder::MarketBuilder;
use crate::commands::{OrderPlaces, Pay, Sell};
use crate::on_their_way::OnTheirWay;

/// The pauses between two looks at an order.
const PAUSES: Backoff = Backoff { first: Duration::from_millis(5), longest: Duration::from_millis(250) };

/// A marketplace that runs. A clone is a handle to the same one.
///
/// People are named by an [`AccountId`]: any UUID that the application knows them by.
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
    pub(crate) orders: Orders,
    pub(crate) payments: Payments,
    pub(crate) env: ClockAndIds,
    pub(crate) outboxes: Outboxes,
}

/// The outbox of each service.
type Outboxes = Vec<(&'static str, Arc<dyn Outbox>)>;

/// What runs behind a market.
#[derive(Debug)]
pub(crate) enum Running {
    /// Its loops, by themselves; and what is gone with the process, if anything.
    Loops(Box<RunningLoops>, Option<OnTheirWay>),
    /// Its loops, when a test says so.
    #[cfg(feature = "testing")]
    ByHand(Arc<ManualLoops>),
    /// Nothing any more.
    Closed,
}

/// Why an order never became what was waited for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The order ended, and is something else for good.
    #[error("the order ended otherwise: it is {:?}", .0.status)]
    Ended(Box<Order>),
    /// The order could not be read.
    #[error("the order could not be read")]
    Read(#[from] Error),
}

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

    /// Puts a ticket on sale: `market.sell(seller, "Opera").price(4500, "EUR").places(2).await?`.
    ///
    /// # Errors
    ///
    /// Awaited, it answers [`Error::Invalid`] with everything that is wrong, or as
    /// [`create_ticket`](Tickets::create_ticket).
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// assert_eq!(market.ticket(opera.id).await?.available(), 2);
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn sell(&self, seller: AccountId, title: &str) -> Sell<'_> {
        Sell::new(self, seller, title)
    }

    /// Holds places of a ticket until they are paid: `market.order(buyer, ticket.id).places(2).await?`.
    ///
    /// # Errors
    ///
    /// Awaited, it answers [`Error::Invalid`], or as [`place_order`](Orders::place_order).
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// let order = market.order(buyer, opera.id).places(2).await?;
    /// assert_eq!(order.total().amount, 9000);
    /// assert_eq!(market.order(buyer, opera.id).await.unwrap_err().code(), "sold_out");
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub const fn order(&self, buyer: AccountId, ticket: TicketId) -> OrderPlaces<'_> {
        OrderPlaces::new(self, buyer, ticket)
    }

    /// Takes money for an order, by a token of the gateway for a card: `market.pay(buyer, order.id, card).await?`.
    ///
    /// The sandbox has [test cards](ticketing_memory::SandboxGateway) that are charged, are declined, keep silent or ask
    /// for more.
    ///
    /// # Errors
    ///
    /// Awaited, it answers [`Error::CardDeclined`], or as [`pay_order`](Payments::pay_order).
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market, PaymentStatus};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// # let order = market.order(buyer, opera.id).await?;
    /// assert_eq!(market.pay(buyer, order.id, "tok_chargeDeclined").await.unwrap_err().code(), "card_declined");
    /// let payment = market.pay(buyer, order.id, "tok_visa").await?;
    /// assert!(matches!(payment.status, PaymentStatus::Captured { .. }));
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn pay(&self, buyer: AccountId, order: OrderId, card: &str) -> Pay<'_> {
        Pay::new(self, buyer, order, CardToken::new(card))
    }

    /// Puts the places of an order back on sale, and returns the order as it is then. Doing so twice does no harm.
    ///
    /// # Errors
    ///
    /// As [`cancel_order`](Orders::cancel_order).
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// # let order = market.order(buyer, opera.id).await?;
    /// let cancelled = market.cancel(buyer, order.id).await?;
    /// assert_eq!(market.cancel(buyer, order.id).await?, cancelled);
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn cancel(&self, buyer: AccountId, order: OrderId) -> Result<Order, Error> {
        self.carry_out(self.orders().cancel_order(order, buyer, self.origin())).await
    }

    /// A ticket and its sales.
    ///
    /// # Errors
    ///
    /// As [`ticket`](Tickets::ticket).
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// let opera = market.sell(seller, "Opera").price(4500, "EUR").await?;
    /// assert_eq!(market.ticket(opera.id).await?.ticket, opera);
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ticket(&self, ticket: TicketId) -> Result<Listing, Error> {
        self.read(self.tickets().ticket(ticket)).await
    }

    /// An order of a buyer.
    ///
    /// # Errors
    ///
    /// As [`order`](Orders::order).
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// let order = market.order(buyer, opera.id).await?;
    /// assert_eq!(market.order_of(buyer, order.id).await?, order);
    /// assert_eq!(market.order_of(seller, order.id).await.unwrap_err().code(), "order_not_found");
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn order_of(&self, buyer: AccountId, order: OrderId) -> Result<Order, Error> {
        self.read(self.orders().order(order, buyer)).await
    }

    /// The payment of an order that is under way or took the money, if there is one.
    ///
    /// # Errors
    ///
    /// As [`payment_of`](Payments::payment_of).
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// # let order = market.order(buyer, opera.id).await?;
    /// let payment = market.pay(buyer, order.id, "tok_visa").await?;
    /// assert_eq!(market.payment_of(buyer, order.id).await?, Some(payment));
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn payment_of(&self, buyer: AccountId, order: OrderId) -> Result<Option<Payment>, Error> {
        self.read(self.payments().payment_of(order, buyer)).await
    }

    /// Waits until an order is what `is_so` says.
    ///
    /// Services hear of each other by events, so an order completes a moment after its payment.
    ///
    /// # Errors
    ///
    /// [`WaitError::Ended`] if the order is final and is not so, or [`WaitError::Read`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the wait and nothing else. It has no limit: put it into a timeout.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use ticketing::{AccountId, Market, Order, WaitError};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// # let order = market.order(buyer, opera.id).await?;
    /// let completes = market.wait(buyer, order.id, Order::is_completed);
    /// assert!(tokio::time::timeout(Duration::from_millis(10), completes).await.is_err(), "nobody has paid");
    ///
    /// market.cancel(buyer, order.id).await?;
    /// let ended = market.wait(buyer, order.id, Order::is_completed).await;
    /// assert!(matches!(ended, Err(WaitError::Ended(_))));
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait(
        &self,
        buyer: AccountId,
        order: OrderId,
        is_so: impl Fn(&Order) -> bool + Send,
    ) -> Result<Order, WaitError> {
        for look in 1.. {
            let order = self.order_of(buyer, order).await?;
            if is_so(&order) {
                return Ok(order);
            }
            if order.pay_by().is_err() {
                return Err(WaitError::Ended(Box::new(order)));
            }
            self.sleep(PAUSES.longest_after(look)).await;
        }
        Err(WaitError::Read(closed()))
    }

    /// The tickets service: what is on sale, searches, and changes to offers.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    /// use ticketing::core::ports::ticket_store::TicketQuery;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// let query = TicketQuery { text: Some("oper".to_owned()), ..TicketQuery::all(market.env().now(), 10) };
    /// assert_eq!(market.tickets().search_tickets(query).await?.items[0].ticket, opera);
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn tickets(&self) -> &Tickets {
        &self.0.services.tickets
    }

    /// The orders service.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    /// use ticketing::core::ports::store::Page;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// # let order = market.order(buyer, opera.id).await?;
    /// assert_eq!(market.orders().orders_of(buyer, Page::first(10)).await?.items, [order]);
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn orders(&self) -> &Orders {
        &self.0.services.orders
    }

    /// The payments service.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// # let order = market.order(buyer, opera.id).await?;
    /// let payment = market.pay(buyer, order.id, "tok_threeDSecure").await?;
    /// assert!(payment.action().is_some(), "the buyer must approve it first");
    /// let given_up = market.payments().give_up_payment(order.id, buyer, market.origin()).await?;
    /// assert!(given_up.is_some_and(|payment| payment.has_ended()));
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn payments(&self) -> &Payments {
        &self.0.services.payments
    }

    /// The clock and the ids of the market.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{Market, OrderId};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// let env = market.env();
    /// let now = env.now();
    /// assert_eq!(OrderId::new(env.uuid(now)).drawn_at(), Some(now));
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn env(&self) -> &ClockAndIds {
        &self.0.services.env
    }

    /// Whether every loop of the market still runs; `None` once it is closed, or where a test runs them.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::Market;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let market = Market::builder().open().await?;
    /// assert_eq!(market.health().map(|health| health.ended()), Some(0));
    /// market.close().await?;
    /// assert!(market.health().is_none());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn health(&self) -> Option<LoopHealth> {
        match &*self.0.running.lock() {
            Running::Loops(loops, _) => Some(loops.health()),
            #[cfg(feature = "testing")]
            Running::ByHand(_) => None,
            Running::Closed => None,
        }
    }

    /// The origin of a new chain of events, as of a new request.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    /// use ticketing::core::usecase::orders::PlaceOrder;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// # let opera = market.sell(seller, "Opera").price(4500, "EUR").places(2).await?;
    /// let origin = market.origin().with_extension("tenant", "north")?;
    /// let order = market.orders().place_order(PlaceOrder::new(buyer, opera.id), origin).await?;
    /// assert_eq!(order.buyer, buyer);
    /// assert_ne!(market.origin().correlation, market.origin().correlation);
    /// # market.close().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn origin(&self) -> Origin {
        let env = self.env();
        Origin::new(env.uuid(env.now()))
    }

    /// Stops everything in order: what was begun is decided, and what was decided is published.
    ///
    /// Events that are published and not handled yet come after the next start. In memory there is none, so they are
    /// handled first, for up to five seconds.
    ///
    /// Commands are [`Error::Unavailable`] from then on. Closing twice does no harm.
    ///
    /// # Errors
    ///
    /// [`LoopEnded`] if a loop had ended before: what was acknowledged is safe all the same.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops everything at once; what was acknowledged is safe, and published after the next start.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{AccountId, Market};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let market = Market::builder().open().await?;
    /// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
    /// market.close().await?;
    /// let too_late = market.sell(seller, "Opera").price(4500, "EUR").await;
    /// assert_eq!(too_late.unwrap_err().code(), "unavailable");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(&self) -> Result<(), LoopEnded> {
        let running = std::mem::replace(&mut *self.0.running.lock(), Running::Closed);
        match running {
            Running::Loops(loops, on_their_way) => stop(loops, on_their_way, &self.0.services.outboxes).await,
            #[cfg(feature = "testing")]
            Running::ByHand(_) => Ok(()),
            Running::Closed => Ok(()),
        }
    }

    /// Carries out a command; in a test, once everything before it has settled.
    pub(crate) async fn carry_out<T>(
        &self,
        command: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        if matches!(*self.0.running.lock(), Running::Closed) {
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

    #[cfg(feature = "testing")]
    pub(crate) fn stepped_loops(&self) -> Option<Arc<ManualLoops>> {
        match &*self.0.running.lock() {
            Running::ByHand(loops) => Some(Arc::clone(loops)),
            Running::Loops(..) | Running::Closed => None,
        }
    }
}

fn closed() -> Error {
    Error::unavailable(Closed)
}

impl Drop for Inner {
    fn drop(&mut self) {
        let running = std::mem::replace(self.running.get_mut(), Running::Closed);
        let Running::Loops(loops, on_their_way) = running else { return };
        let outboxes = std::mem::take(&mut self.services.outboxes);
        let unstopped = Unstopped(Some(loops.health()));
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(stop_and_tell(loops, on_their_way, outboxes, unstopped))),
            Err(_) => drop(unstopped),
        }
    }
}

/// A market that nobody closed, until it has stopped all the same. Dropped before that, it says so.
struct Unstopped(Option<LoopHealth>);

impl Drop for Unstopped {
    fn drop(&mut self) {
        // A loop that the runtime dropped before has said the same.
        if self.0.take().is_some_and(|health| health.first_ended().is_none()) {
            tracing::warn!("a market ended at once: call `close()` on it before its runtime ends");
        }
    }
}

/// Stops the loops of a market, once everything is handled that would be gone.
async fn stop(
    loops: Box<RunningLoops>,
    on_their_way: Option<OnTheirWay>,
    outboxes: &[(&'static str, Arc<dyn Outbox>)],
) -> Result<(), LoopEnded> {
    if let Some(events) = on_their_way {
        events.handled(outboxes).await;
    }
    loops.stop().await
}

/// Stops the loops of a market that nobody closed, and logs which events nobody has heard of yet.
async fn stop_and_tell(
    loops: Box<RunningLoops>,
    on_their_way: Option<OnTheirWay>,
    outboxes: Outboxes,
    mut unstopped: Unstopped,
) {
    let stopped = stop(loops, on_their_way, &outboxes).await;
    unstopped.0 = None;
    if let Err(ended) = stopped {
        tracing::warn!(%ended, "a market was dropped, and not closed: {ended}");
    }
    let mut left = Vec::new();
    for (service, outbox) in outboxes {
        match outbox.pending(None, 1000).await {
            Ok(pending) if pending.events.is_empty() => {}
            Ok(pending) => left.push(format!("{} of {service}", pending.events.len())),
            Err(_) => left.push(format!("an unknown number of {service}")),
        }
    }
    let left = if left.is_empty() { "nothing".to_owned() } else { left.join(", ") };
    tracing::warn!(left, "a market was dropped, and not closed; events that are not published: {left}");
}
