//! Loops that a test steps, on a clock that it moves.

use std::time::Duration;

use ticketing_core::assembly::{LoopFailed, Loops};
use ticketing_core::ports::error_chain;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::ManualClock;

/// The loops behind services, which a test steps by hand where a program lets them run.
///
/// Time stands still unless the test [advances](Self::advance) it, or something that it runs has to sleep.
/// Only the batchers of orders run by themselves, as tasks of tokio. Dropping the value is `kill -9`: what the engines
/// hold is what is left.
///
/// # Examples
///
/// An order whose payment window elapses:
///
/// ```
/// use std::time::Duration;
/// use ticketing_core::assembly::Settings;
/// use ticketing_core::usecase::{orders::PlaceOrder, tickets::CreateTicket};
/// use ticketing_core::wire::Origin;
/// use ticketing_memory::{ManualClock, ManualLoops, MemoryEngines};
/// # use ticketing_core::domain::{ids::AccountId, ticket::{Offer, OfferInput}};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
/// # let input = OfferInput { title: "Opera", amount: 4500, currency: "EUR", quantity: 1, ..OfferInput::default() };
/// # let offer = Offer::parse(input)?;
/// let clock = ManualClock::default();
/// let engines = MemoryEngines::new(clock.with_sequential_ids());
/// let context = engines.service_context(Settings::default());
/// let (tickets, ticket_loops) = context.tickets(engines.ticket_ports())?;
/// let (orders, order_loops) = context.orders(engines.order_ports())?;
/// let expiration = context.expiration(engines.expiration_ports())?;
/// let loops = ManualLoops::start(ticket_loops.and(order_loops).and(expiration), &clock);
/// # let origin = || Origin::new(engines.env.uuid(engines.env.now()));
///
/// let opera = tickets.create_ticket(CreateTicket::new(seller, offer), origin()).await?.ticket;
/// let order = loops.carry_out(orders.place_order(PlaceOrder::new(buyer, opera.id), origin())).await?;
/// loops.advance(Duration::from_mins(15)).await?;
/// assert!(orders.order(order.id, buyer).await?.pay_by().is_err(), "nobody has paid it");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ManualLoops {
    clock: ManualClock,
    loops: Mutex<Loops>,
    batchers: JoinSet<()>,
}

impl ManualLoops {
    /// Takes the loops over; their batchers run from now on. The clock is that of the services.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, if the loops have batchers.
    #[must_use = "dropping it ends the batchers"]
    pub fn start(loops: Loops, clock: &ManualClock) -> Self {
        let mut stepped = Self { clock: clock.clone(), loops: Mutex::default(), batchers: JoinSet::new() };
        stepped.add(loops);
        stepped
    }

    /// Adds the loops of more services, such as those of another process.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub fn add(&mut self, mut loops: Loops) {
        for batcher in loops.take_batchers() {
            self.batchers.spawn(batcher.run());
        }
        let mine = self.loops.get_mut();
        *mine = std::mem::take(mine).and(loops);
    }

    /// The clock that the loops go by.
    #[must_use]
    pub const fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// Steps every loop until nothing is left to do: all events have arrived, and what is due has happened.
    ///
    /// # Errors
    ///
    /// [`LoopFailed`], the first: a fault, or a handler for which something is unavailable. The next call tries again.
    pub async fn settle(&self) -> Result<(), LoopFailed> {
        let mut loops = self.loops.lock().await;
        self.clock.run(loops.settle()).await
    }

    /// Lets time pass, and then settles.
    ///
    /// # Errors
    ///
    /// As [`settle`](Self::settle).
    pub async fn advance(&self, span: Duration) -> Result<(), LoopFailed> {
        self.clock.advance(span);
        self.settle().await
    }

    /// Settles and then [runs](ManualClock::run) a command, so that it finds what earlier ones have led to.
    ///
    /// A loop that fails is logged and tried again with the next command, as a running loop would.
    pub async fn carry_out<T>(&self, command: impl Future<Output = T> + Send) -> T {
        if let Err(error) = self.settle().await {
            tracing::debug!(cause = error_chain(&error), "a loop failed");
        }
        self.clock.run(command).await
    }

    /// Drops the loops where they stand, as the end of their process would; nothing is stepped from now on.
    pub async fn kill(&self) {
        *self.loops.lock().await = Loops::default();
    }
}
