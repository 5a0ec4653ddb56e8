//! The program, as often as a marketplace needs it.
//!
//! Each marketplace is started once for all its tests. Its processes end with
//! the process of the tests, however that ends.

mod program;

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use tokio::sync::OnceCell;

use crate::call::Reply;
use crate::market::{Market, eventually, id};

pub(crate) use program::Program;

/// Longer than a rule takes to pay; as short as somebody who waits for the end of it likes.
const HOLD: &str = "15s";

/// The processes of a marketplace; none if it is one that the environment tells of.
pub(crate) struct Programs {
    pub(crate) all: Vec<Program>,
}

impl Programs {
    /// The same by a process alone.
    #[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis", feature = "sqlite"))]
    pub(crate) fn of_one(program: Program) -> Self {
        Self { all: vec![program] }
    }

    /// Proves a rule; if it does not hold, shows what the processes said.
    pub(crate) async fn prove(&self, rule: impl AsyncFnOnce(&Market)) {
        let market = self.market();
        if let Err(failure) = AssertUnwindSafe(rule(&market)).catch_unwind().await {
            self.show_logs();
            std::panic::resume_unwind(failure);
        }
    }

    pub(crate) fn market(&self) -> Market {
        match elsewhere() {
            Some((address, operators)) if self.all.is_empty() => Market::at(&address).with_operators(&operators),
            _ => Market::at(&self.front_door().address()).with_operators(&self.front_door().admin_address()),
        }
    }

    /// The process of a service.
    #[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
    pub(crate) fn of(&self, service: &str) -> &Program {
        self.all.iter().find(|program| program.name == service).expect("a process")
    }

    /// Waits until no process has anything to publish or to follow.
    #[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
    pub(crate) async fn at_rest(&self) {
        const LEFT: [&str; 2] = ["ticketing_outbox_entries{", "ticketing_consumer_lag_events{"];
        let left = async || {
            let mut left = Vec::new();
            for program in &self.all {
                let process = Market::at(&program.address()).with_operators(&program.admin_address());
                let text = process.metrics().await;
                let is_left = |line: &&str| LEFT.iter().any(|name| line.starts_with(name)) && !line.ends_with(" 0.0");
                left.extend(text.lines().filter(is_left).map(str::to_owned));
            }
            left
        };
        eventually(left, Vec::is_empty).await;
    }

    fn front_door(&self) -> &Program {
        self.all.last().expect("a marketplace has a front door")
    }

    /// One more process like the front door.
    #[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
    pub(crate) async fn another_front_door(&self) -> Program {
        self.front_door().another().await
    }

    #[expect(clippy::print_stderr, reason = "it shows why a test failed")]
    fn show_logs(&self) {
        for program in &self.all {
            eprintln!("---- {} ----\n{}", program.name, program.last_words());
        }
    }

    /// Waits until each service hears the others.
    pub(crate) async fn warmed_up(self) -> Self {
        self.prove(async |market: &Market| {
            let (seller, buyer) = (market.sign_up("seller").await, market.sign_up("buyer").await);
            let ticket = market.sell(&seller, 1000).await;
            // An order may end before payments have heard of it.
            let buys = async || {
                let order = eventually(async || market.try_to_buy(&buyer, &ticket).await, |reply| reply.status == 201);
                let order = order.await.body;
                let answered = |reply: &Reply| reply.status == 201 || reply.problem() == (409, "order_cancelled");
                eventually(async || market.pay(&buyer, &order).await, answered).await.status
            };
            eventually(buys, |status| *status == 201).await;
            eventually(async || market.ticket(&ticket).await, |ticket| ticket["available"] == 999).await;
            let live = format!("/api/tickets/{}/live", id(&ticket));
            let mut updates = crate::rules::live::Updates::open(market, &live).await;
            updates.next().await;
            while updates.next_within_a_moment().await.is_none() {
                market.buy(&buyer, &ticket).await;
            }
        })
        .await;
        self
    }
}

/// One process in memory.
pub(crate) async fn in_memory() -> &'static Programs {
    static MARKET: OnceCell<Programs> = OnceCell::const_new();
    let start = async || Programs { all: vec![Program::start("all", &[], &settings()).await] }.warmed_up().await;
    MARKET.get_or_init(start).await
}

/// One process that keeps everything in a file.
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis", feature = "sqlite"))]
pub(crate) async fn in_a_file() -> &'static Programs {
    static MARKET: OnceCell<Programs> = OnceCell::const_new();
    let start = async || Programs { all: vec![on_file(&directory(), &[]).await] }.warmed_up().await;
    MARKET.get_or_init(start).await
}

