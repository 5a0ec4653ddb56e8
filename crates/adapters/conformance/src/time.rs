//! How rules wait: for a condition, never for a duration, and never without end.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::domain::time::Timestamp;

use crate::outcome::broken;

/// The longest that a rule waits for what must happen. It goes on at once when it did.
pub const PATIENCE: Duration = Duration::from_secs(30);

tokio::task_local! {
    static LIMIT: Duration;
}

const TICK: Duration = Duration::from_millis(10);

/// The time in the world of an adapter.
#[async_trait]
pub trait TimeFixture: Send + Sync {
    /// The time as the adapter sees it.
    fn now(&self) -> Timestamp;

    /// Lets `span` pass: advances a clock that is set by hand, waits where time is real.
    async fn pass(&self, span: Duration);
}

/// Runs rules that wait at most `patience` for each thing, in place of [`PATIENCE`]. A macro takes it as
/// `patience = …` behind the fixture.
pub fn with_patience<T>(patience: Duration, rules: impl Future<Output = T>) -> impl Future<Output = T> {
    LIMIT.scope(patience, rules)
}

/// How long a rule waits for what must happen.
pub(crate) fn patience() -> Duration {
    LIMIT.try_with(|limit| *limit).unwrap_or(PATIENCE)
}

/// Awaits what must happen soon, where time does not matter.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T> + Send) -> T {
    match tokio::time::timeout(patience(), future).await {
        Ok(output) => output,
        Err(_) => broken(&in_vain(what)),
    }
}

/// Awaits what must happen soon, while time passes.
pub(crate) async fn meanwhile<T>(time: &dyn TimeFixture, what: &str, future: impl Future<Output = T> + Send) -> T {
    match patiently(time, future).await {
        Some(output) => output,
        None => broken(&in_vain(what)),
    }
}

fn in_vain(what: &str) -> String {
    format!("waited {:?} in vain for this: {what}", patience())
}

/// Awaits what should happen soon, while time passes about as fast as on the wall; `None` if it does not happen.
pub(crate) async fn patiently<T>(time: &dyn TimeFixture, future: impl Future<Output = T> + Send) -> Option<T> {
    let flow = async {
        loop {
            tokio::time::sleep(TICK).await;
            time.pass(TICK).await;
        }
    };
    tokio::select! {
        biased;
        output = future => Some(output),
        () = flow => None,
        () = tokio::time::sleep(patience()) => None,
    }
}

/// Awaits what must not happen; returns it if it does before `span` has passed.
pub(crate) async fn premature<T>(
    time: &dyn TimeFixture,
    span: Duration,
    future: impl Future<Output = T> + Send,
) -> Option<T> {
    let enough = async {
        let end = time.now().after(span);
        while time.now() < end {
            tokio::time::sleep(TICK).await;
            time.pass(TICK).await;
        }
    };
    tokio::select! {
        biased;
        output = future => Some(output),
        () = enough => None,
    }
}

/// Asks again and again until the answer is `Some`.
pub(crate) async fn eventually<T, F>(what: &str, mut ask: impl FnMut() -> F + Send) -> T
where
    T: Send,
    F: Future<Output = Option<T>> + Send,
{
    soon(what, async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(TICK).await;
        }
    })
    .await
}

/// Polls a future so many times, then drops it; `None` unless it was ready by then.
pub(crate) async fn polled<T>(times: usize, future: impl Future<Output = T> + Send) -> Option<T> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
