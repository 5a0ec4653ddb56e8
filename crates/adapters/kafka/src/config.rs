//! Where the cluster is, what topics and groups are called there, and how long anything may take.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rdkafka::ClientConfig;
use ticketing_core::domain::event::Topic;

use crate::error::KafkaError;

/// A user of a cluster. Its password is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct KafkaUser {
    /// How the user proves who it is.
    pub mechanism: KafkaSasl,
    /// Its name.
    pub name: String,
    /// Its password.
    pub password: String,
}

/// How a user proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KafkaSasl {
    /// The password is sent as it is. Without TLS everybody on the way can read it.
    Plain,
    /// SCRAM-SHA-256: the password is proved and not sent.
    ScramSha256,
    /// SCRAM-SHA-512: the password is proved and not sent.
    ScramSha512,
}

impl KafkaSasl {
    const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

impl fmt::Debug for KafkaUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaUser")
            .field("mechanism", &self.mechanism)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// How the marketplace uses a Kafka cluster.
///
/// # Examples
///
/// ```
/// use ticketing_kafka::KafkaConfig;
///
/// let config = KafkaConfig { topic_prefix: "festival".into(), replication: 3, ..KafkaConfig::new("kafka:9092") };
/// assert_eq!(config.partitions, 12);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaConfig {
    /// Some brokers of the cluster, as `host:port,host:port`. By default `localhost:9092`.
    pub brokers: String,
    /// Whether brokers are reached over TLS. Needs the feature `tls`. By default they are not.
    pub tls: bool,
    /// The authorities that may sign a broker's certificate: a file in PEM. By default `None`, those that the system
    /// trusts.
    pub ca: Option<PathBuf>,
    /// The user to sign in as, over SASL. Needs the feature `tls`. By default `None`.
    pub user: Option<KafkaUser>,
    /// What topics are called: `ticketing`, the default, makes `ticketing.orders`. One for each marketplace of a cluster.
    pub topic_prefix: String,
    /// What groups are called: `ticketing`, the default, makes `ticketing.catalog`. One for each marketplace of a cluster.
    pub group_prefix: String,
    /// Of each topic; the most members of a group that share its work. By default 12.
    ///
    /// Choose well: more partitions later send subjects to others, and their order is lost.
    pub partitions: i32,
    /// How many brokers keep each event. By default 1, for a single broker; 3 where events matter.
    ///
    /// An event is acknowledged once most of them have it: two of three, so that one may be away. One broker loses
    /// at a power loss what it acknowledged and had not yet written to its disk.
    pub replication: i32,
    /// How long events are kept. By default `None`, without end, so that everything can be rebuilt from them.
    pub retention: Option<Duration>,
    /// The largest message that is taken, in bytes, with its headers. By default 1,000,000.
    pub max_bytes: usize,
    /// How long to wait for an answer about topics, offsets and groups. By default 10 seconds.
    pub answer_within: Duration,
    /// How long a publication is retried before it fails. By default 30 seconds.
    pub publish_within: Duration,
    /// How long an event waits for others that travel with it. By default a millisecond, so that those of one call
    /// are one request a partition and not many.
    pub linger: Duration,
    /// After how long without a sign of life a member is replaced. By default 10 seconds.
    pub session_timeout: Duration,
    /// How often progress is committed; what was settled since then comes again after a crash. By default every second.
    pub commit_every: Duration,
    /// So many messages of each partition that a member reads wait in memory for their turn. By default 4,096.
    ///
    /// A key that waits for a retry holds its later messages here; when they fill it up, its partition waits too.
    pub buffered: usize,
    /// About how many bytes of messages a member holds in memory, those on loan among them. By default 32 MiB.
    ///
    /// Each partition that it reads has an equal share, and at least one message. What the client has fetched and
    /// not yet handed over comes on top: about 8 MiB, and one fetch from each broker.
    pub buffered_bytes: usize,
    /// Other properties of librdkafka, by their names, for every client. By default none.
    ///
    /// Those that have a field here, or that a promise of this adapter rests on, are refused.
    pub properties: KafkaProperties,
}

