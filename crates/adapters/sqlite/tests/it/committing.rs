//! What many commit together, and what becomes of their events.

use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use ticketing_conformance::sample;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::ids::AccountId;
use ticketing_core::ports::limits::{Quota, RateLimiter, Verdict};
use ticketing_core::ports::log::EventLog;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::outbox::{Outbox, OutboxView};
use ticketing_core::ports::store::{StoreError, UnitOfWork, Write};
use ticketing_core::ports::transport::{
    EventPublisher, EventSubscriber, Kinds, Settlement, StartFrom, Subscription, SubscriptionConfig,
};
use ticketing_core::wire::EventEnvelope;
use ticketing_memory::ManualClock;
use ticketing_sqlite::{SqliteConfig, SqliteEngines};
use uuid::Uuid;

use crate::world::{Directory, open, open_as};

pub(crate) async fn commit(engines: &SqliteEngines, events: Vec<EventEnvelope>) {
    engines.orders.commit(UnitOfWork { writes: Vec::new(), events }).await.expect("it is committed");
}

pub(crate) async fn join(engines: &SqliteEngines, group: &str) -> Box<dyn Subscription> {
    let (group, topics, start) = (group.to_owned(), vec![Topic::Orders], StartFrom::Earliest);
    let config =
        SubscriptionConfig { group, topics, start, max_unsettled: 1000, patience: Duration::ZERO, kinds: Kinds::All };
    engines.broker.subscriber().subscribe(config).await.expect("a group is joined")
}

/// Marks all that is pending.
pub(crate) async fn mark(engines: &SqliteEngines) {
    let outbox = engines.orders.outbox();
    let lease = outbox.lease(Uuid::nil(), Duration::from_secs(60)).await.expect("an answer").expect("a lease");
    let pending = outbox.pending(None, 10_000).await.expect("it is read").events;
    let ids: Vec<_> = pending.iter().map(|event| event.id).collect();
    outbox.mark_published(lease, &ids).await.expect("it is marked");
}

pub(crate) async fn logged(engines: &SqliteEngines) -> usize {
    let mut log = engines.broker.log(&[Topic::Orders]).await.expect("the log opens");
    let mut messages = 0;
    loop {
        match log.next().await.expect("the log is read").len() {
            0 => return messages,
            more => messages += more,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_commits_at_once_a_refusal_takes_back_its_own_alone() {
    let directory = Directory::new();
    let engines = open(&directory.file("market.db"), &ManualClock::default()).await;
    let taken = sample::order(AccountId::new(sample::uuid()));
    engines.orders.commit(UnitOfWork::default().with(Write::insert(taken.clone()))).await.expect("it is committed");
    let commits = (0..200).map(|n| {
        let (engines, taken) = (engines.clone(), taken.clone());
        let order = sample::order(AccountId::new(sample::uuid()));
        let event = sample::envelope(Topic::Orders, order.id.uuid(), 1);
        let work = UnitOfWork::default().with(Write::insert(order)).telling(event);
        let work = if n % 2 == 0 { work } else { work.with(Write::insert(taken)) };
        tokio::spawn(async move { engines.orders.commit(work).await })
    });
    let ends: Vec<_> =
        join_all(commits.collect::<Vec<_>>()).await.into_iter().map(|end| end.expect("it ends")).collect();

    let refused = ends.iter().filter(|end| matches!(end, Err(StoreError::Conflict(_)))).count();
    assert_eq!((ends.iter().filter(|end| end.is_ok()).count(), refused), (100, 100));
    assert_eq!(engines.orders.outbox().backlog(1000).await.expect("it is counted").entries, 100);
}

#[tokio::test]
async fn an_event_is_on_its_way_when_it_is_committed_and_publishing_it_again_changes_nothing() {
    let directory = Directory::new();
    let engines = open(&directory.file("market.db"), &ManualClock::default()).await;
    let mut member = join(&engines, "catalog").await;
    let events = sample::history(Topic::Orders, 3);
    commit(&engines, events.clone()).await;

    let deliveries = member.next(10).await.expect("it is delivered, and no relay is needed");
    assert_eq!(deliveries.len(), 3);
    deliveries.into_iter().for_each(|delivery| delivery.settle(Settlement::Ack).expect("it is settled"));
    engines.broker.publisher().publish(&events).await.expect("it is published again");
    assert_eq!(logged(&engines).await, 3);
    assert!(member.next(10).now_or_never().is_none(), "an event came twice");
}

#[tokio::test]
async fn the_log_keeps_what_is_unsettled_or_unmarked_however_old_it_is() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let path = directory.file("market.db");
    let config = SqliteConfig { keep_for: Duration::from_secs(60), ..SqliteConfig::new(&path) };
    let engines = open_as(&config, &clock).await;
    let mut member = join(&engines, "catalog").await;
    commit(&engines, sample::history(Topic::Orders, 20)).await;
    let years = Duration::from_hours(24 * 365 * 10);
    clock.advance(years);
    // The oldest events are looked at when a file is opened.
    drop((member, engines));
    let engines = open_as(&config, &clock).await;
    assert_eq!(logged(&engines).await, 20, "nobody settled them");

    member = join(&engines, "catalog").await;
    for delivery in member.next(100).await.expect("it is delivered") {
        delivery.settle(Settlement::Ack).expect("it is settled");
    }
    member.close(Duration::ZERO).await.expect("it closes");
    drop(engines);
    let engines = open_as(&config, &clock).await;
    assert_eq!(logged(&engines).await, 20, "no relay marked them");

    mark(&engines).await;
    drop(engines);
    let engines = open_as(&config, &clock).await;
    assert_eq!(logged(&engines).await, 0);
}

#[tokio::test]
async fn the_log_is_bounded_by_its_size_too() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let config = SqliteConfig { keep_bytes: 20_000, ..SqliteConfig::new(directory.file("market.db")) };
    let engines = open_as(&config, &clock).await;
    commit(&engines, sample::history(Topic::Orders, 200)).await;
    mark(&engines).await;
    drop(engines);

    let engines = open_as(&config, &clock).await;
    let kept = logged(&engines).await;
    assert!((5..100).contains(&kept), "{kept} of 200 events were kept");
}

#[tokio::test]
async fn a_restart_forgives_nobody_who_does_too_much() {
    let (directory, clock) = (Directory::new(), ManualClock::default());
    let path = directory.file("market.db");
    let quota = Quota { burst: 1, per: Duration::from_secs(60) };
    let engines = open(&path, &clock).await;
    assert_eq!(engines.limiter.check("flood", quota).await.expect("an answer"), Verdict::Allowed);
    drop(engines);

    let verdict = open(&path, &clock).await.limiter.check("flood", quota).await.expect("an answer");
    assert_eq!(verdict, Verdict::Denied { retry_after: quota.per });
}
