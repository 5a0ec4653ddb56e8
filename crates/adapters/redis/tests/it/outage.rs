//! A Redis that goes away and comes back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::Value;
use ticketing_conformance::sample;
use ticketing_core::domain::ids::{AccountId, OrderId};
use ticketing_core::domain::ticket::Listing;
use ticketing_core::ports::identity::{IdentityError, Session, SessionStore};
use ticketing_core::ports::limits::{Quota, RateLimiter, Verdict};
use ticketing_core::ports::ticket_feed::{FeedItem, TicketFeed};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_core::ports::timers::{Timer, TimerQueue};
use ticketing_memory::{MemoryTicketStore, SystemClock};
use ticketing_redis::{
    RedisClient, RedisConfig, RedisLimiter, RedisSessions, RedisTicketFeed, RedisTicketStore, RedisTimers,
};

use crate::engine::Engine;
use crate::shop::{Shop, selling};
use crate::world::{World, ask, eventually, now};

const HOUR: Duration = Duration::from_secs(3600);
const TIMEOUT: Duration = Duration::from_secs(1);
const QUOTA: Quota = Quota { burst: 1, per: HOUR };

async fn client(url: String) -> RedisClient {
    let config = RedisConfig { url, response_timeout: TIMEOUT, ..RedisConfig::default() };
    RedisClient::connect(&config).await.expect("it connects")
}

fn session() -> Session {
    sample::session(AccountId::new(sample::uuid()), now(), HOUR)
}

fn timer() -> Timer {
    Timer { order: OrderId::new(sample::uuid()), due: now().before(Duration::from_secs(1)) }
}

/// Asserts that every port fails, and how soon.
async fn assert_away(client: &RedisClient) {
    let began = Instant::now();
    let answer = RedisSessions::new(client).session(session().id).await;
    assert!(matches!(answer, Err(IdentityError::Unavailable(_))), "{answer:?}");
    RedisLimiter::new(client).check("key", QUOTA).await.expect_err("nobody counts");
    RedisTimers::new(client).claim_due(1, HOUR).await.expect_err("nobody lends");
    assert!(began.elapsed() < TIMEOUT * 3 + TIMEOUT, "it took {:?}", began.elapsed());
}

#[tokio::test]
async fn after_a_crash_calls_fail_at_once_until_redis_is_back_with_what_was_kept() {
    let mut engine = Engine::start(&[]);
    let client = client(engine.url()).await;
    let (sessions, timers, limiter) =
        (RedisSessions::new(&client), RedisTimers::new(&client), RedisLimiter::new(&client));
    let (session, timer) = (session(), timer());
    sessions.create(session.clone()).await.unwrap();
    timers.schedule(&[timer]).await.unwrap();
    limiter.check("key", QUOTA).await.unwrap();
    engine.kill();
    assert_away(&client).await;
    engine.start_again(&[]);

    assert_eq!(sessions.session(session.id).await.unwrap(), Some(session));
    assert_eq!(timers.claim_due(9, HOUR).await.unwrap().first().map(|due| due.timer), Some(timer));
    assert_ne!(limiter.check("key", QUOTA).await.unwrap(), Verdict::Allowed);
}

