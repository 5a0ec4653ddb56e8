//! Runs what repeats behind the routes, and ends it in order.
//!
//! The order of the end: readiness off, HTTP drained, subscriptions stopped,
//! handlers drained and settled, batchers drained, relays flushed. What a stage
//! still needs is stopped after it, so nothing that was acknowledged is left
//! behind in this process.
//!
//! A loop that ends before it is told to leaves a process that does only a part
//! of its work. From then on `/livez` fails; the program learns of it by
//! [`Running::failed`] and stops. Its state is safe, so it may be started again
//! at once.

use std::fmt;
use std::pin::Pin;

use tokio::task::JoinHandle;

use ticketing_core::assembly::{LoopEnded, LoopHealth, Loops};
use ticketing_core::messaging::shutdown::{ShutdownTrigger, shutdown};
use ticketing_core::ports::BoxError;

use crate::live::LiveUpdates;
use crate::remote::RemoteServices;
use crate::site::StandIns;
use crate::state::App;

/// A marketplace that is put together and does not run yet.
#[derive(Debug)]
#[must_use = "nothing happens until it is started"]
pub struct Assembly {
    /// What handlers work with.
    pub app: App,
    /// Hands live updates to listeners.
    pub live: LiveUpdates,
    /// The services that run in other processes.
    pub remote: RemoteServices,
    /// What stands for a bank and for mailboxes, where nothing takes the money or sends mail.
    pub stand_ins: StandIns,
    /// What repeats behind them.
    pub loops: Loops,
    /// Ends what holds connections open, live updates for one.
    pub http_stops: ShutdownTrigger,
    /// What is closed once everything else has ended.
    pub at_end: AtEnd,
}

/// What is closed once everything else has ended, such as a file that another process may then open; nothing by default.
///
/// # Examples
///
/// ```
/// use ticketing_server::runtime::AtEnd;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (told, closed) = tokio::sync::oneshot::channel();
/// let at_end = AtEnd::new(|| async { drop(told.send("closed")) });
/// at_end.close().await;
/// assert_eq!(closed.await, Ok("closed"));
/// # }
/// ```
#[derive(Default)]
#[must_use = "dropping it closes nothing"]
pub struct AtEnd(Option<Close>);

type Close = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

impl AtEnd {
    /// Closes something so.
    pub fn new<F>(close: impl FnOnce() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self(Some(Box::new(|| Box::pin(close()))))
    }

    /// Closes it.
    pub async fn close(self) {
        if let Some(close) = self.0 {
            close().await;
        }
    }
}

impl fmt::Debug for AtEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtEnd").field("is_empty", &self.0.is_none()).finish()
    }
}

/// A marketplace that runs, until it is stopped or dropped.
#[derive(Debug)]
#[must_use = "dropping it stops the loops"]
pub struct Running {
    app: App,
    http_stops: ShutdownTrigger,
    loops_stop: ShutdownTrigger,
    health: LoopHealth,
    loops: JoinHandle<Result<(), LoopEnded>>,
    at_end: AtEnd,
}

impl Assembly {
    /// Starts every loop on the runtime of the caller, and says that requests are taken.
    pub fn start(self) -> Running {
        let Self { app, loops, http_stops, at_end, .. } = self;
        let (loops_stop, stopped) = shutdown();
        let running = loops.start(app.env.clone(), &|task| drop(tokio::spawn(task)));
        let health = running.health();
        app.health.watch(health.clone());
        let loops = tokio::spawn(async move {
            stopped.requested().await;
            running.stop().await
        });
        app.health.set_ready();
        Running { app, http_stops, loops_stop, health, loops, at_end }
    }
}

impl Running {
    /// Waits until a loop ends that was not told to: then stop the marketplace.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    pub async fn failed(&self) {
        self.health.one_ended().await;
    }

    /// Says that no more requests are wanted, and ends what would hold connections open.
    pub fn drain(&self) {
        self.app.health.set_stopping();
        self.http_stops.request();
    }

    /// Ends every loop in order, once HTTP is drained, and closes what is closed at the end.
    ///
    /// # Errors
    ///
    /// [`LoopEnded`] if a loop ended before it was told to. The state is safe all the same.
    pub async fn stop(self) -> Result<(), BoxError> {
        self.drain();
        self.loops_stop.request();
        let ended = self.loops.await;
        self.at_end.close().await;
        Ok(ended??)
    }
}
