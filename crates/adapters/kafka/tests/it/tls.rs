//! TLS and users: with the right ones all works, and what is wrong with others is told in a sentence.

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ticketing_core::domain::event::Topic;
use ticketing_core::ports::error_chain;
use ticketing_core::ports::log::EventLog;
use ticketing_core::ports::transport::{EventSubscriber, Kinds, StartFrom, SubscriptionConfig};
use ticketing_kafka::{
    KafkaConfig, KafkaError, KafkaLog, KafkaPublisher, KafkaSasl, KafkaSubscriber, KafkaTopics, KafkaUser,
};

use crate::world::{World, ack, config, event_of, orders, soon, take};

const MECHANISMS: [KafkaSasl; 3] = [KafkaSasl::Plain, KafkaSasl::ScramSha256, KafkaSasl::ScramSha512];

fn told(name: &str) -> String {
    std::env::var(name)
        .expect("this test needs a Kafka that speaks TLS: `deploy/engines.sh run cargo test …` brings one")
}

fn certificate(name: &str) -> Option<PathBuf> {
    Some(PathBuf::from(told("ENGINES_CERTIFICATES")).join(name))
}

/// Speaks TLS and trusts the authority that signed the certificates of the brokers.
fn tls(brokers: String) -> KafkaConfig {
    KafkaConfig { brokers, tls: true, ca: certificate("ca.pem"), ..config(1) }
}

fn user(mechanism: KafkaSasl, password: &str) -> Option<KafkaUser> {
    Some(KafkaUser { mechanism, name: "ada".to_owned(), password: password.to_owned() })
}

/// Every way to use a cluster: topics are made and checked, an event goes round, and the log is read.
async fn works(config: KafkaConfig) {
    let world = World::of(config).await;
    KafkaTopics::check(&world.config).await.expect("the topics are there");
    let events = orders(1);
    world.publish(&events).await;
    let mut member = world.join("catalog").await;
    for delivery in take(&mut member, 1).await {
        assert!(events.contains(event_of(&delivery)));
        ack(delivery);
    }
    let mut log = KafkaLog::open(&world.config, &[Topic::Orders]).await.expect("the log opens");
    assert_eq!(soon("the log is read", log.next()).await.expect("a batch").len(), 1);
}

/// What each way to use a cluster says, which all are at the door before long; the password is in none of it.
async fn refusals(config: KafkaConfig) -> Vec<KafkaError> {
    let config = KafkaConfig { answer_within: Duration::from_secs(4), ..config };
    let began = Instant::now();
    let (topics, publisher, log) = tokio::join!(
        KafkaTopics::ensure(&config),
        KafkaPublisher::connect(&config),
        KafkaLog::open(&config, &[Topic::Orders]),
    );
    let errors = vec![
        topics.expect_err("topics are out of reach"),
        publisher.expect_err("nothing is published"),
        log.expect_err("nothing is read"),
    ];
    assert!(began.elapsed() < Duration::from_secs(30), "it took {:?}", began.elapsed());
    for error in &errors {
        let shown = format!("{config:?} {error} {error:?} {:?}", error.source().map(ToString::to_string));
        assert!(!shown.contains("wrong-secret"), "{shown}");
        assert!(error.to_string().contains(&config.brokers), "{error}");
    }
    errors
}

fn all_are(errors: &[KafkaError], expected: fn(&KafkaError) -> bool) {
    assert!(errors.iter().all(expected), "{errors:#?}");
}

#[tokio::test]
async fn all_works_over_tls() {
    works(tls(told("KAFKA_TLS_BROKERS"))).await;
}

#[tokio::test]
async fn all_works_at_brokers_that_want_a_user() {
    for mechanism in MECHANISMS {
        works(KafkaConfig { user: user(mechanism, "tomato"), ..tls(told("KAFKA_SASL_BROKERS")) }).await;
    }
}

#[tokio::test]
async fn a_broker_that_no_trusted_authority_vouches_for_is_refused() {
    let own = KafkaConfig { ca: certificate("other.pem"), ..tls(told("KAFKA_TLS_BROKERS")) };
    let the_systems = KafkaConfig { ca: None, ..own.clone() };

    for config in [own, the_systems] {
        all_are(&refusals(config).await, |error| matches!(error, KafkaError::Untrusted { .. }));
    }
}

#[tokio::test]
async fn a_certificate_of_another_name_is_refused() {
    let brokers = told("KAFKA_TLS_BROKERS").replace("127.0.0.1", "localhost");

    all_are(&refusals(tls(brokers)).await, |error| matches!(error, KafkaError::Untrusted { .. }));
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_shown() {
    for mechanism in MECHANISMS {
        let config = KafkaConfig { user: user(mechanism, "wrong-secret"), ..tls(told("KAFKA_SASL_BROKERS")) };

        all_are(&refusals(config).await, |error| matches!(error, KafkaError::Denied { .. }));
    }
}

#[tokio::test]
async fn tls_or_a_user_on_one_side_alone_is_told() {
    let user = user(KafkaSasl::ScramSha256, "tomato");
    let plain = KafkaConfig { tls: false, ca: None, ..tls(told("KAFKA_BROKERS")) };
    for (what, config) in [
        ("TLS at a plain listener", tls(told("KAFKA_BROKERS"))),
        ("plain at TLS", KafkaConfig { brokers: told("KAFKA_TLS_BROKERS"), ..plain.clone() }),
        ("plain at TLS with users", KafkaConfig { brokers: told("KAFKA_SASL_BROKERS"), ..plain.clone() }),
        ("nobody at TLS with users", tls(told("KAFKA_SASL_BROKERS"))),
        ("a user at TLS alone", KafkaConfig { user: user.clone(), ..tls(told("KAFKA_TLS_BROKERS")) }),
        ("a user at a plain listener", KafkaConfig { user, ..plain }),
    ] {
        for error in refusals(config).await {
            let told = error.to_string();
            assert!(told.contains("TLS") && told.contains("user"), "{what}: {told}");
            // A listener that wants more than it gets hangs up without a word.
            let wants_more = what.starts_with("plain") || what.starts_with("nobody");
            assert_eq!(matches!(error, KafkaError::Unreachable { .. }), wants_more, "{what}: {error:?}");
        }
    }
}

#[tokio::test]
async fn a_group_is_told_why_it_is_not_let_in() {
    let config = KafkaConfig { user: user(KafkaSasl::Plain, "wrong-secret"), ..tls(told("KAFKA_SASL_BROKERS")) };
    let config = KafkaConfig { answer_within: Duration::from_secs(4), ..config };
    let (group, topics) = ("catalog".to_owned(), vec![Topic::Orders]);
    let wants = SubscriptionConfig {
        group,
        topics,
        start: StartFrom::Earliest,
        max_unsettled: 1,
        patience: Duration::ZERO,
        kinds: Kinds::All,
    };

    let error = KafkaSubscriber::new(&config).subscribe(wants).await.expect_err("nobody is let in");

    let cause = error_chain(&error);
    assert!(cause.contains("denies access") && !cause.contains("wrong-secret"), "{cause}");
}

#[tokio::test]
async fn authorities_that_cannot_be_read_are_named() {
    for name in ["missing.pem", "server.key"] {
        let config = KafkaConfig { ca: certificate(name), ..tls(told("KAFKA_TLS_BROKERS")) };

        let error = KafkaTopics::ensure(&config).await.unwrap_err();

        assert!(matches!(&error, KafkaError::Authorities { file, .. } if file.ends_with(name)), "{error:?}");
    }
}
