//! Which engines are chosen, and where they are.

use std::path::PathBuf;

use super::Mistakes;
use super::flags::EngineFlags;
use crate::config::parse::{engines as parse, switch};
use crate::config::{EngineConfig, KafkaSettings, KafkaUserSettings, MongoSettings, RedisSettings, Secret};

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
        let ca = self.certificates(flags);
        let redis = self.redis(flags, timers || sessions, ca.clone());
        EngineConfig {
            store: self.mongodb(flags, ca.clone()),
            bus: self.kafka(flags, ca),
            timers: redis.clone().filter(|_| timers),
            sessions: redis.filter(|_| sessions),
        }
    }

    /// The authorities to trust, which have a use only where an engine is reached over TLS.
    fn certificates(&mut self, flags: &EngineFlags) -> Option<PathBuf> {
        let file = self.parsed("tls-ca", flags.tls_ca.as_deref(), parse::certificates)?;
        let mongodb = flags.mongodb_uri.as_deref().is_some_and(asks_for_tls);
        let redis = flags.redis_url.as_deref().is_some_and(is_over_tls);
        let kafka = flags.kafka_tls.as_deref().is_some_and(|text| switch(text) != Ok(false));
        if !(mongodb || redis || kafka) {
            self.0.push("--tls-ca: has no use where no engine is reached over TLS".to_owned());
        }
        Some(file)
    }

    /// What a build without TLS cannot do is told before anything is connected to.
    fn check_tls(&mut self, flag: &str, is_asked_for: bool) {
        if is_asked_for && !cfg!(feature = "tls") {
            self.0.push(format!("{flag}: this build has no TLS: build with --features tls"));
        }
    }

    fn mongodb(&mut self, flags: &EngineFlags, ca: Option<PathBuf>) -> Option<MongoSettings> {
        let is_chosen = self.chosen(("store", flags.store.as_deref()), &MONGODB);
        let uri = ("mongodb-uri", flags.mongodb_uri.as_deref());
        let prefix = ("database-prefix", flags.database_prefix.as_deref());
        self.check_use("--store mongodb", is_chosen, &[uri, prefix]);
        let uri = self.parsed(uri.0, uri.1, parse::secret_address(&["mongodb", "mongodb+srv"]));
        let database_prefix = self.prefix(prefix);
        is_chosen.then_some(MongoSettings { uri: uri?, database_prefix, ca })
    }

    fn kafka(&mut self, flags: &EngineFlags, ca: Option<PathBuf>) -> Option<KafkaSettings> {
        let is_chosen = self.chosen(("bus", flags.bus.as_deref()), &KAFKA);
        let brokers = ("kafka-brokers", flags.kafka_brokers.as_deref());
        let prefix = ("topic-prefix", flags.topic_prefix.as_deref());
        let partitions = ("topic-partitions", flags.topic_partitions.as_deref());
        let replication = ("topic-replication", flags.topic_replication.as_deref());
        let retention = ("topic-retention", flags.topic_retention.as_deref());
        let security = [
            ("kafka-tls", flags.kafka_tls.as_deref()),
            ("kafka-sasl", flags.kafka_sasl.as_deref()),
            ("kafka-user", flags.kafka_user.as_deref()),
            ("kafka-password", flags.kafka_password.as_deref()),
        ];
        let given = [&[brokers, prefix, partitions, replication, retention][..], &security].concat();
        self.check_use("--bus kafka", is_chosen, &given);
        let tls = self.parsed("kafka-tls", flags.kafka_tls.as_deref(), switch).unwrap_or(false);
        self.check_tls("--kafka-tls", tls);
        let user = self.kafka_user(flags);
        let brokers = self.parsed(brokers.0, brokers.1, parse::brokers);
        let topic_prefix = self.prefix(prefix);
        let partitions = self.parsed(partitions.0, partitions.1, parse::few).unwrap_or(PARTITIONS);
        let replication = self.parsed(replication.0, replication.1, parse::few).unwrap_or(REPLICATION);
        let retention = self.parsed(retention.0, retention.1, parse::retention).flatten();
        let brokers = brokers.filter(|_| is_chosen)?;
        Some(KafkaSettings { brokers, topic_prefix, partitions, replication, retention, tls, ca, user })
    }

    fn kafka_user(&mut self, flags: &EngineFlags) -> Option<KafkaUserSettings> {
        let mechanism = self.parsed("kafka-sasl", flags.kafka_sasl.as_deref(), parse::sasl);
        self.check_tls("--kafka-sasl", mechanism.is_some());
        let name = self.parsed("kafka-user", flags.kafka_user.as_deref(), parse::some);
        let password = self.parsed("kafka-password", flags.kafka_password.as_deref(), parse::some);
        let given = [&flags.kafka_sasl, &flags.kafka_user, &flags.kafka_password].map(Option::is_some);
        if given.contains(&true) && given.contains(&false) {
            self.0.push("--kafka-sasl, --kafka-user, --kafka-password: set all three or none".to_owned());
        }
        Some(KafkaUserSettings { mechanism: mechanism?, name: name?, password: Secret::new(password?) })
    }

    fn redis(&mut self, flags: &EngineFlags, is_chosen: bool, ca: Option<PathBuf>) -> Option<RedisSettings> {
        let url = ("redis-url", flags.redis_url.as_deref());
        let prefix = ("redis-prefix", flags.redis_prefix.as_deref());
        self.check_use("--timers redis or --sessions redis", is_chosen, &[url, prefix]);
        let url = self.parsed(url.0, url.1, parse::secret_address(&["redis", "rediss"]));
        self.check_tls("--redis-url", url.as_ref().is_some_and(|url| is_over_tls(url.expose())));
        let prefix = self.prefix(prefix);
        is_chosen.then_some(RedisSettings { url: url?, prefix, ca })
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

fn is_over_tls(redis_url: &str) -> bool {
    redis_url.trim_start().starts_with("rediss://")
}

/// Whether a connection string of `MongoDB` asks for TLS. One that is looked up in the DNS does so by itself.
fn asks_for_tls(uri: &str) -> bool {
    let uri = uri.trim_start().to_ascii_lowercase();
    let options = uri.split_once('?').map_or("", |(_, options)| options);
    uri.starts_with("mongodb+srv://") || options.split('&').any(|option| matches!(option, "tls=true" | "ssl=true"))
}
