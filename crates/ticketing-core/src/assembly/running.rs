//! Loops that run, and how they stop in order.

use std::pin::pin;
use std::time::Duration;

use futures_channel::oneshot;
use futures_util::future::{self, BoxFuture, join_all};

use crate::messaging::driver::{Driver, Pace};
use crate::messaging::panic::caught;
use crate::messaging::shutdown::{Shutdown, ShutdownTrigger, shutdown};
use crate::ports::clock::ClockAndIds;
use crate::usecase::orders::batcher::OrderBatchers;

use super::health::{LoopEnded, LoopHealth, Watch};
use super::loops::Loops;

/// Starts a future beside the others. With tokio: `&|task| drop(tokio::spawn(task))`.
pub type Spawn<'a> = &'a (dyn Fn(BoxFuture<'static, ()>) + Send + Sync);

/// Loops that run until they are stopped.
///
/// Dropped, all of them end, but in no order.
#[derive(Debug)]
#[must_use = "loops are stopped in order only by `stop`"]
pub struct RunningLoops {
    health: LoopHealth,
    intake: Stage,
    batchers: Vec<OrderBatchers>,
    decide: Stage,
    relays: Stage,
}

/// Under load, events wait for each other: each pass of a relay costs the store and the transport about the same, and
/// each publication wakes all who follow. Measured, orders come a tenth faster on two cores.
const GATHER: Duration = Duration::from_millis(40);

/// Loops that are told to stop together.
#[derive(Debug)]
struct Stage {
    tell: ShutdownTrigger,
    stop: Shutdown,
    ends: Vec<oneshot::Receiver<()>>,
}

impl Loops {
    /// Starts every loop.
    pub fn start(self, env: ClockAndIds, spawn: Spawn<'_>) -> RunningLoops {
        let ClockAndIds { clock, ids } = env;
        let driver = |stop: &Shutdown| Driver { clock: clock.clone(), ids: ids.clone(), shutdown: stop.clone() };
        let health = LoopHealth::new();
        let start = Start { health: health.clone(), spawn };
        let (mut intake, mut decide, mut relays) = (Stage::new(), Stage::new(), Stage::new());
        for (step, pace) in self.intake {
            let (name, driver) = (step.name().to_owned(), driver(&intake.stop));
            start.run(&mut intake, name, async move { driver.drive(step, pace).await });
        }
        let (batchers, run): (Vec<_>, Vec<_>) = self.batchers.into_iter().unzip();
        for batcher in run.into_iter().flatten() {
            start.run(&mut decide, "order-batcher".to_owned(), batcher.run());
        }
        let pace = Pace { gather: GATHER, ..Pace::default() };
        for step in self.relays {
            let (name, driver) = (step.name().to_owned(), driver(&relays.stop));
            start.run(&mut relays, name, async move { driver.drive(step, pace).await });
        }
        RunningLoops { health, intake, batchers, decide, relays }
    }

    /// Runs everything until `stop`, or until a loop ends early, and then stops what is left in order.
    ///
    /// # Errors
    ///
    /// [`LoopEnded`] if a loop ended before it was told to: what was acknowledged is safe. End the
    /// process, or start the loops again.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::assembly::Settings;
    /// use ticketing_core::messaging::shutdown::shutdown;
    /// use ticketing_memory::MemoryEngines;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let engines = MemoryEngines::default();
    /// let (_tickets, loops) = engines.service_context(Settings::default()).tickets(engines.ticket_ports())?;
    /// let (trigger, stop) = shutdown();
    /// let env = engines.env.clone();
    /// let service = tokio::spawn(async move { loops.run(env, stop, &|task| drop(tokio::spawn(task))).await });
    /// trigger.request();
    /// service.await??;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run(self, env: ClockAndIds, stop: Shutdown, spawn: Spawn<'_>) -> Result<(), LoopEnded> {
        let running = self.start(env, spawn);
        let health = running.health();
        future::select(pin!(stop.requested()), pin!(health.one_ended())).await.factor_first();
        running.stop().await
    }
}

impl RunningLoops {
    /// Whether all of them still run.
    #[must_use]
    pub fn health(&self) -> LoopHealth {
        self.health.clone()
    }

    /// Stops everything in order, so that nothing is left half done: what brings work in, then the order
    /// batchers, then the relays, which publish what is left.
    ///
    /// # Errors
    ///
    /// [`LoopEnded`], the first, if a loop ended before it was told to or panicked on its way out.
    pub async fn stop(self) -> Result<(), LoopEnded> {
        let Self { health, intake, batchers, decide, relays } = self;
        intake.end(|| {}).await;
        decide.end(|| batchers.iter().for_each(OrderBatchers::close)).await;
        relays.end(|| {}).await;
        health.first_ended().cloned().map_or(Ok(()), Err)
    }
}

impl Stage {
    fn new() -> Self {
        let (tell, stop) = shutdown();
        Self { tell, stop, ends: Vec::new() }
    }

    /// Tells every loop of the stage to stop, and waits until their tasks are gone.
    async fn end(self, close: impl FnOnce()) {
        self.tell.request();
        close();
        join_all(self.ends).await;
    }
}

/// What each loop is started with.
struct Start<'a> {
    health: LoopHealth,
    spawn: Spawn<'a>,
}

impl Start<'_> {
    fn run(&self, stage: &mut Stage, name: String, task: impl Future<Output = ()> + Send + 'static) {
        let (watch, end) = Watch::new(name, self.health.clone(), stage.stop.clone());
        stage.ends.push(end);
        (self.spawn)(Box::pin(async move { watch.end(caught(task).await) }));
    }
}
