//! How a topic should be, and how it is.

use std::collections::BTreeMap;

use rdkafka::admin::ConfigResource;
use rdkafka::metadata::Metadata;

use crate::config::KafkaConfig;
use crate::error::KafkaError;

/// What the configuration wants of every topic.
#[derive(Debug)]
pub(super) struct Settings {
    exact: [(&'static str, String); 3],
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
                return Err(differs(topic, setting, (found, wanted.clone())));
            }
        }
        let most = value(MAX_BYTES);
        // A broker refuses a batch as a whole, so that a smaller bound would blame the innocent.
        if most.parse::<usize>().is_ok_and(|most| most < self.max_bytes) {
            return Err(differs(topic, MAX_BYTES, (most, format!("{} or more", self.max_bytes))));
        }
        Ok(())
    }
}

/// The partitions of every topic of the cluster.
pub(super) struct Partitions(BTreeMap<String, Topic>);

struct Topic {
    partitions: usize,
    has_leaders: bool,
}

impl Partitions {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let topics = metadata.topics().iter().map(|topic| {
            let partitions = topic.partitions();
            let has_leaders = partitions.iter().all(|partition| partition.leader() >= 0);
            (topic.name().to_owned(), Topic { partitions: partitions.len(), has_leaders })
        });
        Self(topics.collect())
    }

    pub(super) fn has(&self, topic: &str) -> bool {
        self.0.contains_key(topic)
    }

    pub(super) fn has_leaders(&self, topic: &str) -> bool {
        self.0.get(topic).is_some_and(|topic| topic.has_leaders && topic.partitions > 0)
    }

    pub(super) fn compare(&self, topic: &str, wanted: i32) -> Result<(), KafkaError> {
        let found = self.0.get(topic).map_or(0, |topic| topic.partitions);
        if i32::try_from(found) == Ok(wanted) {
            return Ok(());
        }
        Err(differs(topic, "partitions", (found.to_string(), wanted.to_string())))
    }
}

fn differs(topic: &str, setting: &'static str, (found, wanted): (String, String)) -> KafkaError {
    KafkaError::TopicDiffers { topic: topic.to_owned(), setting, found, wanted }
}
