//! On which engines the services work.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The engine of each port; what is absent works in memory.
#[derive(Debug, Clone, Default)]
pub struct EngineSettings {
    /// The directory of the file that keeps everything, for one process; the others are absent then.
    pub data: Option<PathBuf>,
    /// Keeps the state of the services.
    pub store: Option<MongoSettings>,
    /// Takes events from one service to another.
    pub bus: Option<BusSettings>,
    /// Keeps timers.
    pub timers: Option<RedisSettings>,
    /// Keeps sessions, and counts tries.
    pub sessions: Option<RedisSettings>,
    /// The folder of the search index where tickets runs; it lies in memory if absent.
    pub search_folder: Option<PathBuf>,
}

impl EngineSettings {
    /// Whether nothing outlives the process.
    #[must_use]
    pub const fn is_memory(&self) -> bool {
        let Self { data, store, bus, timers, sessions, search_folder: _ } = self;
        data.is_none() && store.is_none() && bus.is_none() && timers.is_none() && sessions.is_none()
    }

    /// Kafka, if it takes the events.
    pub(crate) const fn kafka(&self) -> Option<&KafkaSettings> {
        match &self.bus {
            Some(BusSettings::Kafka(settings)) => Some(settings),
            Some(BusSettings::Mongodb(_)) | None => None,
        }
    }

    /// The log beside the state of the services, if it takes the events.
    pub(crate) const fn log(&self) -> Option<&LogSettings> {
        match &self.bus {
            Some(BusSettings::Mongodb(settings)) => Some(settings),
            Some(BusSettings::Kafka(_)) | None => None,
        }
    }
}

/// Where the databases are.
#[derive(Debug, Clone)]
pub struct MongoSettings {
    /// A connection string, such as `mongodb://host:27017/?replicaSet=rs0`.
    pub uri: Secret,
    /// The database of a service is this, an underscore and its name.
    pub database_prefix: String,
    /// The authorities to trust over TLS: a file in PEM. Without it, those that are trusted by default.
    pub ca: Option<PathBuf>,
}

/// What takes events from one service to another.
#[derive(Debug, Clone)]
pub enum BusSettings {
    /// A cluster of its own.
    Kafka(KafkaSettings),
    /// A database beside those of [`EngineSettings::store`].
    Mongodb(LogSettings),
}

/// How the log of events is kept beside the state of the services.
#[derive(Debug, Clone, Default)]
pub struct LogSettings {
    /// How long it keeps events; without end if absent.
    pub retention: Option<Duration>,
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
    /// How long a topic that is created keeps events; without end if absent.
    pub retention: Option<Duration>,
    /// Whether brokers are reached over TLS.
    pub tls: bool,
    /// The authorities to trust over TLS: a file in PEM. Without it, those that are trusted by default.
    pub ca: Option<PathBuf>,
    /// The user to sign in as, if brokers want one.
    pub user: Option<KafkaUserSettings>,
}

/// A user of Kafka.
#[derive(Debug, Clone)]
pub struct KafkaUserSettings {
    /// How the user proves who it is.
    pub mechanism: SaslMechanism,
    /// Its name.
    pub name: String,
    /// Its password.
    pub password: Secret,
}

/// How a user of Kafka proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum SaslMechanism {
    /// The password is sent as it is.
    Plain,
    /// SCRAM-SHA-256: the password is proved and not sent.
    #[cfg_attr(feature = "cli", value(name = "scram-sha-256"))]
    ScramSha256,
    /// SCRAM-SHA-512: the password is proved and not sent.
    #[cfg_attr(feature = "cli", value(name = "scram-sha-512"))]
    ScramSha512,
}

/// Where Redis is.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    /// `redis://user:password@host:6379/0`.
    pub url: Secret,
    /// Begins every key.
    pub prefix: String,
    /// The authorities to trust over TLS: a file in PEM. Without it, those that are trusted by default.
    pub ca: Option<PathBuf>,
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

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
