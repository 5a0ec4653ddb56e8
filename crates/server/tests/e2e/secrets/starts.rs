//! A start that waits, and one that fails, tell why without a secret.

use std::net::TcpListener;
use std::process::Command;

use futures::future::join_all;

use super::{all, assert_none_in, said};
use crate::absent::Starting;
use crate::programs::{Program, Settings};
use crate::tls::{tls, told};

const FORMATS: [&str; 2] = ["json", "text"];

/// Where engines are, and by which user; what comes before in a start.
fn there(engines: &[&str]) -> Settings {
    let is_of = |name: &str| engines.iter().any(|engine| name.contains(&engine.to_uppercase()));
    // Authorities have a use only where an engine is reached over TLS.
    let known = tls().into_iter().filter(|(name, _)| is_of(name) || *name == "TICKETING_TLS_CA" && !engines.is_empty());
    known.collect()
}

/// The same address with a user whom nobody knows.
fn by_a_stranger(address: &str, canary: &str) -> String {
    address.replace("://", &format!("://canaryUser:{canary}@"))
}

#[tokio::test]
async fn a_process_that_waits_names_the_engine_and_no_secret_and_stops_when_told() {
    let nobody = [("TICKETING_KAFKA_BROKERS", "127.0.0.1:1".to_owned())];
    let cases = [("mongodb", there(&[])), ("kafka", there(&["mongodb"])), ("redis", there(&["mongodb", "kafka"]))];
    let cases = cases.iter().flat_map(|case| FORMATS.map(|format| (case, format)));

    join_all(cases.map(|((engine, there), format)| {
        let mut settings = all();
        settings.extend(nobody.iter().chain(there).cloned());
        settings.push(("TICKETING_LOG_FORMAT", format.to_owned()));
        async move {
            let mut process = Starting::with(&settings).await;
            process.waits_for(engine).await;
            assert_eq!(process.stop(), Some(0), "{}", process.log());
            let log = process.log();
            assert!(log.contains(&format!("waiting for {engine}: ")), "{log}");
            is_safe(&log, format);
        }
    }))
    .await;
}

#[test]
fn a_start_that_an_engine_refuses_tells_which_and_no_secret() {
    let (mongodb, redis) = (told("MONGODB_TLS_URI"), told("REDIS_TLS_URL"));
    let set = |name, value: &str| vec![(name, value.to_owned())];
    let cases = [
        ("MongoDB refuses the user", set("TICKETING_MONGODB_URI", &by_a_stranger(&mongodb, "canaryMongodb"))),
        (
            "kafka at",
            [set("TICKETING_KAFKA_USER", "canaryKafkaUser"), set("TICKETING_KAFKA_PASSWORD", "canaryKafka")].concat(),
        ),
        ("denies access", set("TICKETING_REDIS_URL", &by_a_stranger(&redis, "canaryRedis"))),
        // What their clients cannot read.
        (
            "connection string is wrong",
            set("TICKETING_MONGODB_URI", "mongodb://canaryUser:canary/Mongodb@[127.0.0.1:1/?canary"),
        ),
        ("Redis", set("TICKETING_REDIS_URL", "redis://canaryUser:canary/Redis@[127.0.0.1:1/canary")),
    ];

    // Side by side, because each waits for its engine for seconds.
    std::thread::scope(|scope| {
        for (sentence, others) in &cases {
            for format in FORMATS {
                scope.spawn(move || {
                    let said = refused_start(others, format);
                    assert!(said.contains(sentence), "{sentence}: {said}");
                    is_safe(&said, format);
                });
            }
        }
    });
}

/// With canaries wherever the engines allow it.
fn refused_start(others: &Settings, format: &str) -> String {
    let mut settings = all();
    settings.extend(there(&["mongodb", "kafka", "redis"]).iter().chain(others).cloned());
    let output = Command::new(Program::CURRENT)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env_clear()
        .envs(settings)
        .env("TICKETING_LOG_FORMAT", format)
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    said(&output)
}

#[test]
fn a_start_whose_address_is_taken_tells_no_secret() {
    let taken = TcpListener::bind("127.0.0.1:0").and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (address, _listener) = taken.expect("a free port");

    for format in FORMATS {
        let said = refused_start(&vec![("TICKETING_ADMIN_LISTEN", address.to_string())], format);
        assert!(said.contains("--admin-listen"), "{said}");
        is_safe(&said, format);
    }
}

/// No secret is in a log, and each of its lines is what the format says.
pub(super) fn is_safe(log: &str, format: &str) {
    assert_none_in(log);
    for line in log.lines().filter(|_| format == "json") {
        let is_json = serde_json::from_str::<serde_json::Value>(line).is_ok_and(|line| line["level"].is_string());
        assert!(is_json, "{line}");
    }
}
