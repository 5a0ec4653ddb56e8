//! The topics of the marketplace: creates them, and refuses those that are otherwise than configured.

mod settings;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use rdkafka::admin::{
    AdminClient, AdminOptions, NewTopic, OwnedResourceSpecifier, ResourceSpecifier, TopicReplication,
};
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, Producer};
use ticketing_core::domain::event::Topic;

use crate::client::{Logged, handshakes::HEAR};
use crate::config::KafkaConfig;
use crate::error::KafkaError;

use settings::{Partitions, Settings};

/// Which topics were made and which were there, by their names on the cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicReport {
    /// Made just now.
    pub created: Vec<String>,
    /// There before, with the settings that the configuration wants.
    pub existing: Vec<String>,
}

/// The topics of a marketplace.
///
/// # Examples
///
/// ```no_run
/// use ticketing_kafka::{KafkaConfig, KafkaTopics};
///
/// # async fn example() -> Result<(), ticketing_kafka::KafkaError> {
/// let report = KafkaTopics::ensure(&KafkaConfig::new("kafka:9092")).await?;
/// println!("created {:?}, found {:?}", report.created, report.existing);
/// # Ok(())
/// # }
/// ```
pub struct KafkaTopics {
    admin: AdminClient<Logged>,
    /// Asks what there is. The other client never reports why nothing responds.
    asking: Arc<BaseProducer<Logged>>,
    config: KafkaConfig,
    settings: Settings,
    names: Vec<String>,
}

impl KafkaTopics {
    /// Creates the topics that are missing. Answers within a few times `answer_within`; may run twice, and at once.
    ///
    /// # Errors
    ///
    /// - [`KafkaError::Unreachable`] if no broker answered in time.
    /// - [`KafkaError::Untrusted`], [`KafkaError::Denied`] or [`KafkaError::Differs`] if one answered, but either side
    ///   refuses the other.
    /// - [`KafkaError::NoTls`] if this build has not what the configuration asks for.
    /// - [`KafkaError::TopicDiffers`] if a topic has other settings. Nothing was changed.
    /// - [`KafkaError::Refused`] if the cluster does not create a topic like this. Others may have been created.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future may leave some of the topics created: run it again.
    pub async fn ensure(config: &KafkaConfig) -> Result<TopicReport, KafkaError> {
        let topics = Self::connect(config)?;
        let found = topics.partitions().await?;
        let (existing, missing): (Vec<String>, _) = topics.names.iter().cloned().partition(|name| found.has(name));
        topics.compare(&found, &existing).await?;
        let created = topics.create(&missing).await?;
        // Not asked again: another broker may not know yet what this one knows.
        let made = topics.await_leaders().await?;
        // A process that lost a race against another learns here if that one wants other settings.
        let raced: Vec<String> = missing.into_iter().filter(|name| !created.contains(name)).collect();
        topics.compare(&made, &raced).await?;
        Ok(TopicReport { created, existing: [existing, raced].concat() })
    }

    /// Looks whether all topics are there as the configuration wants them, and changes nothing.
    ///
    /// # Errors
    ///
    /// - [`KafkaError::Unreachable`] if no broker answered in time.
    /// - [`KafkaError::TopicMissing`] or [`KafkaError::TopicDiffers`], of the first topic that is not as it should be.
    pub async fn check(config: &KafkaConfig) -> Result<(), KafkaError> {
        let topics = Self::connect(config)?;
        let found = topics.partitions().await?;
        match topics.names.iter().find(|name| !found.has(name)) {
            Some(missing) => Err(KafkaError::TopicMissing { topic: missing.clone() }),
            None => topics.compare(&found, &topics.names).await,
        }
    }

    fn connect(config: &KafkaConfig) -> Result<Self, KafkaError> {
        config.check()?;
        let refused = |error| KafkaError::refused("be configured like this", error);
        let admin = AdminClient::from_config_and_context(&config.client(), Logged::default()).map_err(refused)?;
        let asking = BaseProducer::from_config_and_context(&config.client(), Logged::default()).map_err(refused)?;
        let (asking, config) = (Arc::new(asking), config.clone());
        let names = Topic::ALL.iter().map(|topic| config.topic(*topic)).collect();
        Ok(Self { admin, asking, settings: Settings::wanted(&config), config, names })
    }

