//! Listeners hear what commits change.

use std::time::Duration;

use futures::FutureExt;
use ticketing_conformance::sample;
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::ticket::{Listing, Sales};
use ticketing_core::ports::store::{StoreError, UnitOfWork, Write};
use ticketing_core::ports::ticket_feed::{FeedItem, TicketFeed};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_core::wire::TicketState;
use ticketing_memory::{Fault, Operation};
use ticketing_redis::RedisTicketFeed;

use crate::engine::Engine;
use crate::shop::{Shop, change, selling};
use crate::world::eventually;

type Changes = Vec<(TicketId, Option<TicketState>)>;

async fn listen(shop: &Shop) -> RedisTicketFeed {
    RedisTicketFeed::open(&shop.world.client).await.expect("Redis answers")
}

async fn next(feed: &mut RedisTicketFeed) -> FeedItem {
    let next = tokio::time::timeout(Duration::from_secs(30), feed.next());
    next.await.expect("something is told")
}

async fn changes(feed: &mut RedisTicketFeed) -> Changes {
    let item = next(feed).await;
    let FeedItem::Changed(changes) = &item else { unreachable!("{item:?}") };
    changes.iter().map(|change| (change.ticket, change.state())).collect()
}

fn told(listing: &Listing) -> (TicketId, Option<TicketState>) {
    let Listing { ticket, sales, .. } = listing;
    let (price, quantity, status) = (ticket.offer.price, ticket.offer.quantity, ticket.status);
    let closes_at = ticket.offer.details.closes_at();
    (ticket.id, Some(TicketState { price, quantity, status, version: ticket.version, sales: *sales, closes_at }))
}

#[tokio::test]
async fn everybody_who_listens_hears_what_a_commit_changes() {
    let shop = Shop::open().await;
    let (tickets, before) = (shop.process(), sample::listing());
    tickets.commit(selling(&before)).await.unwrap();
    let mut listeners = [listen(&shop).await, listen(&shop).await];
    let listings = [sample::listing(), sample::bare_listing("Voucher")];
    let writes = listings.iter().cloned().map(Write::insert).collect();
    tickets.commit(UnitOfWork { writes, events: Vec::new() }).await.unwrap();
    let sales = Sales { held: 1, sold: 2, version: 7 };
    let sold = change(&tickets, &before, |listing| Listing { sales, ..listing }).await.unwrap();

    for feed in &mut listeners {
        assert_eq!(changes(feed).await, listings.each_ref().map(told));
        assert_eq!(changes(feed).await, [told(&sold)]);
        assert_eq!(feed.next().now_or_never(), None);
    }
}

#[tokio::test]
async fn a_commit_in_doubt_is_told_without_a_state_and_one_that_was_refused_is_not_told() {
    let shop = Shop::open().await;
    let (tickets, mut feed) = (shop.process(), listen(&shop).await);
    let [first, second] = [sample::listing(), sample::listing()];
    tickets.commit(selling(&first)).await.unwrap();
    assert_eq!(changes(&mut feed).await, [told(&first)]);

    assert!(matches!(tickets.commit(selling(&first)).await, Err(StoreError::Conflict(_))));
    shop.plan.inject(Operation::Commit, Fault::FailBefore);
    tickets.commit(selling(&second)).await.unwrap_err();
    assert_eq!(changes(&mut feed).await, [(second.ticket.id, None)]);
}

#[tokio::test]
async fn a_commit_is_told_even_if_nobody_waits_for_it() {
    let shop = Shop::open().await;
    let (tickets, mut feed) = (shop.process(), listen(&shop).await);
    let listing = sample::listing();

    assert!(tickets.commit(selling(&listing)).now_or_never().is_none());
    assert_eq!(changes(&mut feed).await, [told(&listing)]);
}

#[tokio::test]
async fn words_that_mean_nothing_are_passed_over() {
    let shop = Shop::open().await;
    let (mut feed, channel) = (listen(&shop).await, format!("{}:tickets:changed", shop.world.config.prefix));
    let ticket = TicketId::new(sample::uuid());
    let message = format!("\nnonsense\n{}\n{ticket}{{\"amount\":0}}\n{}", "ü".repeat(30), "7".repeat(50));
    shop.world.ask::<()>(&["PUBLISH", &channel, &message]);

    assert_eq!(changes(&mut feed).await, [(ticket, None)]);
}

#[tokio::test]
async fn after_a_crash_the_listener_is_told_and_hears_again() {
    let mut engine = Engine::start(&[]);
    let shop = Shop::at(engine.url()).await;
    let (tickets, mut feed) = (shop.process(), listen(&shop).await);
    for _ in 0..2 {
        engine.kill();
        engine.start_again(&[]);

        assert_eq!(next(&mut feed).await, FeedItem::Missed);
        let listing = sample::listing();
        tickets.commit(selling(&listing)).await.unwrap();
        assert_eq!(changes(&mut feed).await, [told(&listing)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_listener_is_told_what_it_costs() {
    let shop = Shop::open().await;
    let mut feed = listen(&shop).await;
    let channel = format!("{}:tickets:changed", shop.world.config.prefix);
    let much = format!("for i = 1, 500 do redis.call('PUBLISH', '{channel}', 'much') end");

    // One is taken where hundreds come, so the backlog fills up sooner or later.
    for _ in 0..1000 {
        shop.world.ask::<()>(&["EVAL", &much, "0"]);
        if next(&mut feed).await == FeedItem::Missed {
            return;
        }
    }
    panic!("nothing was missed");
}

#[tokio::test]
async fn who_does_not_listen_any_more_costs_nothing() {
    let shop = Shop::open().await;
    let feed = listen(&shop).await;
    let channel = format!("{}:tickets:changed", shop.world.config.prefix);
    let listeners = || shop.world.ask::<(String, usize)>(&["PUBSUB", "NUMSUB", &channel]).1;
    assert_eq!(listeners(), 1);
    drop(feed);

    eventually("the connection is closed", || async { (listeners() == 0).then_some(()) }).await;
}