/// Properties of librdkafka by their names. Their values may be secret, so they are never printed.
///
/// # Examples
///
/// ```
/// use ticketing_kafka::KafkaConfig;
///
/// let properties = [("client.rack", "zone-a"), ("socket.keepalive.enable", "true")].into_iter().collect();
/// let config = KafkaConfig { properties, ..KafkaConfig::new("kafka:9092") };
/// # let _ = config;
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KafkaProperties(BTreeMap<String, String>);

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for KafkaProperties {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(properties: I) -> Self {
        Self(properties.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Debug for KafkaProperties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What has its own field, or what a promise rests on.
const OURS: [&str; 25] = [
    "acks",
    "allow.auto.create.topics",
    "auto.commit.enable",
    "auto.commit.interval.ms",
    "auto.offset.reset",
    "bootstrap.servers",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "group.protocol",
    "isolation.level",
    "linger.ms",
    "message.max.bytes",
    "message.timeout.ms",
    "metadata.broker.list",
    "partition.assignment.strategy",
    "partitioner",
    "queue.buffering.max.ms",
    "request.required.acks",
    "session.timeout.ms",
    "socket.timeout.ms",
    "topic.metadata.refresh.interval.ms",
    "transactional.id",
];

impl Default for KafkaConfig {
    fn default() -> Self {
        Self {
            brokers: "localhost:9092".to_owned(),
            tls: false,
            ca: None,
            user: None,
            topic_prefix: "ticketing".to_owned(),
            group_prefix: "ticketing".to_owned(),
            partitions: 12,
            replication: 1,
            retention: None,
            max_bytes: 1_000_000,
            answer_within: Duration::from_secs(10),
            publish_within: Duration::from_secs(30),
            linger: Duration::from_millis(1),
            session_timeout: Duration::from_secs(10),
            commit_every: Duration::from_secs(1),
            buffered: 4096,
            buffered_bytes: 32 * 1024 * 1024,
            properties: KafkaProperties::default(),
        }
    }
}

/// So many bytes of events are handed over at once, however long they may wait: some hundreds of orders.
const ENOUGH: usize = 256 * 1024;

impl KafkaConfig {
    /// The defaults, with these brokers.
    #[must_use]
    pub fn new(brokers: impl Into<String>) -> Self {
        Self { brokers: brokers.into(), ..Self::default() }
    }

    /// What a topic is called on the cluster.
    #[must_use]
    pub fn topic(&self, topic: Topic) -> String {
        let name = topic.name();
        let stream = name.rsplit_once('.').map_or(name, |(_, stream)| stream);
        format!("{}.{stream}", self.topic_prefix)
    }

    pub(crate) fn group(&self, group: &str) -> String {
        format!("{}.{group}", self.group_prefix)
    }

    /// Refuses what this build cannot do, and authorities that cannot be read.
    pub(crate) fn check(&self) -> Result<(), KafkaError> {
        if (self.tls || self.user.is_some()) && !cfg!(feature = "tls") {
            return Err(KafkaError::NoTls);
        }
        let is_secured = self.tls || self.user.is_some();
        let is_ours = |name: &String| {
            let is_security = name == "security.protocol" || name.starts_with("ssl.") || name.starts_with("sasl.");
            OURS.contains(&name.as_str()) || is_secured && is_security
        };
        if let Some(name) = self.properties.0.keys().find(|name| is_ours(name)) {
            return Err(KafkaError::PropertyOfOurs { name: name.clone() });
        }
        // The client does not say which file it could not read.
        match &self.ca {
            Some(file) if self.tls => authorities(file),
            _ => Ok(()),
        }
    }

    pub(crate) fn client(&self) -> ClientConfig {
        let mut client = self.secured();
        client
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", "ticketing")
            .set("socket.nagle.disable", "true")
            // Less than the default, so that nothing waits for a broker that is gone much longer than asked.
            .set("socket.timeout.ms", millis(self.answer_within))
            .set("reconnect.backoff.max.ms", "2000")
            // A topic that was deleted and made again is noticed in seconds, not after five minutes.
            .set("topic.metadata.refresh.interval.ms", "10000");
        client.extend(self.properties.0.clone());
        client
    }

    fn secured(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        let protocol = match (self.tls, &self.user) {
            (false, None) => return client,
            (true, None) => "ssl",
            (false, Some(_)) => "sasl_plaintext",
            (true, Some(_)) => "sasl_ssl",
        };
        client.set("security.protocol", protocol);
        if self.tls {
            // `probe` looks in the places where systems keep what they trust.
            let ca = self.ca.as_ref().map_or("probe".into(), |ca| ca.to_string_lossy());
            client.set("ssl.ca.location", ca);
        }
        if let Some(KafkaUser { mechanism, name, password }) = &self.user {
            client.set("sasl.mechanism", mechanism.name()).set("sasl.username", name).set("sasl.password", password);
        }
        client
    }

    pub(crate) fn producer(&self) -> ClientConfig {
        let mut producer = self.client();
        producer
            .set("enable.idempotence", "true")
            .set("acks", "all")
            // Not librdkafka's own: producers of other languages choose the same partition for a subject.
            .set("partitioner", "murmur2_random")
            .set("compression.codec", "lz4")
            .set("linger.ms", millis(self.linger))
            .set("message.timeout.ms", millis(self.publish_within))
            .set("message.max.bytes", self.max_bytes.to_string());
        producer.extend(self.properties.0.clone());
        producer
    }

    /// Of a member of a group, whose events may wait so long for others.
    pub(crate) fn member(&self, group: &str, patience: Duration) -> ClientConfig {
        let mut member = self.consumer(group);
        if !patience.is_zero() {
            // The broker answers with what it has once that is enough, or the time is over.
            member.set("fetch.min.bytes", ENOUGH.to_string()).set("fetch.wait.max.ms", millis(patience));
        }
        member.extend(self.properties.0.clone());
        member
    }

    /// Of a consumer that chooses its partitions itself, or of a member of a group.
    pub(crate) fn consumer(&self, group: &str) -> ClientConfig {
        let mut consumer = self.client();
        consumer
            .set("group.id", self.group(group))
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // The client never chooses a position by itself: the reader gets an error, and compares what is there.
            .set("auto.offset.reset", "error")
            .set("allow.auto.create.topics", "false")
            .set("isolation.level", "read_committed")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", millis(self.session_timeout))
            .set("heartbeat.interval.ms", millis(self.session_timeout / 10))
            // What waits here comes on top of `buffered_bytes`, and so does the answer that fills it.
            .set("queued.max.messages.kbytes", "8192")
            .set("fetch.max.bytes", self.max_bytes.max(4 * 1024 * 1024).to_string())
            .set("max.partition.fetch.bytes", (512 * 1024).to_string());
        consumer.extend(self.properties.0.clone());
        consumer
    }
}

fn authorities(file: &Path) -> Result<(), KafkaError> {
    let unreadable =
        |error: std::io::Error| KafkaError::Authorities { file: file.display().to_string(), source: error.into() };
    ticketing_core::ports::authorities::read(file).map(drop).map_err(unreadable)
}

fn millis(span: Duration) -> String {
    span.as_millis().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_wait_at_the_broker_for_a_patient_member_alone() {
        let config = KafkaConfig::default();
        let waits = |patience| config.member("catalog", patience).get("fetch.wait.max.ms").map(ToOwned::to_owned);
        assert_eq!(waits(Duration::ZERO), None);
        assert_eq!(waits(Duration::from_millis(100)).as_deref(), Some("100"));
    }

    #[test]
    fn a_prefix_keeps_marketplaces_apart() {
        let config = KafkaConfig {
            topic_prefix: "festival".to_owned(),
            group_prefix: "festival".to_owned(),
            ..KafkaConfig::default()
        };

        assert_eq!(config.topic(Topic::Orders), "festival.orders");
        assert_eq!(config.group("catalog"), "festival.catalog");
    }

    #[test]
    fn a_configuration_does_not_show_its_password() {
        let (name, password) = ("ada".to_owned(), "tomato".to_owned());
        let user = Some(KafkaUser { mechanism: KafkaSasl::Plain, name, password });
        let shown = format!("{:?}", KafkaConfig { user, ..KafkaConfig::default() });

        assert!(shown.contains("ada") && !shown.contains("tomato"), "{shown}");
    }

    #[test]
    fn properties_of_the_client_are_set_and_those_of_ours_refused() {
        let with =
            |name: &str| KafkaConfig { properties: [(name, "tomato")].into_iter().collect(), ..KafkaConfig::default() };
        let rack = with("client.rack");

        assert!(rack.check().is_ok() && !format!("{rack:?}").contains("tomato"));
        for client in [rack.client(), rack.producer(), rack.consumer("catalog")] {
            assert_eq!(client.get("client.rack"), Some("tomato"));
        }
        assert_eq!(with("compression.codec").producer().get("compression.codec"), Some("tomato"));
        for ours in OURS {
            assert!(matches!(with(ours).check(), Err(KafkaError::PropertyOfOurs { name }) if name == ours));
        }
        assert!(with("security.protocol").check().is_ok());
        let twice = KafkaConfig { tls: true, ..with("security.protocol") };
        assert!(!cfg!(feature = "tls") || matches!(twice.check(), Err(KafkaError::PropertyOfOurs { .. })));
    }

    #[test]
    fn whatever_a_promise_rests_on_is_not_set_by_hand() {
        // These only make it faster or slower.
        let free = [
            "client.id",
            "compression.codec",
            "fetch.max.bytes",
            "heartbeat.interval.ms",
            "max.partition.fetch.bytes",
            "queued.max.messages.kbytes",
            "reconnect.backoff.max.ms",
            "socket.nagle.disable",
        ];
        let config = KafkaConfig::default();

        for client in [config.producer(), config.consumer("catalog")] {
            let known = |name: &str| OURS.contains(&name) || free.contains(&name);
            assert_eq!(client.config_map().keys().find(|name| !known(name)), None);
        }
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn what_a_build_without_tls_cannot_do_is_refused() {
        let (name, password) = ("ada".to_owned(), "tomato".to_owned());
        let user = Some(KafkaUser { mechanism: KafkaSasl::ScramSha512, name, password });

        for config in
            [KafkaConfig { tls: true, ..KafkaConfig::default() }, KafkaConfig { user, ..KafkaConfig::default() }]
        {
            assert!(matches!(config.check(), Err(KafkaError::NoTls)), "{config:?}");
        }
        assert!(KafkaConfig::default().check().is_ok());
    }

    #[test]
    fn topics_are_called_as_the_core_calls_them_by_default() {
        for topic in Topic::ALL {
            assert_eq!(KafkaConfig::default().topic(topic), topic.name());
        }
    }
}
