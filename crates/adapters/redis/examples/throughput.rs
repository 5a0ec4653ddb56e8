//! What a session check, a limiter check and a timer cost, beside a bare `GET` on a connection of the same kind.
//!
//! `REDIS_URL=redis://127.0.0.1:6379/ cargo run --release -p ticketing-redis --example throughput`
#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use futures::future::{BoxFuture, try_join_all};
use redis::IntoConnectionInfo;
use redis::aio::ConnectionManager;
use redis::io::tcp::TcpSettings;
use ticketing_core::domain::account::PasswordVersion;
use ticketing_core::domain::ids::{AccountId, OrderId, SessionId};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::identity::{Session, SessionKey, SessionStore, TokenDigest};
use ticketing_core::ports::limits::{Quota, RateLimiter};
use ticketing_core::ports::timers::{Timer, TimerQueue};
use ticketing_redis::{RedisClient, RedisConfig, RedisLimiter, RedisSessions, RedisTimers};
use uuid::{Builder, Uuid};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;
type Ask = Arc<dyn Fn() -> BoxFuture<'static, Outcome<()>> + Send + Sync>;

const SPAN: Duration = Duration::from_millis(500);
/// What is compared is measured in turns, because the machine is not always as fast.
const ROUNDS: usize = 9;
const HOUR: Duration = Duration::from_secs(3600);
const BATCH: usize = 256;

#[tokio::main]
async fn main() -> Outcome<()> {
    let url = std::env::var("REDIS_URL")?;
    let prefix = format!("throughput-{}", uuid());
    let client = RedisClient::connect(&RedisConfig { url: url.clone(), prefix, ..RedisConfig::default() }).await?;
    let (bare, session, limit) = (bare(url).await?, session(&client).await?, limit(&client));
    for callers in [1, 64] {
        let (mut bares, mut checks, mut limits) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let baseline = rate(callers, &bare).await?;
            bares.push(baseline);
            checks.push(rate(callers, &session).await? / baseline);
            limits.push(rate(callers, &limit).await? / baseline);
        }
        let (checks, limits) = (median(checks), median(limits));
        println!(
            "{callers:>2} callers: {:.0} bare GETs a second; session checks {checks:.2}, limiter checks {limits:.2} of that",
            median(bares)
        );
    }
    println!("timers set, claimed and completed by {BATCH}: {:.0}/s", timers(&client).await?);
    Ok(())
}

/// How many answers a second so many callers get, each asking for the next as soon as it has one.
async fn rate(callers: usize, ask: &Ask) -> Outcome<f64> {
    let answers = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let callers = (0..callers).map(|_| {
        let (ask, answers) = (ask.clone(), answers.clone());
        tokio::spawn(async move {
            while began.elapsed() < SPAN {
                ask().await?;
                answers.fetch_add(1, Ordering::Relaxed);
            }
            Outcome::Ok(())
        })
    });
    for caller in try_join_all(callers).await? {
        caller?;
    }
    Ok(answers.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

async fn bare(url: String) -> Outcome<Ask> {
    let info = url.into_connection_info()?.set_tcp_settings(TcpSettings::default().set_nodelay(true));
    let manager = ConnectionManager::new(redis::Client::open(info)?).await?;
    let key = format!("throughput-{}", uuid());
    redis::cmd("SET").arg(&key).arg([7_u8; 150].as_slice()).arg("EX").arg(600).exec_async(&mut manager.clone()).await?;
    Ok(Arc::new(move || {
        let (mut manager, key) = (manager.clone(), key.clone());
        Box::pin(async move {
            let _found: Vec<u8> = redis::cmd("GET").arg(key).query_async(&mut manager).await?;
            Ok(())
        })
    }))
}

async fn session(client: &RedisClient) -> Outcome<Ask> {
    let sessions = RedisSessions::new(client);
    let now = now()?;
    let session = Session {
        id: SessionId::new(uuid()),
        account: AccountId::new(uuid()),
        device: "Firefox 140 on Debian".to_owned(),
        created_at: now,
        refreshed_at: now,
        expires_at: now.after(Duration::from_secs(600)),
        current: TokenDigest([1; 32]),
        password: PasswordVersion::from_bytes([2; 32]),
        key: SessionKey([3; 32]),
        spent: Vec::new(),
    };
    let id = session.id;
    sessions.create(session).await?;
    Ok(Arc::new(move || {
        let sessions = sessions.clone();
        Box::pin(async move {
            sessions.session(id).await?.ok_or("the session is gone")?;
            Ok(())
        })
    }))
}

fn limit(client: &RedisClient) -> Ask {
    let limiter = RedisLimiter::new(client);
    let quota = Quota { burst: 100, per: Duration::from_millis(1) };
    Arc::new(move || {
        let limiter = limiter.clone();
        Box::pin(async move {
            limiter.check("203.0.113.7", quota).await?;
            Ok(())
        })
    })
}

async fn timers(client: &RedisClient) -> Outcome<f64> {
    let timers = RedisTimers::new(client);
    let due = now()?.before(HOUR);
    let mut done = 0;
    let began = Instant::now();
    while began.elapsed() < SPAN * 6 {
        let batch: Vec<Timer> = (0..BATCH).map(|_| Timer { order: OrderId::new(uuid()), due }).collect();
        timers.schedule(&batch).await?;
        let claimed = timers.claim_due(BATCH, HOUR).await?;
        done += timers.complete(&claimed).await?;
    }
    Ok(done as f64 / began.elapsed().as_secs_f64())
}

fn uuid() -> Uuid {
    Builder::from_random_bytes(rand::random()).into_uuid()
}

fn now() -> Outcome<Timestamp> {
    Ok(Timestamp::EPOCH.after(SystemTime::UNIX_EPOCH.elapsed()?))
}
