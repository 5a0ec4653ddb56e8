//! The loops behind services, collected before they run.

use std::sync::Arc;

use crate::messaging::consumer::Consumer;
use crate::messaging::driver::{Pace, Step};
use crate::messaging::relay::Relay;
use crate::ports::BoxError;
use crate::ports::parking::ParkingLot;
use crate::usecase::orders::batcher::{OrderBatcher, OrderBatchers};

use super::observables::Observables;

/// What repeats behind one service, or several.
///
/// # Examples
///
/// By hand, with your own step beside a service:
///
/// ```
/// use ticketing_core::messaging::driver::{Pace, Step};
/// # use ticketing_core::{assembly::Settings, ports::BoxError};
/// # use ticketing_memory::MemoryEngines;
///
/// # #[derive(Debug)]
/// # struct Sweep(usize);
/// # #[async_trait::async_trait]
/// # impl Step for Sweep {
/// #     fn name(&self) -> &str { "sweep" }
/// #     async fn step(&mut self) -> Result<usize, BoxError> { Ok(std::mem::take(&mut self.0)) }
/// #     async fn idle(&mut self) { std::future::pending().await }
/// #     async fn finish(self: Box<Self>) {}
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let engines = MemoryEngines::default();
/// # let sweep = Sweep(12);
/// let (tickets, mut loops) = engines.service_context(Settings::default()).tickets(engines.ticket_ports())?;
/// loops.take_in(Box::new(sweep), Pace::default());
/// loops.settle().await?;
/// assert_eq!(loops.observables().consumers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["tickets"]);
/// # let _ = tickets;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
#[must_use = "a service whose loops are not run hears and says nothing"]
pub struct Loops {
    pub(super) intake: Vec<(Box<dyn Step>, Pace)>,
    pub(super) batchers: Vec<(OrderBatchers, Vec<OrderBatcher>)>,
    pub(super) relays: Vec<Box<dyn Step>>,
    pub(super) observables: Observables,
}

/// A loop that was stepped by hand failed; stepped again, it tries again.
#[derive(Debug, thiserror::Error)]
#[error("the loop {name} failed")]
pub struct LoopFailed {
    /// Which one: a consumer has the name of its handler.
    pub name: String,
    /// Why, such as a handler for which something is away.
    #[source]
    pub cause: BoxError,
}

impl Loops {
    /// Both together.
    pub fn and(mut self, other: Self) -> Self {
        self.intake.extend(other.intake);
        self.batchers.extend(other.batchers);
        self.relays.extend(other.relays);
        self.observables.extend(other.observables);
        self
    }

    /// Wraps every step in a decorator, for example to count it.
    pub fn watched(self, watch: impl Fn(Box<dyn Step>) -> Box<dyn Step>) -> Self {
        let intake = self.intake.into_iter().map(|(step, pace)| (watch(step), pace)).collect();
        let relays = self.relays.into_iter().map(&watch).collect();
        Self { intake, relays, ..self }
    }

    /// Hands out what a consumer counts, and what it parks.
    pub(super) fn observe(&mut self, name: &str, consumer: &Consumer, parking: Arc<dyn ParkingLot>) {
        self.observables.consumers.push((name.to_owned(), consumer.counts()));
        self.observables.parking.push((name.to_owned(), parking));
    }

    /// Adds a consumer.
    pub(super) fn consuming(mut self, consumer: Consumer, parking: Arc<dyn ParkingLot>) -> Self {
        self.observe(consumer.name(), &consumer, parking);
        self.take_in(Box::new(consumer), Pace::default());
        self
    }

    /// Adds a step that brings work in; stopped first.
    pub fn take_in(&mut self, step: Box<dyn Step>, pace: Pace) {
        self.intake.push((step, pace));
    }

    pub(super) fn decide(&mut self, batchers: OrderBatchers, decide: Vec<OrderBatcher>) {
        self.batchers.push((batchers, decide));
    }

    pub(super) fn relay(&mut self, relay: Relay) {
        self.relays.push(Box::new(relay));
    }

    /// What can be observed of them while they run.
    #[must_use]
    pub fn observables(&self) -> Observables {
        self.observables.clone()
    }

    /// Steps everything by hand until nothing is left to do; for tests, where time stands still.
    ///
    /// The batchers are not steps: run them as tasks, see [`Loops::take_batchers`]. `ManualLoops` of the crate
    /// `ticketing-memory` does both.
    ///
    /// # Errors
    ///
    /// [`LoopFailed`], the first.
    pub async fn settle(&mut self) -> Result<(), LoopFailed> {
        loop {
            let mut done = 0;
            for step in self.relays.iter_mut().chain(self.intake.iter_mut().map(|(step, _)| step)) {
                done += match step.step().await {
                    Ok(done) => done,
                    Err(cause) => return Err(LoopFailed { name: step.name().to_owned(), cause }),
                };
            }
            if done == 0 {
                return Ok(());
            }
        }
    }

    /// Takes the batchers out, to be run apart from the steps.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::usecase::orders::batcher::OrderBatcher;
    /// # use ticketing_core::assembly::Settings;
    /// # use ticketing_memory::MemoryEngines;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let engines = MemoryEngines::default();
    /// # let settings = Settings::default();
    /// let (_orders, mut loops) = engines.service_context(settings).orders(engines.order_ports())?;
    /// let batchers = loops.take_batchers();
    /// assert_eq!(batchers.len(), settings.batcher.batchers);
    /// let tasks: Vec<_> = batchers.into_iter().map(OrderBatcher::run).map(tokio::spawn).collect();
    /// loops.settle().await?;
    /// # tasks.iter().for_each(|task| task.abort());
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_batchers(&mut self) -> Vec<OrderBatcher> {
        let (_, decide): (Vec<_>, Vec<_>) = std::mem::take(&mut self.batchers).into_iter().unzip();
        decide.into_iter().flatten().collect()
    }
}
