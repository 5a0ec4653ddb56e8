//! Topics are made once, as configured, and others are refused.

use std::time::{Duration, Instant};

use futures::future::join;
use rdkafka::admin::{AdminClient, AdminOptions, ConfigSource, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::transport::{EventSubscriber, Kinds, StartFrom, SubscriptionConfig, TransportError};
use ticketing_kafka::{KafkaConfig, KafkaError, KafkaLog, KafkaPublisher, KafkaSubscriber, KafkaTopics};

use crate::world::{World, client, config, delete_topics};

#[tokio::test]
async fn topics_are_created_once_even_by_two_at_once() {
    let config = config(2);

    let (one, two) = join(KafkaTopics::ensure(&config), KafkaTopics::ensure(&config)).await;
    let (one, two) = (one.unwrap(), two.unwrap());
    let later = KafkaTopics::ensure(&config).await.unwrap();

    let mut created = [one.created, two.created].concat();
    created.sort();
    let mut all = Topic::ALL.map(|topic| config.topic(topic)).to_vec();
    assert_eq!(later.existing, all);
    all.sort();
    assert_eq!(created, all);
    assert!(later.created.is_empty());
    assert!(KafkaTopics::check(&config).await.is_ok());
    delete_topics(&config);
}

#[tokio::test]
async fn topics_with_other_settings_are_refused_and_named() {
    let world = World::start(2).await;
    let more = KafkaConfig { partitions: 3, ..world.config.clone() };
    let shorter = KafkaConfig { retention: Some(Duration::from_secs(3600)), ..world.config.clone() };
    let larger = KafkaConfig { max_bytes: 50_000_000, ..world.config.clone() };

    let topic = world.config.topic(Topic::Accounts);
    let wanted = [
        (more, format!("topic {topic} has partitions 2, and the configuration wants 3")),
        (shorter, format!("topic {topic} has retention.ms -1, and the configuration wants 3600000")),
        (larger, format!("topic {topic} has max.message.bytes 1048588, and the configuration wants 50000000 or more")),
    ];
    for (config, sentence) in wanted {
        assert_eq!(KafkaTopics::ensure(&config).await.unwrap_err().to_string(), sentence);
        assert_eq!(KafkaTopics::check(&config).await.unwrap_err().to_string(), sentence);
    }
    assert!(KafkaTopics::check(&world.config).await.is_ok(), "something was changed");
}

#[tokio::test]
async fn an_event_is_durable_on_most_replicas_and_a_replica_that_missed_some_never_leads() {
    let config = config(1);
    KafkaTopics::ensure(&config).await.unwrap();
    let admin: AdminClient<DefaultClientContext> = client(&config).create().unwrap();
    let name = config.topic(Topic::Orders);

    let described = admin.describe_configs([&ResourceSpecifier::Topic(&name)], &AdminOptions::new()).await.unwrap();
    let described = described.into_iter().next().unwrap().unwrap();
    let own = |setting| {
        let entry = described.get(setting).unwrap();
        // Whatever the cluster's own default is, or becomes.
        assert!(!entry.is_default && entry.source == ConfigSource::DynamicTopic, "{setting} is not set on the topic");
        entry.value.clone().unwrap()
    };
    assert_eq!(own("min.insync.replicas"), "1");
    assert_eq!(own("unclean.leader.election.enable"), "false");

    let three = KafkaConfig { replication: 3, ..config.clone() };
    let error = KafkaTopics::check(&three).await.unwrap_err().to_string();
    let topic = config.topic(Topic::Accounts);
    assert_eq!(error, format!("topic {topic} has replication 1, and the configuration wants 3 or more"));
    delete_topics(&config);
}

#[tokio::test]
async fn topics_that_may_lose_what_was_acknowledged_are_refused() {
    for (setting, bad, good) in [("min.insync.replicas", "2", "1"), ("unclean.leader.election.enable", "true", "false")]
    {
        let config = config(1);
        let admin: AdminClient<DefaultClientContext> = client(&config).create().unwrap();
        let name = config.topic(Topic::Payments);
        let topic = NewTopic::new(&name, 1, TopicReplication::Fixed(1))
            .set("cleanup.policy", "delete")
            .set("retention.ms", "-1")
            .set(setting, bad);
        admin.create_topics([&topic], &AdminOptions::new()).await.unwrap().pop().unwrap().unwrap();

        let error = KafkaTopics::ensure(&config).await.unwrap_err().to_string();

        assert_eq!(error, format!("topic {name} has {setting} {bad}, and the configuration wants {good}"));
        delete_topics(&config);
    }
}

#[tokio::test]
async fn a_topic_that_is_refused_leaves_the_others_uncreated() {
    let config = config(1);
    let admin: AdminClient<DefaultClientContext> = client(&config).create().unwrap();
    let name = config.topic(Topic::Payments);
    let compacted = NewTopic::new(&name, 1, TopicReplication::Fixed(1)).set("cleanup.policy", "compact");
    admin.create_topics([&compacted], &AdminOptions::new()).await.unwrap().pop().unwrap().unwrap();

    let error = KafkaTopics::ensure(&config).await.unwrap_err();

    assert!(matches!(&error, KafkaError::TopicDiffers { setting: "cleanup.policy", .. }), "{error}");
    let missing = KafkaTopics::check(&config).await.unwrap_err();
    let accounts = config.topic(Topic::Accounts);
    assert!(matches!(&missing, KafkaError::TopicMissing { topic } if *topic == accounts), "{missing:?}");
    delete_topics(&config);
}

#[tokio::test]
async fn who_needs_missing_topics_is_told() {
    let config = config(1);
    let wants = SubscriptionConfig {
        group: "catalog".to_owned(),
        topics: vec![Topic::Orders],
        start: StartFrom::Earliest,
        max_unsettled: 1,
        patience: Duration::ZERO,
        kinds: Kinds::All,
    };

    assert!(matches!(KafkaPublisher::connect(&config).await, Err(KafkaError::TopicMissing { .. })));
    assert!(matches!(KafkaLog::open(&config, &[Topic::Orders]).await, Err(KafkaError::TopicMissing { .. })));
    let subscribed = KafkaSubscriber::new(&config).subscribe(wants).await;
    assert!(matches!(subscribed, Err(TransportError::Unavailable(_))));
}

#[tokio::test]
async fn brokers_that_do_not_answer_are_named_in_time() {
    let answer_within = Duration::from_secs(2);
    let config = KafkaConfig { answer_within, ..KafkaConfig::new("127.0.0.1:1") };
    let began = Instant::now();

    let ensured = KafkaTopics::ensure(&config).await.unwrap_err();
    let connected = KafkaPublisher::connect(&config).await.unwrap_err();
    let opened = KafkaLog::open(&config, &[Topic::Orders]).await.unwrap_err();

    for error in [ensured, connected, opened] {
        assert!(error.to_string().starts_with("kafka at 127.0.0.1:1 does not answer:"), "{error}");
    }
    assert!(began.elapsed() < answer_within * 6, "it took {:?}", began.elapsed());
}
