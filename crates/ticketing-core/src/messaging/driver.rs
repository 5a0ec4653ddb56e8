//! Runs steps until told to stop.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{self, Either};

use crate::domain::time::Timestamp;
use crate::ports::clock::{Clock, Ids};
use crate::ports::{BoxError, error_chain};

use super::backoff::Backoff;
use super::shutdown::Shutdown;

/// Something that repeats: one bounded batch at a time.
///
/// Running a step twice, or by two processes at once, does no harm.
///
/// # Examples
///
/// ```
/// use ticketing_core::{messaging::driver::Step, ports::BoxError};
///
/// /// Sweeps up to ten old forms at a time.
/// #[derive(Debug)]
/// struct Sweep(Vec<&'static str>);
///
/// #[async_trait::async_trait]
/// impl Step for Sweep {
///     fn name(&self) -> &str {
///         "sweep"
///     }
///
///     async fn step(&mut self) -> Result<usize, BoxError> {
///         Ok(self.0.drain(..self.0.len().min(10)).count())
///     }
///
///     async fn idle(&mut self) {
///         std::future::pending().await
///     }
///
///     async fn finish(self: Box<Self>) {}
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), BoxError> {
/// let mut sweep = Sweep(vec!["form"; 12]);
/// assert_eq!((sweep.step().await?, sweep.step().await?, sweep.step().await?), (10, 2, 0));
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Step: Send + Sync + fmt::Debug {
    /// What it is called in logs and metrics.
    fn name(&self) -> &str;

    /// Does one batch and returns how much that was; 0 means there is nothing to do.
    ///
    /// # Errors
    ///
    /// Whatever kept it from doing more; the driver waits and tries again, without end.
    async fn step(&mut self) -> Result<usize, BoxError>;

    /// Waits until there may be something to do. It only lowers latency.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    async fn idle(&mut self);

    /// Leaves things so that another process can go on at once.
    async fn finish(self: Box<Self>);
}

/// A step that does as much as this within [`Pace::gather`] has more to do soon.
const MUCH: usize = 16;

/// How a driver paces a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// A step that has nothing to do is tried again after this span at the latest.
    pub period: Duration,
    /// A step that did 16 or more within this span rests as long, and does then together what came meanwhile.
    /// Where less comes, each is done at once.
    pub gather: Duration,
    /// The waits after failures.
    pub backoff: Backoff,
}

impl Default for Pace {
    fn default() -> Self {
        Self { period: Duration::from_secs(1), gather: Duration::ZERO, backoff: Backoff::default() }
    }
}

/// Time, chance and the word to stop, for a driver.
#[derive(Debug, Clone)]
pub struct Driver {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Jitters the waits.
    pub ids: Arc<dyn Ids>,
    /// Says when to stop.
    pub shutdown: Shutdown,
}

/// How much a step did lately.
#[derive(Debug)]
struct Lately {
    since: Timestamp,
    done: usize,
}

impl Lately {
    /// Adds what was done, and says whether that is much for one span; if so, counts from nothing again.
    fn is_much(&mut self, done: usize, now: Timestamp, span: Duration) -> bool {
        if now.since(self.since) >= span {
            *self = Self { since: now, done: 0 };
        }
        self.done += done;
        let is_much = self.done >= MUCH;
        if is_much {
            self.done = 0;
        }
        is_much
    }
}

impl Driver {
    /// Steps until idle, each time after gathering, waits for a wake-up or the period, and again, until told to stop.
    ///
    /// A step that is under way when the word comes is finished first.
    pub async fn drive(&self, mut step: Box<dyn Step>, pace: Pace) {
        let (mut failures, mut lately) = (0, Lately { since: self.clock.now(), done: 0 });
        while !self.shutdown.is_requested() {
            match step.step().await {
                Ok(0) => {
                    failures = 0;
                    self.rest(step.idle(), pace.period).await;
                }
                Ok(done) => {
                    failures = 0;
                    if !pace.gather.is_zero() && lately.is_much(done, self.clock.now(), pace.gather) {
                        self.rest(future::pending(), pace.gather).await;
                    }
                }
                Err(error) => {
                    failures += 1;
                    let wait = pace.backoff.wait(failures, self.clock.now(), &*self.ids);
                    let (name, cause) = (step.name(), error_chain(&*error));
                    tracing::warn!(name, failures, ?wait, cause, "a step failed and will be tried again");
                    self.rest(future::pending(), wait).await;
                }
            }
        }
        step.finish().await;
    }

    async fn rest(&self, wake: impl Future<Output = ()> + Send, span: Duration) {
        let woken = async {
            match future::select(pin!(wake), self.clock.sleep(span)).await {
                Either::Left(_) | Either::Right(_) => {}
            }
        };
        match future::select(pin!(self.shutdown.requested()), pin!(woken)).await {
            Either::Left(_) | Either::Right(_) => {}
        }
    }
}
