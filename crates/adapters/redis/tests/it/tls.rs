//! Redis over TLS: with the right certificate all works; what is wrong with another is told in a sentence.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use ticketing_conformance::sample;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::ports::error_chain;
use ticketing_core::ports::identity::SessionStore;
use ticketing_core::ports::ticket_feed::{FeedItem, TicketFeed};
use ticketing_redis::{RedisClient, RedisConfig, RedisError, RedisSessions, RedisTicketFeed};

use crate::engine::Engine;
use crate::world::{ask, now};

const LIMIT: Duration = Duration::from_secs(5);
const ANYBODY: [&str; 2] = ["--tls-auth-clients", "no"];

fn certificate(name: &str) -> PathBuf {
    let folder = std::env::var("ENGINES_CERTIFICATES")
        .expect("set ENGINES_CERTIFICATES: `deploy/engines.sh run cargo test …` brings certificates");
    PathBuf::from(folder).join(name)
}

/// A Redis of a test's own that speaks TLS beside the plain protocol, with a certificate of this name; and where.
fn engine(name: &str, more: &[&str]) -> (Engine, u16) {
    let port = sample::free_address().port();
    let file = |file: &str| certificate(file).display().to_string();
    let (cert, key, ca) = (file(&format!("{name}.crt")), file(&format!("{name}.key")), file("ca.pem"));
    let files = ["--tls-cert-file", &cert, "--tls-key-file", &key, "--tls-ca-cert-file", &ca];
    (Engine::start(&[&["--tls-port", &port.to_string()][..], &files, more].concat()), port)
}

fn config(url: String, ca: Option<&str>) -> RedisConfig {
    let ca = ca.map(certificate);
    RedisConfig { url, ca, connection_timeout: LIMIT, response_timeout: LIMIT, ..RedisConfig::default() }
}

/// Why it does not connect, and proof that this neither lasts nor shows the password.
async fn refusal(url: &str, ca: Option<&str>) -> RedisError {
    let (config, began) = (config(url.to_owned(), ca), Instant::now());
    let error = RedisClient::connect(&config).await.expect_err("it does not connect");
    assert!(began.elapsed() < LIMIT * 4, "it took {:?}", began.elapsed());
    let shown = format!("{config:?} {error:?} {}", error_chain(&error));
    assert!(!shown.contains("tomato"), "{shown}");
    error
}

/// The port that each client of the Redis at a plain address is connected to, but for that of the question.
fn ports(plain: &str) -> Vec<u16> {
    let clients: String = ask(plain, &["CLIENT", "LIST"]).expect("Redis answers");
    let others = clients.lines().filter(|client| !client.contains("cmd=client"));
    let ports = others.map(|client| {
        let local = client.split(' ').find_map(|field| field.strip_prefix("laddr=")).expect("it says where");
        local.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port")
    });
    ports.collect()
}

#[tokio::test]
async fn everything_goes_over_tls() {
    let (engine, port) = engine("server", &ANYBODY);
    let config = config(format!("rediss://127.0.0.1:{port}/"), Some("ca.pem"));
    let client = RedisClient::connect(&config).await.unwrap();

    let session = sample::session(AccountId::new(sample::uuid()), now(), Duration::from_secs(60));
    RedisSessions::new(&client).create(session.clone()).await.unwrap();
    assert!(RedisSessions::new(&client).session(session.id).await.unwrap().is_some());
    let mut news = RedisTicketFeed::open(&client).await.unwrap();
    let ticket = TicketId::new(sample::uuid());
    let channel = format!("{}:tickets:changed", config.prefix);
    ask::<()>(&engine.url(), &["PUBLISH", &channel, &ticket.to_string()]).unwrap();
    let heard = tokio::time::timeout(Duration::from_secs(30), news.next()).await.unwrap();

    assert!(matches!(&heard, FeedItem::Changed(changes) if changes.iter().any(|change| change.ticket == ticket)));
    assert_eq!(ports(&engine.url()), [port, port]);
}

#[tokio::test]
async fn a_wrong_password_is_told_over_tls_too() {
    let (_engine, port) = engine("server", &[&ANYBODY[..], &["--requirepass", "potato"]].concat());

    let error = refusal(&format!("rediss://:tomato@127.0.0.1:{port}/"), Some("ca.pem")).await;
    assert!(matches!(error, RedisError::Denied { .. }), "{error:?}");

    let right = config(format!("rediss://:potato@127.0.0.1:{port}/"), Some("ca.pem"));
    let client = RedisClient::connect(&right).await.unwrap();
    assert!(!format!("{client:?}").contains("potato"), "{client:?}");
}

#[tokio::test]
async fn a_server_that_does_not_prove_who_it_is_is_refused() {
    for (host, name, ca) in [
        ("127.0.0.1", "server", Some("other.pem")),
        ("127.0.0.1", "server", None),
        ("127.0.0.1", "expired", Some("ca.pem")),
        ("localhost", "server", Some("ca.pem")),
    ] {
        let (_engine, port) = engine(name, &ANYBODY);

        let error = refusal(&format!("rediss://:tomato@{host}:{port}/"), ca).await;

        assert!(matches!(error, RedisError::Untrusted { .. }), "{host} {name} {ca:?}: {error:?}");
        assert!(error.to_string().contains(&format!("{host}:{port}")), "{error}");
    }
}

#[tokio::test]
async fn tls_on_one_side_alone_is_told() {
    let (engine, port) = engine("server", &ANYBODY);

    let error = refusal(&engine.url_with_password("tomato").replace("redis://", "rediss://"), Some("ca.pem")).await;
    assert!(error.to_string().contains("over TLS"), "{error:?}");
    let error = refusal(&format!("redis://:tomato@127.0.0.1:{port}/"), None).await;
    assert!(error.to_string().contains("rediss://"), "{error:?}");
}

#[tokio::test]
async fn a_server_that_wants_certificates_of_its_clients_is_told() {
    let (_engine, port) = engine("server", &["--tls-auth-clients", "yes"]);

    let error = refusal(&format!("rediss://:tomato@127.0.0.1:{port}/"), Some("ca.pem")).await;

    assert!(matches!(error, RedisError::CertificateWanted { .. }), "{error:?}");
}

#[tokio::test]
async fn certificates_are_checked_whatever_the_url_says() {
    let (_engine, port) = engine("server", &ANYBODY);
    for scheme in ["rediss", "REDISS", "valkeys"] {
        let error = refusal(&format!("{scheme}://:tomato@127.0.0.1:{port}/#insecure"), Some("other.pem")).await;

        assert!(matches!(error, RedisError::Fragment), "{scheme}: {error:?}");
        let error = refusal(&format!("{scheme}://:tomato@127.0.0.1:{port}/"), Some("other.pem")).await;
        assert!(matches!(error, RedisError::Untrusted { .. }), "{scheme}: {error:?}");
    }
}

#[tokio::test]
async fn authorities_that_cannot_be_read_are_named() {
    for name in ["missing.pem", "server.key"] {
        let error = refusal("rediss://:tomato@127.0.0.1:1/", Some(name)).await;

        assert!(matches!(&error, RedisError::Authorities { file, .. } if file.ends_with(name)), "{error:?}");
    }
}
