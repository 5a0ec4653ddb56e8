//! Processes whose clocks are a minute off still agree on who pays what.
//!
//! Timers, sessions, limits and leases go by the clocks of the engines; what a
//! process decides by its own clock is checked here.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::domain::hold_limits::HoldLimits;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::Clock;
use ticketing_memory::SystemClock;
use ticketing_server::config::{
    BusSettings, Config, EngineSettings, Gateway, HttpConfig, KafkaSettings, Limits, MongoSettings, RedisSettings,
    Secret, Service,
};
use ticketing_server::marketplace::assemble;
use ticketing_server::runtime::Running;
use ticketing_server::{cli, router, wiring};
use tokio::net::TcpListener;

use crate::market::{Market, eventually, id};
use crate::programs::engines;

const MINUTE: i64 = 60_000;
const HOLD: Duration = Duration::from_secs(15 * 60);

/// A clock that is off by some milliseconds. All clocks of a test are moved together.
#[derive(Debug, Clone)]
struct Off {
    machine: Arc<SystemClock>,
    moved: Arc<AtomicI64>,
    by: i64,
}

#[async_trait]
impl Clock for Off {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.machine.now().millis() + self.moved.load(Ordering::SeqCst) + self.by)
    }

    async fn sleep(&self, span: Duration) {
        self.machine.sleep(span).await;
    }
}

impl Off {
    fn by(&self, by: i64) -> Self {
        Self { by, ..self.clone() }
    }

    fn advance(&self, span: Duration) {
        self.moved.fetch_add(i64::try_from(span.as_millis()).expect("a short span"), Ordering::SeqCst);
    }
}

/// Three processes: orders and payments for themselves, and all else in a third, which is the front door.
struct Processes {
    right: Off,
    config: Config,
    market: Market,
    running: Vec<Running>,
}

impl Processes {
    /// Starts them; the clock of orders is off by `by`, and the clock of payments by as much the other way.
    async fn start(by: i64) -> Self {
        let right = Off { machine: Arc::new(SystemClock::new()), moved: Arc::default(), by: 0 };
        let (orders, payments, others) = (listen().await, listen().await, listen().await);
        let at = |listener: &TcpListener| format!("http://{}", address(listener)).parse().expect("an address");
        let remote = BTreeMap::from([
            (Service::Accounts, at(&others)),
            (Service::Tickets, at(&others)),
            (Service::Orders, at(&orders)),
            (Service::Payments, at(&payments)),
        ]);
        let http = HttpConfig {
            limits: Limits::OFF,
            trusted_proxies: vec!["127.0.0.0/8".parse().expect("a network")],
            ..HttpConfig::default()
        };
        let config = Config {
            engines: own_engines(),
            payments: Some(Gateway::Sandbox),
            hold_for: HOLD,
            hold_limits: HoldLimits::OFF,
            http,
            remote,
            ..Config::default()
        };
        let market = Market::at(&address(&others).to_string());
        let most = vec![Service::Accounts, Service::Tickets, Service::Expiration, Service::Web];
        let running = vec![
            run((&config, most), right.clone(), others).await,
            run((&config, vec![Service::Orders]), right.by(by), orders).await,
            run((&config, vec![Service::Payments]), right.by(-by), payments).await,
        ];
        Self { right, config, market, running }
    }

    async fn end_well(self) {
        let ports = wiring::audit_ports(&self.config).await.expect("MongoDB answers");
        let report = cli::audit(ports, Arc::new(self.right), Duration::from_secs(60)).await;
        assert_eq!(report.expect("MongoDB answers"), ExitCode::SUCCESS);
        for running in self.running {
            running.stop().await.expect("no loop ends early");
        }
    }
}

/// Unique names on the engines whose addresses the environment has.
fn own_engines() -> EngineSettings {
    let settings: BTreeMap<_, _> = engines().into_iter().collect();
    let told = |name: &str| settings[name].clone();
    let redis = RedisSettings {
        url: Secret::new(told("TICKETING_REDIS_URL")),
        prefix: told("TICKETING_REDIS_PREFIX"),
        ca: None,
    };
    EngineSettings {
        data: None,
        store: Some(MongoSettings {
            uri: Secret::new(told("TICKETING_MONGODB_URI")),
            database_prefix: told("TICKETING_DATABASE_PREFIX"),
            ca: None,
        }),
        bus: Some(BusSettings::Kafka(KafkaSettings {
            brokers: told("TICKETING_KAFKA_BROKERS"),
            topic_prefix: told("TICKETING_TOPIC_PREFIX"),
            partitions: 3,
            replication: 1,
            retention: None,
            tls: false,
            ca: None,
            user: None,
        })),
        timers: Some(redis.clone()),
        sessions: Some(redis),
        search_folder: None,
    }
}

async fn listen() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a port")
}

fn address(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().expect("an address")
}

async fn run((config, services): (&Config, Vec<Service>), clock: Off, listener: TcpListener) -> Running {
    let config = Config { services, ..config.clone() };
    let mut engines = wiring::connect(&config).await.expect("the engines answer");
    engines.context.env.clock = Arc::new(clock);
    let assembly = assemble(engines, &config).expect("engines that fit together");
    let service = router(&assembly).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    assembly.start()
}

async fn nothing_ends_early_or_is_paid_twice(by: i64) {
    let processes = Processes::start(by).await;
    let (market, clock) = (&processes.market, &processes.right);
    let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
    let ticket = market.sell(&sally, 3).await;
    let first = eventually(async || market.try_to_buy(&ben, &ticket).await, |reply| reply.status == 201).await.body;
    clock.advance(Duration::from_secs(7 * 60));
    // Access tokens last five minutes, and four at a process that is a minute ahead.
    let second = market.buy(&market.sign_in(&ben).await, &ticket).await;
    clock.advance(Duration::from_secs(8 * 60 + 10));
    let ben = market.sign_in(&ben).await;

    let ended = eventually(async || market.order(&ben, &first).await, |order| order["status"] == "cancelled").await;
    assert_eq!(ended["cancelReason"], "expired");
    assert_eq!(market.order(&ben, &second).await["status"], "awaitingPayment", "it ended early");
    eventually(async || market.pay(&ben, &second).await, |reply| reply.status == 201).await;
    assert_eq!(market.pay(&ben, &second).await.problem(), (409, "already_paid"));
    eventually(async || market.order(&ben, &second).await, |order| order["status"] == "completed").await;
    eventually(async || market.ticket(&ticket).await["available"].clone(), |available| *available == 2).await;
    let listed = market.get("/api/orders").by(&ben).send().await.body;
    assert_eq!((id(&listed["items"][0]), id(&listed["items"][1])), (id(&second), id(&first)), "{listed}");
    processes.end_well().await;
}

#[tokio::test]
async fn a_clock_of_orders_a_minute_ahead_ends_nothing_early_and_nothing_is_paid_twice() {
    nothing_ends_early_or_is_paid_twice(MINUTE).await;
}

#[tokio::test]
async fn a_clock_of_orders_a_minute_behind_ends_nothing_early_and_nothing_is_paid_twice() {
    nothing_ends_early_or_is_paid_twice(-MINUTE).await;
}
