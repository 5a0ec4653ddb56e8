//! Every published event that is retained, read once from the beginning.

use std::fmt;

use async_trait::async_trait;

use super::transport::{Arrival, TransportError};

/// How far a log has been read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogProgress {
    /// Messages read, or skipped because they are no longer retained.
    pub read: u64,
    /// Messages in the log when it was opened.
    pub total: u64,
}

/// Reads topics from the oldest message to the last one at the time the log was opened.
///
/// It joins no group and moves no position.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `log`.
///
/// - A log ends at its end when opened, in the order of each subject: `a_log_ends_where_it_ended`.
///
/// # Examples
///
/// ```
/// use ticketing::{AccountId, Market};
/// use ticketing_core::domain::event::Topic;
/// use ticketing_core::ports::log::{EventLog, LogProgress};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let market = Market::test().await?;
/// # market.sell(AccountId::from_u128(1), "Opera").price(4500, "EUR").await?;
/// # market.settle().await?;
/// # let log = &mut market.engines().broker.log(&[Topic::Tickets]);
/// let log: &mut dyn EventLog = log;
/// let mut keys = Vec::new();
/// loop {
///     let arrivals = log.next().await?;
///     if arrivals.is_empty() {
///         break;
///     }
///     keys.extend(arrivals.iter().map(|arrival| arrival.key()));
/// }
/// assert_eq!(keys.len(), 1);
/// assert_eq!(log.progress(), LogProgress { read: 1, total: 1 });
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait EventLog: Send + Sync + fmt::Debug {
    /// The next messages, up to a few hundred; none at the end.
    ///
    /// # Errors
    ///
    /// [`TransportError::Unavailable`]: open the log again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future skips nothing.
    async fn next(&mut self) -> Result<Vec<Arrival>, TransportError>;

    /// How far it has been read.
    fn progress(&self) -> LogProgress;
}