    /// What the cluster has, of all topics there are: asking for one by name could create it.
    async fn partitions(&self) -> Result<Partitions, KafkaError> {
        let (asking, config) = (Arc::clone(&self.asking), self.config.clone());
        let ask = move || match asking.client().fetch_metadata(None, config.answer_within) {
            Ok(metadata) => Ok(Partitions::of(&metadata)),
            Err(error) => {
                asking.poll(HEAR);
                Err(asking.context().handshakes.explain(&config.brokers, error))
            }
        };
        let asked = tokio::task::spawn_blocking(ask);
        asked.await.unwrap_or_else(|stopped| Err(KafkaError::unreachable(&self.config.brokers, stopped)))
    }

    /// Creates topics; leaves out those that somebody else created meanwhile.
    async fn create(&self, missing: &[String]) -> Result<Vec<String>, KafkaError> {
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let KafkaConfig { partitions, replication, .. } = self.config;
        let topics: Vec<NewTopic<'_>> = missing
            .iter()
            .map(|name| NewTopic {
                config: self.settings.to_set(),
                ..NewTopic::new(name, partitions, TopicReplication::Fixed(replication))
            })
            .collect();
        let results = self.admin.create_topics(&topics, &self.options()).await;
        let mut created = Vec::new();
        for result in results.map_err(|error| self.unreachable(error))? {
            match result {
                Ok(name) => created.push(name),
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) => return Err(KafkaError::refused(format!("create topic {name}"), code)),
            }
        }
        Ok(created)
    }

    /// Waits until every topic can be written to, and returns what there is then.
    async fn await_leaders(&self) -> Result<Partitions, KafkaError> {
        let deadline = Instant::now() + self.config.answer_within;
        loop {
            let found = self.partitions().await?;
            let Some(waiting) = self.names.iter().find(|name| !found.has_leaders(name)) else { return Ok(found) };
            if Instant::now() >= deadline {
                return Err(KafkaError::unreachable(&self.config.brokers, format!("topic {waiting} has no leaders")));
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    async fn compare(&self, found: &Partitions, names: &[String]) -> Result<(), KafkaError> {
        if names.is_empty() {
            return Ok(());
        }
        names.iter().try_for_each(|name| found.compare(name, &self.config))?;
        let deadline = Instant::now() + self.config.answer_within;
        loop {
            match self.compare_settings(names).await? {
                Some(code) if Instant::now() >= deadline => {
                    return Err(KafkaError::refused("tell the settings of a topic", code));
                }
                // A topic that was made just now is not known to every broker.
                Some(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
                None => return Ok(()),
            }
        }
    }

    /// Compares the settings of topics; returns why a broker does not return those of one yet.
    async fn compare_settings(&self, names: &[String]) -> Result<Option<RDKafkaErrorCode>, KafkaError> {
        let asked: Vec<ResourceSpecifier<'_>> = names.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
        let answers = self.admin.describe_configs(&asked, &self.options()).await;
        for answer in answers.map_err(|error| self.unreachable(error))? {
            let resource = match answer {
                Ok(resource) => resource,
                Err(code @ RDKafkaErrorCode::UnknownTopicOrPartition) => return Ok(Some(code)),
                Err(code) => return Err(KafkaError::refused("tell the settings of a topic", code)),
            };
            if let OwnedResourceSpecifier::Topic(name) = &resource.specifier {
                self.settings.compare(name, &resource)?;
            }
        }
        Ok(None)
    }

    fn options(&self) -> AdminOptions {
        let within = Some(self.config.answer_within);
        AdminOptions::new().request_timeout(within).operation_timeout(within)
    }

    fn unreachable(&self, error: ClientError) -> KafkaError {
        KafkaError::unreachable(&self.config.brokers, error)
    }
}

impl fmt::Debug for KafkaTopics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaTopics").field("config", &self.config).finish_non_exhaustive()
    }
}
