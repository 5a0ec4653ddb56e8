//! How a topic should be, and how it is.

use std::collections::BTreeMap;

use rdkafka::admin::ConfigResource;
use rdkafka::metadata::Metadata;

use crate::config::KafkaConfig;
use crate::error::KafkaError;

/// What the configuration wants of every topic.
#[derive(Debug)]
pub(super) struct Settings {
    exact: [(&'static str, String); 5],
    max_bytes: usize,
}

const MAX_BYTES: &str = "max.message.bytes";

impl Settings {
    pub(super) fn wanted(config: &KafkaConfig) -> Self {
        let retention = config.retention.map_or_else(|| "-1".to_owned(), |span| span.as_millis().to_string());
        let exact = [
            ("cleanup.policy", "delete".to_owned()),
            ("retention.ms", retention),
            // Events go by age alone: a bound on bytes would forget some before their time.
            ("retention.bytes", "-1".to_owned()),
            // A replica that missed events never leads, and so never forgets what was acknowledged.
            ("unclean.leader.election.enable", "false".to_owned()),
            // Most replicas have an event before it counts as durable: whatever one of them loses, another has.
            ("min.insync.replicas", (config.replication / 2 + 1).to_string()),
        ];
        Self { exact, max_bytes: config.max_bytes }
    }

    /// What a new topic is given. The bound on messages is left to the cluster and only checked.
    pub(super) fn to_set(&self) -> Vec<(&str, &str)> {
        self.exact.iter().map(|(setting, wanted)| (*setting, wanted.as_str())).collect()
    }

    pub(super) fn compare(&self, topic: &str, found: &ConfigResource) -> Result<(), KafkaError> {
        let value = |setting| found.get(setting).and_then(|entry| entry.value.clone()).unwrap_or_default();
        for (setting, wanted) in &self.exact {
            let found = value(setting);
            if found != *wanted {
                let (topic, wanted) = (topic.to_owned(), wanted.clone());
                return Err(KafkaError::TopicDiffers { topic, setting, found, wanted });
            }
        }
        let most = value(MAX_BYTES);
        // A broker refuses a batch as a whole, so that a smaller bound would blame the innocent.
        if most.parse::<usize>().is_ok_and(|most| most < self.max_bytes) {
            let (topic, wanted) = (topic.to_owned(), format!("{} or more", self.max_bytes));
            return Err(KafkaError::TopicDiffers { topic, setting: MAX_BYTES, found: most, wanted });
        }
        Ok(())
    }
}

/// The partitions of every topic of the cluster.
pub(super) struct Partitions(BTreeMap<String, Topic>);

struct Topic {
    partitions: usize,
    /// Of the partition that has fewest.
    replicas: usize,
    has_leaders: bool,
}

impl Partitions {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let topics = metadata.topics().iter().map(|topic| {
            let partitions = topic.partitions();
            let has_leaders = partitions.iter().all(|partition| partition.leader() >= 0);
            let replicas = partitions.iter().map(|partition| partition.replicas().len()).min().unwrap_or_default();
            (topic.name().to_owned(), Topic { partitions: partitions.len(), replicas, has_leaders })
        });
        Self(topics.collect())
    }

    /// Whether a topic is there. One that is being made is named before it has partitions.
    pub(super) fn has(&self, topic: &str) -> bool {
        self.0.get(topic).is_some_and(|topic| topic.partitions > 0)
    }

    pub(super) fn has_leaders(&self, topic: &str) -> bool {
        self.0.get(topic).is_some_and(|topic| topic.has_leaders && topic.partitions > 0)
    }

    pub(super) fn compare(&self, topic: &str, config: &KafkaConfig) -> Result<(), KafkaError> {
        let (partitions, replicas) =
            self.0.get(topic).map_or((0, 0), |topic| (count(topic.partitions), count(topic.replicas)));
        if partitions != config.partitions {
            let (found, wanted) = (partitions.to_string(), config.partitions.to_string());
            return Err(KafkaError::TopicDiffers { topic: topic.to_owned(), setting: "partitions", found, wanted });
        }
        if replicas < config.replication {
            let (found, wanted) = (replicas.to_string(), format!("{} or more", config.replication));
            return Err(KafkaError::TopicDiffers { topic: topic.to_owned(), setting: "replication", found, wanted });
        }
        Ok(())
    }
}

fn count(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
