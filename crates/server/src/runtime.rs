//! Runs what repeats behind the routes, and ends it in order.
//!
//! The order of the end: readiness off, HTTP drained, subscriptions stopped,
//! handlers drained and settled, desks drained, relays flushed. What a stage
//! still needs is stopped after it, so nothing that was acknowledged is left
//! behind in this process.

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::task::{JoinError, JoinHandle};

use ticketing_core::assembly::Loops;
use ticketing_core::flow::shutdown::{ShutdownTrigger, shutdown};

use crate::marketplace::App;

/// A marketplace that is put together and does not run yet.
#[derive(Debug)]
#[must_use = "nothing happens until it is started"]
pub struct Assembly {
    /// What handlers work with.
    pub app: App,
    /// What repeats behind them.
    pub loops: Loops,
    /// Ends what holds connections open, live updates for one.
    pub http_stops: ShutdownTrigger,
}

/// A marketplace that runs, until it is stopped or dropped.
#[derive(Debug)]
#[must_use = "whoever drops it stops the loops"]
pub struct Running {
    app: App,
    http_stops: ShutdownTrigger,
    loops_stop: ShutdownTrigger,
    loops: JoinHandle<()>,
}

impl Assembly {
    /// Starts every loop on the runtime of the caller, and says that requests are taken.
    pub fn start(self) -> Running {
        let Self { app, loops, http_stops } = self;
        let (loops_stop, stopped) = shutdown();
        let world = app.world.clone();
        let loops = tokio::spawn(async move { loops.run(world, stopped, &spawn).await });
        app.health.set_ready();
        Running { app, http_stops, loops_stop, loops }
    }
}

impl Running {
    /// Says that no more requests are wanted, and ends what would hold connections open.
    pub fn drain(&self) {
        self.app.health.set_stopping();
        self.http_stops.request();
    }

    /// Ends every loop in order, once HTTP is drained.
    pub async fn stop(self) {
        self.drain();
        self.loops_stop.request();
        self.loops.await.unwrap_or_else(ended_early);
    }
}

fn spawn(task: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
    let task = tokio::spawn(task);
    async move { task.await.unwrap_or_else(ended_early) }.boxed()
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed over like this")]
fn ended_early(error: JoinError) {
    tracing::error!(%error, "a loop ended before its time");
}
