//! Members of one group in several processes.

use std::collections::HashSet;
use std::time::Duration;

use bson::{Document, doc};
use ticketing_conformance::sample;
use ticketing_core::domain::ids::EventId;
use ticketing_core::ports::transport::{Delivery, Settlement, StartFrom, Subscription, SubscriptionConfig};
use ticketing_mongodb::MongoConfig;
use tokio::runtime::{Builder, Runtime};

use crate::carrier::{Carrier, Process, ack, event_of, orders, soon, take, wants};

const GROUP: &str = "catalog";

/// A process that can be killed.
struct Killed {
    runtime: Runtime,
    /// What it has open stays so, as nobody is there to close it.
    held: (Process, Box<dyn Subscription>, Vec<Delivery>),
}

impl Killed {
    /// Joins, and takes deliveries of what is published until it has some.
    async fn start(config: &MongoConfig) -> (Self, Vec<EventId>) {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let config = config.clone();
        let working = runtime.spawn(async move {
            let process = Process::start(&config).await;
            let mut member = process.join(GROUP).await;
            let mut published = Vec::new();
            loop {
                let events = orders(60);
                published.extend(events.iter().map(|event| event.id));
                process.publish(&events).await;
                let taken = tokio::time::timeout(Duration::from_millis(500), member.next(20)).await;
                if let Ok(Ok(taken)) = taken {
                    return (process, member, taken, published);
                }
            }
        });
        let (process, member, taken, published) = working.await.expect("it works");
        (Self { runtime, held: (process, member, taken) }, published)
    }

    fn kill(self) {
        self.runtime.shutdown_background();
        std::mem::forget(self.held);
    }
}

#[tokio::test]
async fn what_a_killed_member_held_comes_to_the_other_and_nothing_is_lost() {
    let carrier = Carrier::open().await;
    let process = carrier.process();
    let mut member = process.join(GROUP).await;
    let (killed, published) = Killed::start(&carrier.config).await;
    let mut missing: HashSet<EventId> = published.into_iter().collect();
    killed.kill();
    let later = orders(60);
    missing.extend(later.iter().map(|event| event.id));
    process.publish(&later).await;
    while !missing.is_empty() {
        let came = soon("what is left comes", member.next(100)).await.expect("deliveries come");
        for delivery in came {
            missing.remove(&event_of(&delivery).id);
            // What the other took meanwhile comes again.
            let _settled = delivery.settle(Settlement::Ack);
        }
    }
}

#[tokio::test]
async fn what_a_replaced_member_settles_moves_nothing() {
    let carrier = Carrier::open().await;
    let process = carrier.process();
    let mut member = process.join(GROUP).await;
    process.publish(&orders(60)).await;
    let taken = take(&mut member, 60).await;

    let places = process.collection("places");
    let other = bson::Uuid::from(sample::uuid());
    let replaced = doc! { "$set": { "holder": other }, "$inc": { "epoch": 1_i64 } };
    places.update_many(doc! { "_id.group": GROUP }, replaced).await.expect("places are taken");
    for delivery in taken {
        // Whether it is too late is known soon, and not at once.
        let _settled = delivery.settle(Settlement::Ack);
    }

    // The other never lived, so all that it held comes back, from where it was.
    let again = take(&mut member, 60).await;
    assert!(again.iter().all(|delivery| delivery.attempt == 1));
    again.into_iter().for_each(ack);
    assert_eq!(member.close(Duration::from_secs(10)).await.expect("it leaves"), 0);
    let held = places.count_documents(doc! { "holder": { "$ne": null } }).await.expect("places are counted");
    assert_eq!(held, 0, "a member that left holds nothing");
}

#[tokio::test]
async fn a_member_that_left_is_no_member_and_all_it_settled_is_written() {
    let carrier = Carrier::open().await;
    let process = carrier.process();
    let mut member = process.join(GROUP).await;
    process.publish(&orders(100)).await;
    take(&mut member, 100).await.into_iter().for_each(ack);
    assert_eq!(process.broker.lags()[GROUP].events, 0);
    member.close(Duration::from_secs(10)).await.expect("it leaves");

    let members = process.collection("members").count_documents(doc! {}).await.expect("members are counted");
    assert_eq!(members, 0);
    assert_eq!(settled(&process).await, 100);
    assert!(process.broker.lags().is_empty());
}

#[tokio::test]
async fn where_a_group_begins_stays_as_it_was_written_first() {
    let carrier = Carrier::open().await;
    let process = carrier.process();
    process.publish(&orders(10)).await;
    let latest = || SubscriptionConfig { start: StartFrom::Latest, ..wants(GROUP) };
    let member = process.join_as(latest()).await;
    member.close(Duration::from_secs(10)).await.expect("it leaves");
    let events = orders(20);
    process.publish(&events).await;

    for again in [latest(), wants(GROUP)] {
        let mut member = process.join_as(again).await;
        let came = take(&mut member, 20).await;
        let came: HashSet<EventId> = came.iter().map(|delivery| event_of(delivery).id).collect();
        assert_eq!(came, events.iter().map(|event| event.id).collect());
        member.close(Duration::ZERO).await.expect("it leaves");
    }
}

#[tokio::test]
async fn many_members_share_every_partition_and_each_has_one() {
    let carrier = Carrier::open().await;
    let process = carrier.process();
    let mut members = Vec::new();
    for _ in 0..5 {
        members.push(process.join(GROUP).await);
    }
    let shares = async {
        loop {
            let places = process.collection("places");
            let holders = places.distinct("holder", doc! { "holder": { "$ne": null } }).await.expect("an answer");
            let held = places.count_documents(doc! { "holder": { "$ne": null } }).await.expect("an answer");
            if (holders.len(), held) == (5, 12) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await; // between two looks
        }
    };
    soon("all have a share", shares).await;
    for member in members {
        member.close(Duration::ZERO).await.expect("it leaves");
    }
}

/// How many events are settled, as far as it is written.
async fn settled(process: &Process) -> i64 {
    use futures::TryStreamExt;
    let places: Vec<Document> =
        process.collection("places").find(doc! {}).await.expect("places").try_collect().await.expect("places");
    places.iter().map(|place| place.get_i64("next").expect("a place") - 1).sum()
}
