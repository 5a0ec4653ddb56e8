//! Which engines are chosen, and where they are.

use super::Mistakes;
use super::flags::EngineFlags;
use crate::config::{EngineConfig, KafkaSettings, MongoSettings, RedisSettings, parse};

const PREFIX: &str = "ticketing";
const PARTITIONS: u16 = 12;
const REPLICATION: u16 = 1;

/// Something a port may work on besides memory.
struct Engine {
    word: &'static str,
    name: &'static str,
    is_built: bool,
}

const MONGODB: Engine = Engine { word: "mongodb", name: "MongoDB", is_built: cfg!(feature = "mongodb") };
const KAFKA: Engine = Engine { word: "kafka", name: "Kafka", is_built: cfg!(feature = "kafka") };
const REDIS: Engine = Engine { word: "redis", name: "Redis", is_built: cfg!(feature = "redis") };

/// A flag and what it was set to.
type Given<'a> = (&'static str, Option<&'a str>);

impl Mistakes {
    pub(super) fn engines(&mut self, flags: &EngineFlags) -> EngineConfig {
        let timers = self.chosen(("timers", flags.timers.as_deref()), &REDIS);
        let sessions = self.chosen(("sessions", flags.sessions.as_deref()), &REDIS);
        let redis = self.redis(flags, timers || sessions);
        EngineConfig {
            store: self.mongodb(flags),
            bus: self.kafka(flags),
            timers: redis.clone().filter(|_| timers),
            sessions: redis.filter(|_| sessions),
        }
    }

    fn mongodb(&mut self, flags: &EngineFlags) -> Option<MongoSettings> {
        let is_chosen = self.chosen(("store", flags.store.as_deref()), &MONGODB);
        let uri = ("mongodb-uri", flags.mongodb_uri.as_deref());
        let prefix = ("database-prefix", flags.database_prefix.as_deref());
        self.check_use("--store mongodb", is_chosen, &[uri, prefix]);
        let uri = self.parsed(uri.0, uri.1, parse::secret_address(&["mongodb", "mongodb+srv"]));
        let database_prefix = self.prefix(prefix);
        is_chosen.then_some(MongoSettings { uri: uri?, database_prefix })
    }

    fn kafka(&mut self, flags: &EngineFlags) -> Option<KafkaSettings> {
        let is_chosen = self.chosen(("bus", flags.bus.as_deref()), &KAFKA);
        let brokers = ("kafka-brokers", flags.kafka_brokers.as_deref());
        let prefix = ("topic-prefix", flags.topic_prefix.as_deref());
        let partitions = ("topic-partitions", flags.topic_partitions.as_deref());
        let replication = ("topic-replication", flags.topic_replication.as_deref());
        let retention = ("topic-retention", flags.topic_retention.as_deref());
        self.check_use("--bus kafka", is_chosen, &[brokers, prefix, partitions, replication, retention]);
        let brokers = self.parsed(brokers.0, brokers.1, parse::brokers);
        let topic_prefix = self.prefix(prefix);
        let partitions = self.parsed(partitions.0, partitions.1, parse::few).unwrap_or(PARTITIONS);
        let replication = self.parsed(replication.0, replication.1, parse::few).unwrap_or(REPLICATION);
        let retention = self.parsed(retention.0, retention.1, parse::retention).flatten();
        is_chosen.then_some(KafkaSettings { brokers: brokers?, topic_prefix, partitions, replication, retention })
    }

    fn redis(&mut self, flags: &EngineFlags, is_chosen: bool) -> Option<RedisSettings> {
        let url = ("redis-url", flags.redis_url.as_deref());
        let prefix = ("redis-prefix", flags.redis_prefix.as_deref());
        self.check_use("--timers redis or --sessions redis", is_chosen, &[url, prefix]);
        let url = self.parsed(url.0, url.1, parse::secret_address(&["redis", "rediss"]));
        let prefix = self.prefix(prefix);
        is_chosen.then_some(RedisSettings { url: url?, prefix })
    }

    /// Whether an engine is chosen over memory.
    fn chosen(&mut self, (flag, text): Given<'_>, engine: &Engine) -> bool {
        let Engine { word, name, is_built } = *engine;
        let is_chosen = self.parsed(flag, text, |text| match text.trim() {
            "memory" => Ok(false),
            text if text == word => Ok(true),
            _ => Err(format!("{text:?} is neither memory nor {word}")),
        });
        if is_chosen == Some(true) && !is_built {
            self.0.push(format!("--{flag} {word}: this build has no {name}: build with --features {word}"));
        }
        is_chosen.unwrap_or(false)
    }

    /// An engine needs its address, the first of `given`; without the engine nothing of it has a use.
    fn check_use(&mut self, choice: &str, is_chosen: bool, given: &[Given<'_>]) {
        match given {
            [(address, None), ..] if is_chosen => self.0.push(format!("{choice}: needs --{address}")),
            _ if is_chosen => {}
            _ => {
                let idle = given.iter().filter(|(_, text)| text.is_some());
                self.0.extend(idle.map(|(flag, _)| format!("--{flag}: has no use without {choice}")));
            }
        }
    }

    fn prefix(&mut self, (flag, text): Given<'_>) -> String {
        self.parsed(flag, text, parse::prefix).unwrap_or_else(|| PREFIX.to_owned())
    }
}
