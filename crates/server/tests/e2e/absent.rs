//! A process whose engines are not there yet waits for them, and says for which.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::market::{Market, eventually, unique};
use crate::programs::engines;
use crate::redis_away::{Redis, free_port};

/// What nobody may read anywhere.
const CANARY: &str = "canary-7f3a91";

/// A process that was started and need not serve yet; killed if it does not end before.
struct Starting {
    child: Child,
    log: PathBuf,
    market: Market,
}

impl Starting {
    async fn with(others: &[(&'static str, String)]) -> Self {
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("starting-{}.log", unique().simple()));
        let [address, admin] = [(); 2].map(|()| format!("127.0.0.1:{}", free_port()));
        let child = Command::new(env!("CARGO_BIN_EXE_ticketing"))
            .arg("serve")
            .env_clear()
            .envs(engines())
            .env("TICKETING_LISTEN", &address)
            .env("TICKETING_ADMIN_LISTEN", &admin)
            .env("TICKETING_LOG", "trace")
            .env("TICKETING_LOG_FORMAT", "json")
            .envs(others.iter().map(|(name, value)| (name, value)))
            .stderr(std::fs::File::create(&log).expect("a log"))
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        let starting = Self { child, log, market: Market::at(&address).with_operators(&admin) };
        let operators = starting.market.operators();
        eventually(async || operators.get("/livez").send_if_taken().await, Option::is_some).await;
        starting
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("its log")
    }

    /// The status of `/readyz`, the word, and what is missing.
    async fn readiness(&self) -> (u16, Value, Vec<Value>) {
        let reply = self.market.operators().get("/readyz").send().await;
        let checks = reply.body["checks"].as_array().cloned().unwrap_or_default();
        let missing = checks.into_iter().filter(|check| check["ok"] == false).map(|check| check["name"].clone());
        (reply.status.as_u16(), reply.body["status"].clone(), missing.collect())
    }

    async fn waits_for(&self, engine: &str) {
        let waits = (503, json!("starting"), vec![json!(engine)]);
        eventually(async || self.readiness().await, |readiness| *readiness == waits).await;
    }

    /// Tells it to stop, and returns how it ended.
    fn stop(&mut self) -> Option<i32> {
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
    let port = free_port();
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

#[tokio::test]
async fn a_process_that_waits_names_the_engine_and_no_secret_and_stops_when_told() {
    let nobody = free_port();
    let seed = "Y2FuYXJ5LTdmM2E5MS1jYW5hcnktN2YzYTkxLWNhbmE=";
    let cases = [
        (
            "mongodb",
            vec![("TICKETING_MONGODB_URI", format!("mongodb://ada:{CANARY}@127.0.0.1:{nobody}/?replicaSet=rs0"))],
        ),
        (
            "kafka",
            vec![
                ("TICKETING_KAFKA_BROKERS", format!("127.0.0.1:{nobody}")),
                ("TICKETING_KAFKA_SASL", "scram-sha-512".to_owned()),
                ("TICKETING_KAFKA_USER", "ada".to_owned()),
                ("TICKETING_KAFKA_PASSWORD", CANARY.to_owned()),
            ],
        ),
        ("redis", vec![("TICKETING_REDIS_URL", format!("redis://ada:{CANARY}@127.0.0.1:{nobody}/"))]),
    ];

    for (engine, mut others) in cases {
        others.push(("TICKETING_SIGNING_KEY", seed.to_owned()));
        let mut process = Starting::with(&others).await;
        process.waits_for(engine).await;
        assert_eq!(process.stop(), Some(0), "{}", process.log());

        let log = process.log();
        assert!(log.contains(&format!("waiting for {engine}: ")), "{log}");
        assert!(!log.contains(CANARY) && !log.contains(seed), "{log}");
        for line in log.lines() {
            let is_json = serde_json::from_str::<Value>(line).is_ok_and(|line| line["level"].is_string());
            assert!(is_json, "{line}");
        }
    }
}
