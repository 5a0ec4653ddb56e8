//! A Redis that may throw away what it keeps is told at start.

use std::io::Write;
use std::sync::{Arc, Mutex};

use ticketing_redis::{RedisClient, RedisConfig};

use crate::engine::Engine;
use crate::world::ask;

/// What is logged, as text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics here").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What is logged while a client connects.
async fn logged(engine: &Engine) -> String {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _listening = tracing::subscriber::set_default(subscriber);
    let config = RedisConfig { url: engine.url(), ..RedisConfig::default() };
    RedisClient::connect(&config).await.expect("it connects");
    let text = log.0.lock().expect("nobody panics here").clone();
    String::from_utf8(text).expect("text")
}

#[tokio::test]
async fn a_policy_that_may_evict_is_told_at_start() {
    let engine = Engine::start(&[]);
    for policy in ["allkeys-lru", "volatile-ttl"] {
        ask::<()>(&engine.url(), &["CONFIG", "SET", "maxmemory-policy", policy]).unwrap();

        let log = logged(&engine).await;

        assert!(log.contains("WARN") && log.contains(policy) && log.contains("noeviction"), "{log}");
    }
}

#[tokio::test]
async fn nothing_is_told_of_a_policy_that_keeps_everything_or_is_hidden() {
    let engine = Engine::start(&["--maxmemory-policy", "noeviction"]);
    assert_eq!(logged(&engine).await, "");

    ask::<()>(&engine.url(), &["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).unwrap();
    ask::<()>(&engine.url(), &["ACL", "SETUSER", "default", "-config"]).unwrap();
    assert_eq!(logged(&engine).await, "");
}
