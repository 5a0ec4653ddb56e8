//! Many steps of a preparation at once, each tried again for a while.

use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};

use crate::tell;

/// How long a step is tried again.
pub(super) const LONGEST: Duration = Duration::from_secs(120);
/// The server hashes few passwords at a time, and is asked for no more than it can do.
const AT_ONCE: usize = 8;
/// How long to wait where the server does not say.
const PAUSE: Duration = Duration::from_millis(50);

/// Does a step for each number below `count`, some at once, and reports progress.
pub(super) async fn in_parallel<T: Send, E: Send, S: Future<Output = Result<T, E>> + Send>(
    what: &str,
    count: usize,
    step: impl Fn(usize) -> S + Send,
) -> Result<Vec<T>, E> {
    let mut steps = stream::iter((0..count).map(step)).buffered(AT_ONCE);
    let mut made = Vec::with_capacity(count);
    while let Some(one) = steps.try_next().await? {
        made.push(one);
        if made.len().is_multiple_of(count.div_ceil(4)) || made.len() == count {
            tell(format_args!("setup: {what} {} of {count}", made.len()));
        }
    }
    Ok(made)
}

/// How much longer a step is tried again.
#[derive(Debug)]
pub(super) struct Patience {
    until: Instant,
}

impl Default for Patience {
    fn default() -> Self {
        Self { until: Instant::now() + LONGEST }
    }
}

impl Patience {
    /// Waits as long as the server asks for; `None` once patience is at its end.
    pub(super) async fn wait(&mut self, asked_for: Option<Duration>) -> Option<()> {
        if Instant::now() >= self.until {
            return None;
        }
        tokio::time::sleep(asked_for.unwrap_or(PAUSE)).await;
        Some(())
    }
}
