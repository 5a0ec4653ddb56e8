//! Where the databases are, and how patient the adapter is.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// How MongoDB is reached.
///
/// # Examples
///
/// ```
/// use ticketing_mongodb::MongoConfig;
///
/// let config = MongoConfig::new("mongodb://localhost:27017/?replicaSet=rs0");
/// assert_eq!(config.database_prefix, "ticketing");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct MongoConfig {
    /// A connection string, with its password: never printed.
    pub uri: String,
    /// The authorities that may sign a server's certificate, where the connection string asks for TLS and names no
    /// `tlsCAFile`: a file in PEM. By default `None`, those that browsers trust.
    pub ca: Option<PathBuf>,
    /// Each service has its own database: this, an underscore and its name.
    pub database_prefix: String,
    /// How long an operation waits for a member that takes it; an election takes a few seconds.
    pub select_within: Duration,
    /// How long a commit is tried again whose failure says that it may be.
    pub commit_within: Duration,
    /// How soon a relay hears of events that another process committed, while others do; a relay that found none for
    /// ten seconds looks a quarter as often.
    pub poll_every: Duration,
    /// How long the log of a [`MongoBroker`](crate::MongoBroker) keeps events; by default `None`, without end.
    pub retention: Option<Duration>,
    /// After so long without a sign of life of one member of a group, the others go on with its share.
    pub member_lease: Duration,
    /// The largest payload of an event that a [`MongoBroker`](crate::MongoBroker) takes.
    pub max_bytes: usize,
}

impl MongoConfig {
    /// The database behind a connection string, as it is used by default.
    #[must_use]
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            ca: None,
            database_prefix: "ticketing".to_owned(),
            select_within: Duration::from_secs(5),
            commit_within: Duration::from_secs(5),
            poll_every: Duration::from_millis(25),
            retention: None,
            member_lease: Duration::from_secs(8),
            max_bytes: 1 << 20,
        }
    }
}

impl fmt::Debug for MongoConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoConfig").field("database_prefix", &self.database_prefix).finish_non_exhaustive()
    }
}