#[tokio::test]
async fn a_crash_that_nobody_noticed_fails_no_call() {
    let mut engine = Engine::start(&[]);
    let client = client(engine.url()).await;
    for _ in 0..3 {
        engine.kill();
        engine.start_again(&[]);

        RedisTimers::new(&client).schedule(&[timer()]).await.unwrap();
        assert_eq!(RedisTimers::new(&client).claim_due(9, HOUR).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn calls_to_a_redis_that_hangs_fail_in_time_and_succeed_after() {
    let engine = Engine::start(&[]);
    let client = client(engine.url()).await;
    engine.signal("STOP");
    assert_away(&client).await;
    engine.signal("CONT");

    let session = session();
    RedisSessions::new(&client).create(session.clone()).await.unwrap();
    assert_eq!(RedisSessions::new(&client).session(session.id).await.unwrap(), Some(session));
}

#[tokio::test]
async fn a_redis_that_denied_access_for_a_while_is_used_again() {
    let mut engine = Engine::start(&["--requirepass", "potato"]);
    let client = client(engine.url_with_password("potato")).await;
    engine.kill();
    engine.start_again(&["--requirepass", "tomato"]);
    assert_away(&client).await;
    engine.kill();
    engine.start_again(&["--requirepass", "potato"]);

    eventually("access is granted", || async { client.ping().await.ok() }).await;
}

#[tokio::test]
async fn a_redis_that_was_read_only_for_a_while_is_used_again() {
    let engine = Engine::start(&[]);
    let client = client(engine.url()).await;
    ask::<()>(&engine.url(), &["REPLICAOF", "127.0.0.1", "1"]).unwrap();
    RedisTimers::new(&client).schedule(&[timer()]).await.expect_err("a replica takes no writes");
    ask::<()>(&engine.url(), &["REPLICAOF", "NO", "ONE"]).unwrap();

    RedisTimers::new(&client).schedule(&[timer()]).await.unwrap();
}

#[tokio::test]
async fn scripts_that_redis_forgot_are_told_again() {
    let engine = Engine::start(&[]);
    let client = client(engine.url()).await;
    let shop = Shop::at(engine.url()).await;
    let tickets = shop.process();
    for _ in 0..2 {
        ask::<()>(&engine.url(), &["SCRIPT", "FLUSH"]).unwrap();

        RedisTimers::new(&client).schedule(&[timer()]).await.unwrap();
        RedisSessions::new(&client).create(session()).await.unwrap();
        RedisLimiter::new(&client).check("key", QUOTA).await.unwrap();
        let mut feed = RedisTicketFeed::open(&shop.world.client).await.unwrap();
        tickets.commit(selling(&sample::bare_listing("Opera"))).await.unwrap();
        assert!(matches!(feed.next().await, FeedItem::Changed(_)));
    }
}

#[tokio::test]
async fn a_node_of_a_cluster_has_all_keys_of_a_script() {
    let engine = Engine::start(&["--cluster-enabled", "yes"]);
    ask::<()>(&engine.url(), &["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).unwrap();
    let probe = || async { ask::<Value>(&engine.url(), &["GET", "key"]).ok() };
    eventually("the cluster is complete", probe).await;
    let world = World::at(engine.url()).await;
    let (sessions, timers) = (RedisSessions::new(&world.client), RedisTimers::new(&world.client));

    let session = session();
    sessions.create(session.clone()).await.unwrap();
    assert_eq!(sessions.sessions_of(session.account).await.unwrap().len(), 1);
    sessions.revoke_all(session.account, None).await.unwrap();
    assert_eq!(sessions.session(session.id).await.unwrap(), None);
    timers.schedule(&[timer()]).await.unwrap();
    let claimed = timers.claim_due(9, HOUR).await.unwrap();
    assert_eq!(timers.complete(&claimed).await.unwrap(), 1);
    let shop = Shop::at(engine.url()).await;
    let mut feed = RedisTicketFeed::open(&shop.world.client).await.unwrap();
    shop.process().commit(selling(&sample::bare_listing("Opera"))).await.unwrap();
    assert!(matches!(feed.next().await, FeedItem::Changed(_)));
}

#[tokio::test]
async fn selling_goes_on_while_redis_is_away_or_hangs_and_is_published_again_after() {
    let mut engine = Engine::start(&[]);
    let client = client(engine.url()).await;
    let tickets = RedisTicketStore::new(&client, Arc::new(MemoryTicketStore::new(Arc::new(SystemClock::new()))));
    let sell = async |listing: &Listing| tickets.commit(selling(listing)).await.expect("it is sold all the same");
    engine.kill();
    sell(&sample::listing()).await;
    engine.start_again(&[]);
    engine.signal("STOP");
    sell(&sample::listing()).await;
    engine.signal("CONT");
    eventually("Redis is back", || async { client.ping().await.ok() }).await;

    let mut feed = RedisTicketFeed::open(&client).await.unwrap();
    let listing = sample::listing();
    sell(&listing).await;
    let is_it =
        |item: FeedItem| matches!(item, FeedItem::Changed(of) if of.iter().any(|one| one.ticket == listing.ticket.id));
    // What Redis took in while it hung may come first.
    while !is_it(feed.next().await) {}
}
