//! Every promise of its ports, kept by the real engine.
//!
//! `REDIS_URL` names the Redis that most tests share, each with a prefix of its
//! own. Tests that stop a Redis start their own `redis-server`.

mod connecting;
mod engine;
mod eviction;
mod hot_path;
mod limits;
mod outage;
mod sessions;
mod shop;
mod ticket_feed;
mod timers;
#[cfg(feature = "tls")]
mod tls;
mod world;

mod conformance {
    use crate::shop::Shop;
    use crate::world::World;

    ticketing_conformance::timers!(World::start().await);
    ticketing_conformance::sessions!(World::start().await);
    ticketing_conformance::limits!(World::start().await);
    ticketing_conformance::drafts!(World::start().await);
    ticketing_conformance::ticket_store!(Shop::open().await);
    ticketing_conformance::ticket_feed!(Shop::open().await);
}

/// What one script touches is in one slot, or these would fail.
mod on_cluster {
    use crate::world::World;

    ticketing_conformance::timers!(World::on_cluster().await);
    ticketing_conformance::sessions!(World::on_cluster().await);
    ticketing_conformance::limits!(World::on_cluster().await);
    ticketing_conformance::drafts!(World::on_cluster().await);
}
