//! All that was ever published and is still kept, read once from its beginning.

use std::fmt;

use async_trait::async_trait;

use super::transport::{Arrival, TransportError};

/// How far a log was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogProgress {
    /// So many messages were read, or passed over because they are kept no longer.
    pub read: u64,
    /// So many there were when the log was opened.
    pub total: u64,
}

/// Reads some streams from the oldest message to the one that was last when the log was opened.
///
/// It belongs to no group and moves none.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `log`.
///
/// - A log ends where it ended when it was opened, in the order of each subject: `a_log_ends_where_it_ended`.
#[async_trait]
pub trait EventLog: Send + Sync + fmt::Debug {
    /// The next messages, a few hundred of them; none at the end.
    ///
    /// # Errors
    ///
    /// [`TransportError::Unavailable`]: open the log again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves nothing out.
    async fn next(&mut self) -> Result<Vec<Arrival>, TransportError>;

    /// How far it was read.
    fn progress(&self) -> LogProgress;
}
