//! The loops behind services: started together, stopped in order.

use futures::future::{BoxFuture, join_all};

use crate::flow::consumer::{Consumer, ConsumerCounts};
use crate::flow::desk::{Desk, Desks};
use crate::flow::driver::{Driver, Pace, Step};
use crate::flow::relay::Relay;
use crate::flow::shutdown::{Shutdown, shutdown};
use crate::ports::BoxError;
use crate::usecase::World;

/// Starts a future beside the others and returns another that ends with it.
///
/// With tokio: `|task| { let task = tokio::spawn(task); async move { task.await.unwrap_or_default() }.boxed() }`.
pub type Spawn<'a> = &'a (dyn Fn(BoxFuture<'static, ()>) -> BoxFuture<'static, ()> + Send + Sync);

/// What repeats behind one service, or several.
#[derive(Default)]
#[must_use = "a service whose loops are not run hears and says nothing"]
pub struct Loops {
    intake: Vec<(Box<dyn Step>, Pace)>,
    desks: Vec<(Desks, Vec<Desk>)>,
    relays: Vec<Box<dyn Step>>,
    counts: Vec<(String, ConsumerCounts)>,
}

impl std::fmt::Debug for Loops {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.intake.iter().map(|(step, _)| step.name()).collect();
        f.debug_struct("Loops").field("intake", &names).finish_non_exhaustive()
    }
}

impl Loops {
    /// Both together.
    pub fn and(mut self, other: Self) -> Self {
        self.intake.extend(other.intake);
        self.desks.extend(other.desks);
        self.relays.extend(other.relays);
        self.counts.extend(other.counts);
        self
    }

    /// Puts each step into another that does the same and watches it, to count it for one.
    pub fn watched(self, watch: impl Fn(Box<dyn Step>) -> Box<dyn Step>) -> Self {
        let intake = self.intake.into_iter().map(|(step, pace)| (watch(step), pace)).collect();
        let relays = self.relays.into_iter().map(&watch).collect();
        Self { intake, relays, ..self }
    }

    /// Adds a consumer.
    pub(super) fn consume(&mut self, consumer: Consumer) {
        self.counts.push((consumer.name().to_owned(), consumer.counts()));
        self.take_in(Box::new(consumer), Pace::default());
    }

    /// Adds a step that brings work in; stopped first.
    pub fn take_in(&mut self, step: Box<dyn Step>, pace: Pace) {
        self.intake.push((step, pace));
    }

    pub(super) fn decide(&mut self, desks: Desks, decide: Vec<Desk>) {
        self.desks.push((desks, decide));
    }

    pub(super) fn relay(&mut self, relay: Relay) {
        self.relays.push(Box::new(relay));
    }

    /// Counts of each consumer, by its name.
    #[must_use]
    pub fn counts(&self) -> Vec<(String, ConsumerCounts)> {
        self.counts.clone()
    }

    /// Runs everything until `stop`, then ends it in order, so that nothing is left half done:
    /// what brings work in, then the desks, then the relays, which publish what is left.
    pub async fn run(self, world: World, stop: Shutdown, spawn: Spawn<'_>) {
        let (end_relays, relays_end) = shutdown();
        let World { clock, ids } = world;
        let driver = |shutdown| Driver { clock: clock.clone(), ids: ids.clone(), shutdown };
        let (intake_driver, relay_driver) = (driver(stop.clone()), driver(relays_end));
        let intake = join_all(self.intake.into_iter().map(|(step, pace)| {
            let driver = intake_driver.clone();
            spawn(Box::pin(async move { driver.drive(step, pace).await }))
        }));
        let (desks, decide): (Vec<_>, Vec<_>) = self.desks.into_iter().unzip();
        let decide = join_all(decide.into_iter().flatten().map(|desk| spawn(Box::pin(desk.run()))));
        let relays = join_all(self.relays.into_iter().map(|step| {
            let driver = relay_driver.clone();
            spawn(Box::pin(async move { driver.drive(step, Pace::default()).await }))
        }));
        // A service that takes nothing in has relays all the same.
        stop.requested().await;
        intake.await;
        desks.iter().for_each(Desks::close);
        decide.await;
        end_relays.request();
        relays.await;
    }

    /// Steps everything by hand until nothing is left to do; for tests, where time stands still.
    ///
    /// The desks are not steps: run them beside, see [`Loops::take_desks`].
    ///
    /// # Errors
    ///
    /// The first failure of a step.
    pub async fn settle(&mut self) -> Result<(), BoxError> {
        loop {
            let mut done = 0;
            for step in self.relays.iter_mut().chain(self.intake.iter_mut().map(|(step, _)| step)) {
                done += step.step().await?;
            }
            if done == 0 {
                return Ok(());
            }
        }
    }

    /// Takes the desks out, to be run apart from the steps.
    pub fn take_desks(&mut self) -> Vec<Desk> {
        let (_, decide): (Vec<_>, Vec<_>) = std::mem::take(&mut self.desks).into_iter().unzip();
        decide.into_iter().flatten().collect()
    }
}
