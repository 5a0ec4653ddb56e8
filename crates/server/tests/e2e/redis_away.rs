//! A Redis that is silent, full or read only takes no more away than what it keeps.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ticketing_conformance::sample::free_address;

use crate::market::{Market, PASSWORD, User, eventually};
use crate::programs::{Programs, alone};

/// A Redis of a test's own, which keeps nothing on disk.
pub(crate) struct Redis {
    port: u16,
    process: Child,
}

impl Redis {
    fn start() -> Self {
        Self::at(free_address().port())
    }

    pub(crate) fn at(port: u16) -> Self {
        Self::start_with(port, "")
    }

    /// One that wants to be told this.
    pub(crate) fn with_password(password: &str) -> Self {
        Self::start_with(free_address().port(), password)
    }

    fn start_with(port: u16, password: &str) -> Self {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--requirepass", password]);
        command.stdout(Stdio::null());
        let process =
            command.spawn().expect("put redis-server on the PATH: this test needs its own Redis, to disturb it");
        let (redis, began) = (Self { port, process }, Instant::now());
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(30), "redis-server does not answer");
            std::thread::sleep(Duration::from_millis(10)); // between two looks
        }
        redis
    }

    /// Where it is.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn tell(&self, command: &str) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("Redis answers");
        write!(stream, "{command}\r\n").expect("a command");
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).expect("an answer");
        assert!(answer.starts_with('+'), "{command}: {answer}");
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.process.id().to_string()]).status();
        assert!(status.expect("kill is there").success());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.process.kill().expect("it is killed");
        self.process.wait().expect("it ends");
    }
}

/// A marketplace on its own Redis.
async fn on(redis: &Redis) -> Programs {
    let url = format!("redis://{}/", redis.address());
    alone(&[("TICKETING_REDIS_URL", &url), ("TICKETING_HOLD", "1h")]).await.warmed_up().await
}

async fn readiness(market: &Market) -> (u16, Value) {
    let reply = market.operators().get("/readyz").send().await;
    (reply.status.as_u16(), reply.body["status"].clone())
}

async fn buys(market: &Market, buyer: &User, ticket: &Value) {
    let order = market.buy(buyer, ticket).await;
    let paid = eventually(async || market.pay(buyer, &order).await, |reply| reply.status != 503).await;
    assert_eq!(paid.status, 201, "{paid:?}");
}

#[tokio::test]
async fn while_redis_is_silent_people_can_look() {
    let redis = Redis::start();
    let programs = on(&redis).await;
    let rule = async |market: &Market| {
        let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
        let ticket = market.sell(&sally, 9).await;
        buys(market, &ben, &ticket).await;

        redis.signal("STOP");
        eventually(async || readiness(market).await, |ready| *ready == (200, json!("degraded"))).await;
        assert_eq!(market.get("/api/tickets").send().await.status, 200);
        assert_eq!(market.try_to_buy(&ben, &ticket).await.problem(), (503, "unavailable"));
        redis.signal("CONT");

        eventually(async || readiness(market).await, |ready| *ready == (200, json!("ready"))).await;
        buys(market, &ben, &ticket).await;
        eventually(async || market.ticket(&ticket).await["available"].clone(), |available| *available == 7).await;
    };
    programs.prove(rule).await;
    programs.all[0].audit();
}

#[tokio::test]
async fn while_redis_takes_no_writes_signed_in_people_buy() {
    let redis = Redis::start();
    let programs = on(&redis).await;
    let rule = async |market: &Market| {
        let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
        let ticket = market.sell(&sally, 9).await;
        let sign_in = json!({"email": ben.email, "password": PASSWORD});

        for (disturb, undo) in
            [("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"), ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE")]
        {
            redis.tell(disturb);
            buys(market, &ben, &ticket).await;
            let refused = market.post("/api/users/signin").json(&sign_in).send().await;
            assert_eq!(refused.problem(), (503, "unavailable"), "{disturb}");
            redis.tell(undo);

            let signed_in = async || market.post("/api/users/signin").json(&sign_in).send().await;
            eventually(signed_in, |reply| reply.status == 200).await;
        }
        eventually(async || market.ticket(&ticket).await["available"].clone(), |available| *available == 7).await;
    };
    programs.prove(rule).await;
    programs.all[0].audit();
}
