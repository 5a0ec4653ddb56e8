//! On which engines the services work.

use std::fmt;
use std::time::Duration;

/// The engine of each port; what is absent works in memory.
#[derive(Debug, Clone, Default)]
pub struct EngineConfig {
    /// Keeps the state of the services.
    pub store: Option<MongoSettings>,
    /// Takes events from one service to another.
    pub bus: Option<KafkaSettings>,
    /// Keeps timers.
    pub timers: Option<RedisSettings>,
    /// Keeps sessions, and counts tries.
    pub sessions: Option<RedisSettings>,
}

impl EngineConfig {
    /// Whether nothing outlives the process.
    #[must_use]
    pub const fn is_memory(&self) -> bool {
        self.store.is_none() && self.bus.is_none() && self.timers.is_none() && self.sessions.is_none()
    }
}

/// Where the databases are.
#[derive(Debug, Clone)]
pub struct MongoSettings {
    /// A connection string, such as `mongodb://host:27017/?replicaSet=rs0`.
    pub uri: Secret,
    /// The database of a service is this, an underscore and its name.
    pub database_prefix: String,
}

/// Where Kafka is, and how topics are made there.
#[derive(Debug, Clone)]
pub struct KafkaSettings {
    /// `host:port`, with commas between.
    pub brokers: String,
    /// A topic is this, a dot and its name.
    pub topic_prefix: String,
    /// Of a topic that is made.
    pub partitions: u16,
    /// How many brokers keep a copy of a topic that is made.
    pub replication: u16,
    /// How long a topic that is made keeps events; for ever if absent.
    pub retention: Option<Duration>,
}

/// Where Redis is.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// `redis://user:password@host:6379/0`.
    pub url: Secret,
    /// Begins every key.
    pub prefix: String,
}

/// A text that is never printed, since it may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text from being printed.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
