//! A scrape while an engine is away tells everything else, in time, and all of it once the engine is back.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::disturbed::Engines;
use crate::market::{Market, User, eventually, id};
use crate::programs::alone;

/// An engine is asked for two seconds at most; the rest is for a busy machine. Prometheus waits ten.
const BOUND: Duration = Duration::from_secs(6);

/// An engine, and what is true while it is away.
struct Away {
    member: &'static str,
    /// The status of `/readyz`, its word, and the checks that fail.
    readiness: (u16, &'static str, &'static [&'static str]),
    /// Metrics that are not told meanwhile.
    absent: &'static [&'static str],
}

const AWAY: [Away; 3] = [
    Away {
        member: "mongodb1",
        readiness: (503, "unavailable", &["accounts", "admissions", "orders", "payments", "tickets"]),
        absent: &["ticketing_outbox_age_seconds", "ticketing_outbox_entries", "ticketing_parked_age_seconds"],
    },
    // Nothing that a request needs: events wait in the outboxes.
    Away { member: "kafka1", readiness: (200, "ready", &[]), absent: &[] },
    Away { member: "redis", readiness: (200, "degraded", &["sessions"]), absent: &[] },
];

/// What a scrape told: samples by name and labels, with their values.
#[derive(Debug)]
struct Scrape(String);

impl Scrape {
    /// Fails if it takes longer than a scrape may.
    async fn of(market: &Market) -> Self {
        let began = Instant::now();
        let text = market.metrics().await;
        assert!(began.elapsed() < BOUND, "it took {:?}", began.elapsed());
        assert!(text.ends_with("# EOF\n"), "{text}");
        Self(text)
    }

    fn samples(&self) -> impl Iterator<Item = (&str, f64)> {
        let samples = self.0.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
        samples.map(|(name, value)| (name, value.parse().expect("a number")))
    }

    /// The names of metrics, without labels.
    fn names(&self) -> BTreeSet<&str> {
        self.samples().filter_map(|(sample, _)| sample.split('{').next()).collect()
    }

    fn value(&self, sample: &str) -> f64 {
        self.samples().find(|(name, _)| *name == sample).expect(sample).1
    }

    /// The checks that fail.
    fn failing(&self) -> BTreeSet<&str> {
        let checks =
            self.samples().filter_map(|(name, value)| Some((name.strip_prefix("ticketing_check_ok{check=\"")?, value)));
        checks.filter(|(_, value)| *value == 0.0).map(|(check, _)| check.trim_end_matches("\"}")).collect()
    }

