//! What cannot be connected to says so, in one sentence and in time.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use ticketing_conformance::sample::free_address;
use ticketing_redis::{RedisClient, RedisConfig, RedisError};

use crate::engine::Engine;
use crate::world::{ask, eventually};

const LIMIT: Duration = Duration::from_secs(1);

/// Why it does not connect, and proof that this neither lasts nor shows the password.
async fn refusal(url: String) -> RedisError {
    let config = RedisConfig { url, connection_timeout: LIMIT, response_timeout: LIMIT, ..RedisConfig::default() };
    let began = Instant::now();
    let error = RedisClient::connect(&config).await.expect_err("it does not connect");
    assert!(began.elapsed() < LIMIT * 5, "it took {:?}", began.elapsed());
    let shown = format!("{config:?} {error} {error:?} {:?}", error.source().map(ToString::to_string));
    assert!(!shown.contains("tomato"), "{shown}");
    error
}

/// Listens, and answers every client that says something, or none.
fn impostor(answer: Option<&'static [u8]>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("its address");
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        while let Ok((mut caller, _)) = listener.accept() {
            if let Some(answer) = answer {
                let read = caller.read(&mut [0; 1024]).and_then(|_| caller.write_all(answer));
                drop(read);
            }
            kept.push(caller);
        }
    });
    format!("redis://:tomato@{address}/")
}

#[tokio::test]
async fn a_url_that_is_none_is_refused() {
    for url in ["", "tomato", "http://tomato@localhost/", "redis://", "redis://:tomato@localhost/first"] {
        let error = refusal(url.to_owned()).await;

        assert!(matches!(error, RedisError::Url(_)), "{url}: {error:?}");
    }
}

#[cfg(not(feature = "tls"))]
#[tokio::test]
async fn a_url_that_asks_for_tls_is_refused_and_not_spoken_to_without() {
    for scheme in ["rediss", "Rediss", "valkeys"] {
        let error = refusal(format!("{scheme}://:tomato@localhost/")).await;

        assert!(matches!(error, RedisError::NoTls), "{scheme}: {error:?}");
    }
}

#[tokio::test]
async fn nobody_at_the_address_is_told() {
    let away = free_address();
    let error = refusal(format!("redis://:tomato@{away}/")).await;
    assert!(error.to_string().starts_with(&format!("no Redis answers at {away}:")), "{error}");

    let nowhere = refusal("redis://:tomato@redis.invalid/".to_owned()).await;
    assert!(nowhere.to_string().starts_with("no Redis answers at redis.invalid:6379:"), "{nowhere}");
}

#[tokio::test]
async fn somebody_else_at_the_address_is_told() {
    let talker = refusal(impostor(Some(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))).await;
    assert!(matches!(talker, RedisError::NotRedis { .. }), "{talker:?}");

    let silent = refusal(impostor(None)).await;
    assert!(matches!(silent, RedisError::Unreachable { .. }), "{silent:?}");
}

#[tokio::test]
async fn a_wrong_password_is_told_and_not_shown() {
    let engine = Engine::start(&["--requirepass", "potato"]);

    for url in [engine.url(), engine.url_with_password("tomato"), engine.url().replace("//", "//ada:tomato@")] {
        let error = refusal(url).await;
        assert!(matches!(error, RedisError::Denied { .. }), "{error:?}");
    }
    let config = RedisConfig { url: engine.url_with_password("potato"), ..RedisConfig::default() };
    let client = RedisClient::connect(&config).await.unwrap();
    client.ping().await.unwrap();
    assert!(!format!("{client:?}").contains("potato"), "{client:?}");
}

#[tokio::test]
async fn a_read_only_redis_is_told() {
    let replica = Engine::start(&["--replicaof", "127.0.0.1", "1"]);

    let error = refusal(replica.url()).await;
    assert!(matches!(error, RedisError::ReadOnly { .. }), "{error:?}");
}

#[tokio::test]
async fn a_redis_that_loads_is_told_and_then_connected_to() {
    let mut engine = Engine::start(&["--appendonly", "no"]);
    let populate = "for i = 1, 1000 do redis.call('SET', i, i) end";
    ask::<()>(&engine.url(), &["EVAL", populate, "0"]).unwrap();
    ask::<()>(&engine.url(), &["SAVE"]).unwrap();
    engine.kill();
    engine.launch(&[
        "--appendonly",
        "no",
        "--key-load-delay",
        "2000",
        "--loading-process-events-interval-bytes",
        "1024",
    ]);

    let is_loading = async || matches!(refusal(engine.url()).await, RedisError::Loading { .. }).then_some(());
    eventually("it is loading", is_loading).await;
    let config = RedisConfig { url: engine.url(), ..RedisConfig::default() };
    eventually("it has loaded", || async { RedisClient::connect(&config).await.ok() }).await;
}
