//! What every request asks for costs one command.

use std::time::Duration;

use ticketing_conformance::sample;
use ticketing_core::domain::ids::AccountId;
use ticketing_core::ports::identity::SessionStore;
use ticketing_core::ports::limits::{Quota, RateLimiter};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_redis::{RedisLimiter, RedisSessions};

use crate::engine::Engine;
use crate::shop::{Shop, selling};
use crate::world::{World, now};

const QUOTA: Quota = Quota { burst: 100, per: Duration::from_secs(1) };

/// Which commands were sent since the last question, and how many of each; those of scripts included.
fn sent(world: &World) -> String {
    let stats: String = world.ask(&["INFO", "commandstats"]);
    world.ask::<()>(&["CONFIG", "RESETSTAT"]);
    let calls = stats.lines().filter_map(|line| line.strip_prefix("cmdstat_")?.split_once(":calls="));
    let mut calls: Vec<_> =
        calls.map(|(command, rest)| format!("{command} {}", rest.split(',').next().unwrap_or_default())).collect();
    calls.retain(|call| !["client", "info", "config"].iter().any(|own| call.starts_with(own)));
    calls.sort_unstable();
    calls.join(", ")
}

#[tokio::test]
async fn a_check_is_one_command() {
    let engine = Engine::start(&[]);
    let world = World::at(engine.url()).await;
    let session = sample::session(AccountId::new(sample::uuid()), now(), Duration::from_secs(3600));
    let (sessions, limiter) = (RedisSessions::new(&world.client), RedisLimiter::new(&world.client));
    sessions.create(session.clone()).await.unwrap();
    limiter.check("key", QUOTA).await.unwrap();
    sent(&world);

    sessions.session(session.id).await.unwrap();
    assert_eq!(sent(&world), "get 1");
    limiter.check("key", QUOTA).await.unwrap();
    assert_eq!(sent(&world), "evalsha 1, get 1, set 1, time 1");
}

#[tokio::test]
async fn a_commit_is_published_by_one_command() {
    let engine = Engine::start(&[]);
    let shop = Shop::at(engine.url()).await;
    let tickets = shop.process();
    sent(&shop.world);

    tickets.commit(selling(&sample::listing())).await.unwrap();
    assert_eq!(sent(&shop.world), "publish 1");
    tickets.listings(&[sample::listing().ticket.id]).await.unwrap();
    assert_eq!(sent(&shop.world), "");
}