    fn is_ready(&self) -> bool {
        self.value("ticketing_ready") == 1.0
    }
}

async fn readiness(market: &Market) -> (u16, Value, BTreeSet<String>) {
    let began = Instant::now();
    let reply = market.operators().get("/readyz").send().await;
    assert!(began.elapsed() < BOUND, "it took {:?}", began.elapsed());
    let checks = reply.body["checks"].as_array().cloned().unwrap_or_default();
    let failing = checks.iter().filter(|check| check["ok"] == false).map(|check| check["name"].as_str());
    (reply.status.as_u16(), reply.body["status"].clone(), failing.flatten().map(str::to_owned).collect())
}

/// What is told while an engine is away: what is said here, and nothing else is missing.
async fn tells_of(market: &Market, away: &Away, whole: &Scrape) {
    let (status, word, failing) = away.readiness;
    let failing: BTreeSet<_> = failing.iter().copied().collect();
    let expected = (status, json!(word), failing.iter().map(|check| (*check).to_owned()).collect());
    eventually(async || readiness(market).await, |readiness| *readiness == expected).await;

    let absent: BTreeSet<_> = away.absent.iter().copied().collect();
    let told = async || {
        let scrape = Scrape::of(market).await;
        let missing = whole.names().difference(&scrape.names()).map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let failing = scrape.failing().into_iter().map(str::to_owned).collect::<Vec<_>>();
        (missing, failing, scrape.is_ready())
    };
    let is_told = |(missing, said, is_ready): &(Vec<String>, Vec<String>, bool)| {
        missing.iter().eq(absent.iter()) && said.iter().eq(failing.iter()) && *is_ready == (status == 200)
    };
    eventually(told, is_told).await;
}

/// Everything is told again, nothing waits to be published, and a place is bought.
async fn is_whole(market: &Market, (buyer, ticket): (&User, &Value), whole: &Scrape) {
    let ready = (200, json!("ready"), BTreeSet::new());
    eventually(async || readiness(market).await, |readiness| *readiness == ready).await;
    let order = eventually(async || market.try_to_buy(buyer, ticket).await, |reply| reply.status == 201).await.body;
    eventually(async || market.pay(buyer, &order).await, |reply| reply.status == 201).await;
    eventually(async || market.order(buyer, &order).await, |order| order["status"] == "completed").await;
    let told = async || {
        let scrape = Scrape::of(market).await;
        let missing = whole.names().difference(&scrape.names()).map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let waiting =
            scrape.samples().filter(|(name, _)| name.starts_with("ticketing_outbox_entries")).map(|(_, of)| of);
        (missing, scrape.failing().len(), waiting.sum::<f64>(), scrape.is_ready())
    };
    eventually(told, |told| *told == (Vec::new(), 0, 0.0, true)).await;
}

/// While Kafka is away, an order is placed, and the scrape tells that its event waits.
async fn events_wait(market: &Market, buyer: &User, ticket: &Value) {
    assert_eq!(market.try_to_buy(buyer, ticket).await.status, 201);
    let waits = async || {
        let scrape = Scrape::of(market).await;
        let of_orders = |name| scrape.value(&format!("ticketing_outbox_{name}{{service=\"orders\"}}"));
        (of_orders("entries"), of_orders("age_seconds"))
    };
    eventually(waits, |(entries, age)| *entries >= 1.0 && *age > 0.0).await;
}

#[tokio::test]
async fn a_scrape_tells_what_it_can_while_an_engine_is_away() {
    let engines = Engines::up("mongodb kafka redis");
    let [mongodb, kafka, redis] = ["MONGODB_URI", "KAFKA_BROKERS", "REDIS_URL"].map(|name| engines.address(name));
    let settings = [
        ("TICKETING_MONGODB_URI", mongodb.as_str()),
        ("TICKETING_KAFKA_BROKERS", &kafka),
        ("TICKETING_REDIS_URL", &redis),
        // Longer than an engine takes to be used again.
        ("TICKETING_HOLD", "1h"),
    ];
    let programs = alone(&settings).await.warmed_up().await;
    let rule = async |market: &Market| {
        let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
        let ticket = market.sell(&sally, 1000).await;
        let bought = (&ben, &ticket);
        let whole =
            eventually(async || Scrape::of(market).await, |scrape| scrape.is_ready() && scrape.names().len() > 30)
                .await;
        is_whole(market, bought, &whole).await;

        for away in &AWAY {
            for (takes, brings_back) in [("pause", "resume"), ("kill", "start")] {
                let failures = Scrape::of(market).await.value("ticketing_observation_failures_total");
                engines.tell(&[takes, away.member]);
                tells_of(market, away, &whole).await;
                let counted = Scrape::of(market).await.value("ticketing_observation_failures_total");
                assert_eq!(counted > failures, !away.absent.is_empty(), "{takes} {}", away.member);
                if away.member == "kafka1" {
                    events_wait(market, &ben, &ticket).await;
                }
                engines.tell(&[brings_back, away.member]);
                is_whole(market, bought, &whole).await;
            }
        }
        assert_eq!(market.ticket(&ticket).await["id"].as_str(), Some(id(&ticket)));
    };
    programs.prove(rule).await;
    programs.all[0].audit();
}