/// One process that keeps everything in a file there.
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis", feature = "sqlite"))]
pub(crate) async fn on_file(directory: &std::path::Path, others: &[(&'static str, &str)]) -> Program {
    let data = directory.display().to_string();
    one(settings(), &[&[("TICKETING_DATA", &*data)], others].concat()).await
}

/// A directory that nobody has.
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis", feature = "sqlite"))]
pub(crate) fn directory() -> std::path::PathBuf {
    let name = format!("data-{}", crate::market::unique().simple());
    std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// One process of every service, with some other settings.
#[cfg(any(feature = "stripe", all(feature = "mongodb", feature = "kafka", feature = "redis")))]
async fn one(mut settings: Settings, others: &[(&'static str, &str)]) -> Program {
    settings.extend(others.iter().map(|(name, value)| (*name, (*value).to_owned())));
    Program::start("all", &[], &settings).await
}

/// One process in memory, for a test alone, with some other settings.
#[cfg(any(feature = "stripe", all(feature = "mongodb", feature = "kafka", feature = "redis", feature = "otlp")))]
pub(crate) async fn in_memory_with(others: &[(&'static str, &str)]) -> Programs {
    Programs { all: vec![one(settings(), others).await] }
}

/// One process on real engines.
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
pub(crate) async fn on_engines() -> &'static Programs {
    static MARKET: OnceCell<Programs> = OnceCell::const_new();
    let start = async || Programs { all: vec![Program::start("all", &[], &engines()).await] }.warmed_up().await;
    MARKET.get_or_init(start).await
}

/// One process on MongoDB, and on nothing else.
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
pub(crate) async fn on_mongodb() -> &'static Programs {
    static MARKET: OnceCell<Programs> = OnceCell::const_new();
    let start = async || {
        let mut settings = with_log_in_mongodb(engines());
        settings
            .retain(|(name, _)| !name.contains("REDIS") && !["TICKETING_TIMERS", "TICKETING_SESSIONS"].contains(name));
        Programs { all: vec![Program::start("all", &[], &settings).await] }.warmed_up().await
    };
    MARKET.get_or_init(start).await
}

/// The same engines without Kafka: events are kept where the state is.
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
fn with_log_in_mongodb(settings: Settings) -> Settings {
    let is_of_kafka = |name: &str| name.starts_with("TICKETING_KAFKA") || name.starts_with("TICKETING_TOPIC");
    let mut others: Settings =
        settings.into_iter().filter(|(name, _)| !is_of_kafka(name) && *name != "TICKETING_BUS").collect();
    others.push(("TICKETING_BUS", "mongodb".to_owned()));
    others
}

/// A process for each service whose events are kept in MongoDB, for a test alone, with some other settings.
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
pub(crate) async fn each_with_log_in_mongodb(others: &[(&'static str, &str)]) -> Programs {
    each_on(with_log_in_mongodb(engines()), Program::CURRENT, others, &[SIGNED]).await
}

/// One process on real engines, for a test alone, with some other settings.
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
pub(crate) async fn alone(others: &[(&'static str, &str)]) -> Programs {
    Programs { all: vec![one(engines(), others).await] }
}

/// A process for each service; or those of a marketplace that is there already, such as one in a cluster.
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
pub(crate) async fn as_processes() -> &'static Programs {
    static MARKET: OnceCell<Programs> = OnceCell::const_new();
    let start = async || match elsewhere() {
        Some(_) => Programs { all: Vec::new() }.warmed_up().await,
        None => each_for_itself(&[]).await.warmed_up().await,
    };
    MARKET.get_or_init(start).await
}

/// Where the front door of a marketplace answers that is there already, and its operators.
fn elsewhere() -> Option<(String, String)> {
    let address = std::env::var("MARKET_ADDRESS").ok()?;
    Some((address, std::env::var("MARKET_OPERATORS").expect("MARKET_OPERATORS beside MARKET_ADDRESS")))
}

/// A process for each service, for a test alone, with some other settings; one writes letters if this build can.
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
pub(crate) async fn each_for_itself(others: &[(&'static str, &str)]) -> Programs {
    #[cfg(not(feature = "smtp"))]
    let own = [SIGNED];
    #[cfg(feature = "smtp")]
    let url = format!("smtp://127.0.0.1:{}?tls=none", crate::postbox::Postbox::shared().port);
    #[cfg(feature = "smtp")]
    let own = [
        SIGNED,
        ("notifications", "TICKETING_MAIL", "smtp"),
        ("notifications", "TICKETING_SMTP_URL", &*url),
        ("notifications", "TICKETING_MAIL_FROM", "tickets@example.org"),
        ("notifications", "TICKETING_PUBLIC_ORIGIN", "https://tickets.example"),
    ];
    each_by(Program::CURRENT, others, &own).await
}

/// What one service alone is told: a setting and its value.
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
pub(crate) type Own<'a> = (&'static str, &'static str, &'a str);

/// What accounts signs with, and admissions and notifications, too.
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
pub(crate) const SIGNED: Own<'static> =
    ("accounts", "TICKETING_SIGNING_KEY", "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=");

/// The services, each after those whose addresses it is told by these settings.
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
const SERVICES: [(&str, Option<&str>); 8] = [
    ("accounts", Some("TICKETING_ACCOUNTS_URL")),
    ("tickets", Some("TICKETING_TICKETS_URL")),
    ("orders", Some("TICKETING_ORDERS_URL")),
    ("payments", Some("TICKETING_PAYMENTS_URL")),
    ("admissions", Some("TICKETING_ADMISSIONS_URL")),
    ("notifications", Some("TICKETING_NOTIFICATIONS_URL")),
    ("expiration", None),
    ("web", None),
];

/// The same by the program of some release, where accounts, and who signs as it does, is told what it signs with.
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
pub(crate) async fn each_by(binary: &str, others: &[(&'static str, &str)], own: &[Own<'_>]) -> Programs {
    each_on(engines(), binary, others, own).await
}

/// The same on engines that these settings name.
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
async fn each_on(mut common: Settings, binary: &str, others: &[(&'static str, &str)], own: &[Own<'_>]) -> Programs {
    let mut all = Vec::new();
    common.extend(others.iter().map(|(name, value)| (*name, (*value).to_owned())));
    // The release before has no admissions, and letters are written where somebody says how.
    let known = SERVICES.iter().filter(|(service, _)| match *service {
        "admissions" => binary == Program::CURRENT,
        "notifications" => own.iter().any(|(of, ..)| of == service),
        _ => true,
    });
    for (service, url) in known {
        let signs = matches!(*service, "admissions" | "notifications");
        let own = own.iter().filter(|(of, ..)| of == service || (signs && *of == "accounts"));
        let own = own.map(|(_, name, value)| (*name, (*value).to_owned()));
        let settings: Settings = common.iter().cloned().chain(own).collect();
        let program = Program::start_by(binary, service, &[service], &settings).await;
        common.extend(url.map(|url| (url, format!("http://{}", program.address()))));
        all.push(program);
    }
    Programs { all }
}

pub(crate) type Settings = Vec<(&'static str, String)>;

fn settings() -> Settings {
    [
        ("TICKETING_DEMO", "false"),
        ("TICKETING_PAYMENTS", "sandbox"),
        ("TICKETING_ADMIN_LISTEN", "127.0.0.1:0"),
        ("TICKETING_HOLD", HOLD),
        ("TICKETING_LIMIT_SIGN_IN_ADDRESS", "off"),
        ("TICKETING_LIMIT_SIGN_UP_ADDRESS", "off"),
        ("TICKETING_LIMIT_WRITES", "off"),
        ("TICKETING_PASSWORDS_ADDRESS", "1000"),
        ("TICKETING_LIMIT_READS", "off"),
        ("TICKETING_LIMIT_PAYMENTS_ADDRESS", "off"),
        ("TICKETING_LIMIT_PAYMENTS_ACCOUNT", "off"),
        ("TICKETING_LIMIT_HELD_OF_TICKET", "off"),
        ("TICKETING_LIMIT_HELD_PLACES", "off"),
        ("TICKETING_LIMIT_OPEN_ORDERS", "off"),
        ("TICKETING_LIMIT_UNPAID_ORDERS", "off"),
        ("TICKETING_TRUSTED_PROXIES", "127.0.0.0/8"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

/// Unique names on the engines whose addresses the environment has.
#[cfg(all(feature = "mongodb", feature = "kafka", feature = "redis"))]
pub(crate) fn engines() -> Settings {
    let mongodb = std::env::var("MONGODB_URI")
        .expect("set MONGODB_URI: this test needs a real MongoDB; `deploy/engines.sh run cargo test …` brings one");
    let kafka = std::env::var("KAFKA_BROKERS")
        .expect("set KAFKA_BROKERS: this test needs a real Kafka; `deploy/engines.sh run cargo test …` brings one");
    let redis = std::env::var("REDIS_URL")
        .expect("set REDIS_URL: this test needs a real Redis; `deploy/engines.sh run cargo test …` brings one");
    let own = format!("e2e-{}", &crate::market::unique().simple().to_string()[20..]);
    let mut settings = settings();
    settings.extend([
        ("TICKETING_STORE", "mongodb".to_owned()),
        ("TICKETING_MONGODB_URI", mongodb),
        ("TICKETING_DATABASE_PREFIX", own.clone()),
        ("TICKETING_BUS", "kafka".to_owned()),
        ("TICKETING_KAFKA_BROKERS", kafka),
        ("TICKETING_TOPIC_PREFIX", own.clone()),
        ("TICKETING_TOPIC_PARTITIONS", "3".to_owned()),
        ("TICKETING_TIMERS", "redis".to_owned()),
        ("TICKETING_SESSIONS", "redis".to_owned()),
        ("TICKETING_REDIS_URL", redis),
        ("TICKETING_REDIS_PREFIX", own),
    ]);
    settings
}
