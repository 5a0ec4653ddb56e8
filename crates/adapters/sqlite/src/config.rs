//! Where the file is, and how much of the past it keeps.

use std::path::PathBuf;
use std::time::Duration;

/// Which file is opened.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ticketing_sqlite::SqliteConfig;
///
/// let config = SqliteConfig { keep_for: Duration::from_hours(24), ..SqliteConfig::new("market.db") };
/// assert_eq!(config.readers, 4);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteConfig {
    /// The file; it is created where there is none. Two more lie beside it while it is open, `-wal` and `-shm`, and
    /// `.lock` always.
    pub path: PathBuf,
    /// How many reads run at once, each on its own connection; at least one.
    pub readers: usize,
    /// Events stay in the log for so long, and longer while a group has not settled them that somebody joins.
    pub keep_for: Duration,
    /// The log grows to so many bytes, and beyond only by what a group has not settled.
    pub keep_bytes: u64,
    /// A group that nobody joined for so long, while the file was open, holds nothing back any more; without end if absent.
    ///
    /// It is looked at every ten minutes at most, and only while events are committed. A group that comes back goes on
    /// where it was; if the log has given up what it had not settled, that is logged as an error and counted by
    /// [`SqliteBroker::missed`](crate::SqliteBroker::missed).
    pub group_retention: Option<Duration>,
    /// The largest payload of an event that is taken.
    pub max_bytes: usize,
}

impl SqliteConfig {
    /// The file at `path`, as it is used by default: a week of events, at most a gibibyte of them, and thirty days
    /// for a group that nobody joins.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            readers: 4,
            keep_for: Duration::from_hours(7 * 24),
            keep_bytes: 1 << 30,
            group_retention: Some(Duration::from_hours(30 * 24)),
            max_bytes: 1 << 20,
        }
    }
}
