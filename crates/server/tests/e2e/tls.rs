//! The program on engines that are reached over TLS, and what it says where they are not what they should be.

use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use crate::programs::{Programs, Settings, alone};

pub(crate) fn told(name: &str) -> String {
    std::env::var(name)
        .expect("this test needs engines that speak TLS: `deploy/engines.sh run cargo test …` brings them")
}

fn certificate(name: &str) -> String {
    Path::new(&told("ENGINES_CERTIFICATES")).join(name).display().to_string()
}

pub(crate) fn tls() -> Settings {
    vec![
        ("TICKETING_TLS_CA", certificate("ca.pem")),
        ("TICKETING_MONGODB_URI", told("MONGODB_TLS_URI")),
        ("TICKETING_KAFKA_BROKERS", told("KAFKA_SASL_BROKERS")),
        ("TICKETING_KAFKA_TLS", "true".to_owned()),
        ("TICKETING_KAFKA_SASL", "scram-sha-512".to_owned()),
        ("TICKETING_KAFKA_USER", "ada".to_owned()),
        ("TICKETING_KAFKA_PASSWORD", "tomato".to_owned()),
        ("TICKETING_REDIS_URL", told("REDIS_TLS_URL")),
    ]
}

async fn marketplace() -> Programs {
    let tls = tls();
    let settings: Vec<_> = tls.iter().map(|(name, value)| (*name, value.as_str())).collect();
    alone(&settings).await
}

/// Runs a command that cannot be carried out with other settings; returns what it says of that.
fn refusal(programs: &Programs, command: &[&str], others: &[(&'static str, String)]) -> String {
    let began = Instant::now();
    let Output { status, stderr, stdout } = programs.all[0].operate_with(command, others);
    let said = String::from_utf8_lossy(&stderr).into_owned() + &String::from_utf8_lossy(&stdout);
    assert_eq!(status.code(), Some(1), "{command:?} {others:?}: {said}");
    assert!(began.elapsed() < Duration::from_secs(30), "it took {:?}: {said}", began.elapsed());
    assert!(!said.contains("tomato") && !said.contains("hunter22"), "{said}");
    said
}

#[tokio::test]
async fn a_marketplace_works_on_engines_over_tls() {
    // It serves once a ticket was bought, and news of that came over Redis.
    let programs = marketplace().await.warmed_up().await;

    let program = &programs.all[0];
    program.audit();
    for command in [&["topics"][..], &["parked", "list"], &["replay", "tickets"], &["replay", "expiration"]] {
        let output = program.operate(command);
        assert!(output.status.success(), "{command:?}: {output:?}");
    }
    assert!(!program.last_words().contains("tomato"), "{}", program.last_words());
}

#[tokio::test]
async fn an_engine_that_is_not_trusted_or_does_not_trust_us_is_told() {
    let programs = marketplace().await;
    let other_ca = || ("TICKETING_TLS_CA", certificate("other.pem"));
    let set = |name, value: &str| vec![(name, value.to_owned())];
    let redis = told("REDIS_TLS_URL").replace("rediss://", "rediss://:hunter22@");

    let cases = [
        (&["audit"][..], vec![other_ca()], "MongoDB does not prove by TLS who it is"),
        (&["parked", "list"], vec![other_ca()], "MongoDB does not prove by TLS who it is"),
        (&["serve", "--listen", "127.0.0.1:0"], vec![other_ca()], "MongoDB does not prove by TLS who it is"),
        (&["serve", "--listen", "127.0.0.1:0"], set("TICKETING_KAFKA_PASSWORD", "hunter22"), "denies access"),
        (&["serve", "--listen", "127.0.0.1:0"], set("TICKETING_REDIS_URL", &redis), "denies access"),
        (&["topics"], vec![other_ca()], "does not prove by TLS who it is"),
        (&["topics"], set("TICKETING_KAFKA_PASSWORD", "hunter22"), "denies access"),
        (&["topics"], set("TICKETING_KAFKA_TLS", "false"), "whether it wants TLS or a user"),
        (&["replay", "tickets"], set("TICKETING_KAFKA_PASSWORD", "hunter22"), "denies access"),
        (&["replay", "expiration"], vec![other_ca()], "does not prove who it is"),
        (&["replay", "expiration"], set("TICKETING_REDIS_URL", &redis), "denies access"),
    ];
    // Side by side, because each waits for its engine for seconds.
    let programs = &programs;
    std::thread::scope(|scope| {
        for (command, others, sentence) in &cases {
            scope.spawn(move || {
                let said = refusal(programs, command, others);
                assert!(said.contains(sentence), "{command:?} {others:?}: {said}");
            });
        }
    });
}

#[tokio::test]
async fn a_password_that_travels_in_the_clear_is_told() {
    let programs = marketplace().await;
    let plain = [("TICKETING_KAFKA_SASL", "plain".to_owned()), ("TICKETING_KAFKA_TLS", "false".to_owned())];

    assert!(refusal(&programs, &["topics"], &plain).contains("travels in the clear"));
    let said = programs.all[0].operate_with(&["topics"], &plain[..1]);
    assert!(said.status.success() && !String::from_utf8_lossy(&said.stderr).contains("travels"), "{said:?}");
}
