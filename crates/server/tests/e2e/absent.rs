//! A process whose engines are not there yet waits for them, and says for which.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ticketing_conformance::sample::free_address;

use crate::market::{Market, eventually, unique};
use crate::programs::engines;
use crate::redis_away::Redis;

/// A process that was started and need not serve yet; killed if it does not end before.
pub(crate) struct Starting {
    child: Child,
    log: PathBuf,
    market: Market,
}

impl Starting {
    pub(crate) async fn with(others: &[(&'static str, String)]) -> Self {
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("starting-{}.log", unique().simple()));
        let [address, admin] = [free_address().to_string(), free_address().to_string()];
        let child = Command::new(env!("CARGO_BIN_EXE_ticketing"))
            .arg("serve")
            .env_clear()
            .envs(engines())
            .env("TICKETING_LOG", "trace")
            .env("TICKETING_LOG_FORMAT", "json")
            .envs(others.iter().map(|(name, value)| (name, value)))
            .env("TICKETING_LISTEN", &address)
            .env("TICKETING_ADMIN_LISTEN", &admin)
            .stderr(std::fs::File::create(&log).expect("a log"))
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut starting = Self { child, log, market: Market::at(&address).with_operators(&admin) };
        let operators = starting.market.operators();
        let answers = async || {
            let ended = starting.child.try_wait().expect("it was started");
            assert!(ended.is_none(), "{ended:?}: {}", starting.log());
            operators.get("/livez").send_if_taken().await
        };
        eventually(answers, Option::is_some).await;
        starting
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("its log")
    }

    /// The status of `/readyz`, the word, and what is missing.
    async fn readiness(&self) -> (u16, Value, Vec<Value>) {
        let reply = self.market.operators().get("/readyz").send().await;
        let checks = reply.body["checks"].as_array().cloned().unwrap_or_default();
        let missing = checks.into_iter().filter(|check| check["ok"] == false).map(|check| check["name"].clone());
        (reply.status.as_u16(), reply.body["status"].clone(), missing.collect())
    }

    pub(crate) async fn waits_for(&self, engine: &str) {
        let waits = (503, json!("starting"), vec![json!(engine)]);
        eventually(async || self.readiness().await, |readiness| *readiness == waits).await;
    }

    /// Tells it to stop, and returns how it ended.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(told.expect("kill is there").success());
        let began = Instant::now();
        loop {
            if let Some(ended) = self.child.try_wait().expect("an end") {
                return ended.code();
            }
            assert!(began.elapsed() < Duration::from_secs(60), "it does not stop");
            std::thread::sleep(Duration::from_millis(10)); // between two looks
        }
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        // It may have ended.
        drop(self.child.kill());
        drop(self.child.wait());
        drop(std::fs::remove_file(&self.log));
    }
}

#[tokio::test]
async fn an_engine_that_comes_late_is_waited_for() {
    let port = free_address().port();
    let mut process = Starting::with(&[("TICKETING_REDIS_URL", format!("redis://127.0.0.1:{port}/"))]).await;
    process.waits_for("redis").await;

    assert_eq!(process.market.operators().get("/livez").send().await.status, 200);
    let public = async || process.market.get("/livez").send_if_taken().await;
    assert_eq!(eventually(public, Option::is_some).await.expect("an answer").status, 200);
    assert_eq!(process.market.get("/api/tickets").send().await.problem(), (503, "unavailable"));
    let metrics = process.market.operators().get("/metrics").send().await;
    assert_eq!(metrics.status, 200);

    let _redis = Redis::at(port);
    let ready = (200, json!("ready"), vec![]);
    eventually(async || process.readiness().await, |readiness| *readiness == ready).await;
    assert_eq!(process.market.get("/api/tickets").send().await.status, 200);
    assert_eq!(process.stop(), Some(0), "{}", process.log());
}
