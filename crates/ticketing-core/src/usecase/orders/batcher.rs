//! Decides orders in batches: orders, their ends, and changes of stock.
//!
//! A batcher is a separate loop. It takes everything in its queue, up to a bound and
//! without waiting for more, decides in order of arrival, commits the decisions as
//! one unit of work, and answers each. One commit per batch is what makes a hot
//! ticket as cheap as a thousand quiet ones.
//!
//! Tickets are spread over a few batchers by id, so within a process a ticket is
//! always decided in one place, and commits collide only between processes.
//!
//! A batch that cannot be decided as a whole is split by ticket, whatever the
//! reason: one ticket in trouble, or one that makes this code panic, fails nobody else.
//!
//! Invariant: an answer is sent only after the decision behind it is committed.
//! A caller that stops waiting ends its own wait and nothing else.

mod command;
mod counts;
mod decide;
mod in_flight;
mod isolate;
mod needs;
mod run;
mod state;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_channel::mpsc::{UnboundedSender, unbounded};
use futures_channel::oneshot;

use crate::domain::hold_limits::HoldLimits;
use crate::domain::ids::TicketId;
use crate::domain::order::Order;
use crate::domain::stock::OrderRequest;
use crate::ports::clock::ClockAndIds;
use crate::ports::order_store::OrderStore;
use crate::usecase::error::Error;
use crate::wire::Origin;

use command::QueuedCommand;
use counts::Counts;
use in_flight::InFlightOrders;

pub use command::{Decision, OrderAction, OrderCommand};
pub use counts::OrderCounts;
pub use run::OrderBatcher;

/// How the batchers of a process work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatcherConfig {
    /// The number of batchers; tickets are spread over them by id. With two, one decides while the other waits for its
    /// commit; more make more and smaller commits of the same orders (decision 0077).
    pub batchers: usize,
    /// The most commands in one batch.
    pub max_batch: usize,
    /// The most commands that one batcher queues, give or take one for each thread; a command beyond that is refused
    /// as [`QueueFull`].
    pub max_queued: usize,
    /// The number of stocks that one batcher keeps in memory between batches.
    pub cached_stocks: usize,
    /// How long an order holds its places while it awaits payment.
    pub hold_for: Duration,
    /// How much one buyer may hold.
    pub limits: HoldLimits,
}

impl Default for BatcherConfig {
    fn default() -> Self {
        Self {
            batchers: 2,
            max_batch: 256,
            max_queued: 16_384,
            cached_stocks: 32_768,
            hold_for: Duration::from_secs(15 * 60),
            limits: HoldLimits::default(),
        }
    }
}

/// The queue of a batcher is full: try again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many orders are queued")]
pub struct QueueFull;

/// The batcher has stopped; whether it made the decision is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the order batcher has stopped")]
pub struct BatcherClosed;

/// A follow was decided where an order was asked for; no code path leads here.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("an order command was decided without an order")]
struct NoOrder;

/// Where commands are submitted. A clone leads to the same batchers.
#[derive(Debug, Clone)]
pub struct OrderBatchers {
    queues: Arc<[UnboundedSender<QueuedCommand>]>,
    max_queued: usize,
    counts: Counts,
}

impl OrderBatchers {
    /// Opens batchers over one store. Each [`OrderBatcher`] has to be run as its own task.
    #[must_use]
    pub fn open(store: &Arc<dyn OrderStore>, env: &ClockAndIds, config: BatcherConfig) -> (Self, Vec<OrderBatcher>) {
        let (counts, in_flight) = (Counts::default(), InFlightOrders::default());
        let (queues, batchers): (Vec<_>, Vec<_>) = (0..config.batchers.max(1))
            .map(|_| {
                let (queue, commands) = unbounded();
                let (store, env, counts) = (Arc::clone(store), env.clone(), counts.clone());
                let (stocks, isolated, in_flight) = (HashMap::new(), HashSet::new(), in_flight.clone());
                (queue, OrderBatcher { store, env, config, commands, stocks, isolated, counts, in_flight, batch: None })
            })
            .unzip();
        (Self { queues: queues.into(), max_queued: config.max_queued, counts }, batchers)
    }

    /// Holds places of a ticket, and returns the order once it is committed.
    ///
    /// # Errors
    ///
    /// As [`decide`](Self::decide).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the wait; the order is placed or refused nevertheless.
    pub async fn place(&self, ticket: TicketId, request: OrderRequest, origin: Origin) -> Result<Order, Error> {
        self.decide_order(OrderCommand { ticket, action: OrderAction::Place(request), origin }).await
    }

    /// As [`decide`](Self::decide), for a command about an order.
    pub(super) async fn decide_order(&self, command: OrderCommand) -> Result<Order, Error> {
        match self.decide(command).await? {
            Decision::Order(order) => Ok(order),
            Decision::Followed => Err(Error::Broken(Arc::new(NoOrder))),
        }
    }

    /// Submits a command and waits until it is decided and committed.
    ///
    /// # Errors
    ///
    /// Whatever the domain refuses, and [`Error::Unavailable`] if the queue is full or the store
    /// does not answer; the decision may then have been committed all the same.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the wait; the command is decided nevertheless.
    pub async fn decide(&self, command: OrderCommand) -> Result<Decision, Error> {
        let decided = self.submit(command)?;
        decided.await.map_err(|_| Error::unavailable(BatcherClosed))?
    }

    /// Queues a command; commands about one ticket are decided in the order they are submitted in.
    pub(crate) fn submit(&self, command: OrderCommand) -> Result<oneshot::Receiver<Result<Decision, Error>>, Error> {
        let queue = self.queue_of(command.ticket);
        // Callers that look at the same moment may add a command each.
        if queue.len() >= self.max_queued {
            return Err(Error::unavailable(QueueFull));
        }
        let (answer, receiver) = oneshot::channel();
        let queued = queue.unbounded_send(QueuedCommand { command, answer });
        queued.map(|()| receiver).map_err(|_| Error::unavailable(BatcherClosed))
    }

    /// The number of commands that are queued.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queues.iter().map(UnboundedSender::len).sum()
    }

    /// How often deciding a batch panicked; its commands are answered as broken.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.counts.0.panics.load(Ordering::Relaxed)
    }

    /// What was decided and committed here.
    #[must_use]
    pub fn orders(&self) -> OrderCounts {
        self.counts.orders()
    }

    /// Accepts no more commands; those that are queued are still decided.
    pub fn close(&self) {
        for queue in self.queues.iter() {
            queue.close_channel();
        }
    }

    fn queue_of(&self, ticket: TicketId) -> &UnboundedSender<QueuedCommand> {
        // The last bytes of a UUID of version 7 are random.
        let [.., low, last] = ticket.uuid().into_bytes();
        let queue = usize::from(u16::from_le_bytes([last, low])) % self.queues.len();
        self.queues.get(queue).expect("a remainder is less than its divisor, and there is at least one queue")
    }
}
