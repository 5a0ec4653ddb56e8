//! What runs behind a market, until it is closed or dropped.

use std::sync::Arc;

use ticketing_core::assembly::{LoopEnded, LoopHealth, RunningLoops};
use ticketing_core::ports::outbox::Outbox;
#[cfg(feature = "testing")]
use ticketing_memory::ManualLoops;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::on_their_way::OnTheirWay;

use super::{Inner, Market, Outboxes};

/// What runs behind a market.
#[derive(Debug)]
pub(crate) enum Running {
    /// Its loops, by themselves; and what they stand on.
    Loops(Box<RunningLoops>, Beneath),
    /// Its loops, when a test says so.
    #[cfg(feature = "testing")]
    ByHand(Arc<ManualLoops>),
    /// Nothing that is asked for any more; its end may still be on its way.
    Closed(Option<Ending>),
}

/// How a market that is closed ends, once it has.
type Ending = watch::Receiver<Option<Result<(), LoopEnded>>>;

/// What a market stands on, as far as that ends with it.
#[derive(Debug)]
pub(crate) enum Beneath {
    /// Memory, with which events are gone that are on their way.
    Memory(OnTheirWay),
    /// A file that was opened for it.
    #[cfg(feature = "sqlite")]
    File(ticketing_sqlite::SqliteFile),
    /// Engines of the application's.
    Engines,
}

impl Market {
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
            Running::Closed(_) => None,
        }
    }

    /// Stops everything in order: what was begun is decided, and what was decided is published.
    ///
    /// Events that are published and not handled yet come after the next start. In memory there is none, so they are
    /// handled first, for up to five seconds.
    ///
    /// A file that was opened for the market is closed, and another process may open it.
    ///
    /// Commands are [`Error::Unavailable`](crate::Error::Unavailable) from then on. To close twice does no harm, and waits
    /// for the same end.
    ///
    /// # Errors
    ///
    /// [`LoopEnded`] if a loop had ended before: what was acknowledged is safe all the same.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing: everything stops in the same order as long as the runtime lives, and the next
    /// call waits for the rest.
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
        let Some(mut ending) = self.begin_closing() else { return Ok(()) };
        // It fails if the runtime ended, and everything with it at once.
        ending.wait_for(Option::is_some).await.ok().and_then(|ended| ended.clone()).unwrap_or(Ok(()))
    }

    /// Has everything stopped by a task of its own, so that it comes to its end even if nobody waits for that.
    fn begin_closing(&self) -> Option<Ending> {
        let mut running = self.0.running.lock();
        match std::mem::replace(&mut *running, Running::Closed(None)) {
            Running::Loops(loops, beneath) => {
                let (tell, ending) = watch::channel(None);
                let outboxes = self.0.services.outboxes.clone();
                tokio::spawn(async move { tell.send_replace(Some(stop(loops, beneath, &outboxes).await)) });
                *running = Running::Closed(Some(ending));
            }
            #[cfg(feature = "testing")]
            Running::ByHand(_) => {}
            closed @ Running::Closed(_) => *running = closed,
        }
        let Running::Closed(ending) = &*running else { return None };
        ending.clone()
    }

    #[cfg(feature = "testing")]
    pub(crate) fn stepped_loops(&self) -> Option<Arc<ManualLoops>> {
        match &*self.0.running.lock() {
            Running::ByHand(loops) => Some(Arc::clone(loops)),
            Running::Loops(..) | Running::Closed(_) => None,
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let running = std::mem::replace(self.running.get_mut(), Running::Closed(None));
        let Running::Loops(loops, beneath) = running else { return };
        let outboxes = std::mem::take(&mut self.services.outboxes);
        let unstopped = Unstopped(Some(loops.health()));
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(stop_and_tell(loops, beneath, outboxes, unstopped))),
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

/// Stops the loops of a market, once everything is handled that would be gone, and closes what it stands on.
async fn stop(
    loops: Box<RunningLoops>,
    beneath: Beneath,
    outboxes: &[(&'static str, Arc<dyn Outbox>)],
) -> Result<(), LoopEnded> {
    let stopped = stop_loops(loops, &beneath, outboxes).await;
    close(beneath).await;
    stopped
}

async fn stop_loops(
    loops: Box<RunningLoops>,
    beneath: &Beneath,
    outboxes: &[(&'static str, Arc<dyn Outbox>)],
) -> Result<(), LoopEnded> {
    if let Beneath::Memory(events) = beneath {
        events.handled(outboxes).await;
    }
    loops.stop().await
}

async fn close(beneath: Beneath) {
    match beneath {
        #[cfg(feature = "sqlite")]
        Beneath::File(file) => file.close().await,
        Beneath::Memory(_) | Beneath::Engines => {}
    }
}

/// Stops the loops of a market that nobody closed, and logs which events nobody has heard of yet.
async fn stop_and_tell(loops: Box<RunningLoops>, beneath: Beneath, outboxes: Outboxes, mut unstopped: Unstopped) {
    let stopped = stop_loops(loops, &beneath, &outboxes).await;
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
    close(beneath).await;
    let left = if left.is_empty() { "nothing".to_owned() } else { left.join(", ") };
    tracing::warn!(left, "a market was dropped, and not closed; events that are not published: {left}");
}
