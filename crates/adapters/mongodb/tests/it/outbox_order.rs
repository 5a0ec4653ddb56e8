//! Commits that become visible late are never skipped, and never overtaken by what follows them.

use std::time::Duration;

use bson::{Document, Timestamp, doc};
use ticketing_conformance::sample;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::outbox::{Outbox, PendingEvents};
use ticketing_core::ports::store::UnitOfWork;
use ticketing_core::wire::EventEnvelope;
use ticketing_mongodb::{MongoClient, MongoOrderStore};

use crate::world::connected;

async fn commit(store: &MongoOrderStore, events: &[EventEnvelope]) {
    let work = UnitOfWork { events: events.to_vec(), ..UnitOfWork::default() };
    store.commit(work).await.expect("a commit");
}

/// Moves the row of an event into another transaction, which draws its time and stays open.
async fn left_open(client: &MongoClient, event: &EventEnvelope) -> mongodb::ClientSession {
    let rows = client.database("orders").collection::<Document>("outbox");
    let id = bson::Uuid::from(event.id.uuid());
    let mut row = rows.find_one_and_delete(doc! { "events.id": id }).await.expect("an answer").expect("the row");
    row.insert("at", Timestamp { time: 0, increment: 0 });
    let mut session = rows.client().start_session().await.expect("a session");
    session.start_transaction().await.expect("a transaction");
    rows.insert_one(row).session(&mut session).await.expect("the row");
    session
}

fn versions(pending: &PendingEvents) -> Vec<u64> {
    pending.events.iter().map(|event| event.version).collect()
}

#[tokio::test]
async fn a_commit_that_becomes_visible_late_is_neither_skipped_nor_overtaken() {
    let client = connected().await;
    let store = MongoOrderStore::open(&client).await.expect("the store opens");
    let (history, others) = (sample::history(Topic::Orders, 2), sample::history(Topic::Orders, 3));
    let [first, second] = history.as_slice() else { unreachable!("two were made") };
    commit(&store, std::slice::from_ref(first)).await;
    let mut late = left_open(&client, first).await;
    for other in &others {
        commit(&store, std::slice::from_ref(other)).await;
    }

    let outbox = store.outbox();
    let begun = outbox.pending(None, 2).await.expect("events are read");
    assert_eq!(versions(&begun), [1, 2], "the pass is beyond the open transaction");
    late.commit_transaction().await.expect("it commits");
    commit(&store, std::slice::from_ref(second)).await;

    let rest = outbox.pending(begun.end, 10).await.expect("events are read");
    assert_eq!(rest.events, others.get(2..).unwrap_or_default(), "what follows a late commit waits for the next pass");
    let next = outbox.pending(None, 10).await.expect("events are read");
    let of_history: Vec<_> = next.events.into_iter().filter(|event| event.subject == first.subject).collect();
    assert_eq!(of_history, history, "the next pass has both, in order");
}

#[tokio::test]
async fn another_process_hears_of_a_commit() {
    let client = connected().await;
    let (here, elsewhere) = (
        MongoOrderStore::open(&client).await.expect("the store opens"),
        MongoOrderStore::open(&client).await.expect("the store opens"),
    );
    let relay = elsewhere.outbox();
    assert!(relay.pending(None, 1).await.expect("events are read").events.is_empty());
    let waiting = tokio::spawn(async move { relay.wait().await });
    commit(&here, &sample::history(Topic::Orders, 1)).await;
    let heard = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    heard.expect("it hears of it").expect("the wait ends well");
}

#[tokio::test]
async fn a_long_unit_of_work_is_read_in_slices_and_forgotten_whole() {
    let client = connected().await;
    let store = MongoOrderStore::open(&client).await.expect("the store opens");
    let events = sample::history(Topic::Orders, 300);
    commit(&store, &events).await;
    let outbox = store.outbox();
    let lease = outbox.lease(sample::uuid(), Duration::from_secs(60)).await.expect("an answer").expect("a lease");

    let (mut read, mut after) = (Vec::new(), None);
    loop {
        let slice = outbox.pending(after, 50).await.expect("events are read");
        let ids: Vec<_> = slice.events.iter().map(|event| event.id).collect();
        outbox.mark_published(lease, &ids).await.expect("events are marked");
        read.extend(slice.events);
        after = slice.end;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(read, events);
    let rows = client.database("orders").collection::<Document>("outbox");
    assert_eq!(rows.count_documents(doc! {}).await.expect("an answer"), 0, "no empty row is left");
}
