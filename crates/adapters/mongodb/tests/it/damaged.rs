//! Documents that no release of ours wrote stop nobody but those who ask for them.

use std::collections::HashMap;

use bson::{Bson, Document, Timestamp, doc};
use mongodb::Collection;
use ticketing_conformance::sample;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::ids::AccountId;
use ticketing_core::domain::order::Order;
use ticketing_core::domain::ticket::Sales;
use ticketing_core::ports::audit_reader::AuditReader;
use ticketing_core::ports::order_store::{OrderNeeds, OrderStore};
use ticketing_core::ports::outbox::Outbox;
use ticketing_core::ports::parking::{ParkedFilter, ParkingLot};
use ticketing_core::ports::store::{Page, StoreError, UnitOfWork, Write};
use ticketing_core::ports::ticket_store::{TicketRecord, TicketStore};
use ticketing_core::wire::{EventEnvelope, TicketState};
use ticketing_mongodb::{MongoAuditReader, MongoClient, MongoOrderStore, MongoTicketStore};

use crate::world::connected;

fn damages() -> Vec<Document> {
    let set = |field: &str, value: Bson| doc! { "$set": { field: value } };
    vec![
        doc! { "$unset": { "status": "" } },
        set("status", "on_its_way".into()),
        set("status", Bson::Null),
        set("status", 3.into()),
        doc! { "$unset": { "title": "" } },
        set("title", 7_i64.into()),
        set("quantity", (-1).into()),
        set("quantity", 0.into()),
        set("quantity", (1_i64 << 40).into()),
        set("quantity", "two".into()),
        set("price.currency", "XQQ".into()),
        set("price.currency", Bson::Null),
        set("price.amount", (-1_i64).into()),
        set("price", Bson::Array(Vec::new())),
        set("placed_at", "yesterday".into()),
        set("version", (-1_i64).into()),
        doc! { "$unset": { "version": "" } },
        set("payment", "ch_1".into()),
        set("key", "\u{0}".into()),
    ]
}

fn of(order: &Order) -> Document {
    doc! { "_id": bson::Uuid::from(order.id.uuid()) }
}

#[tokio::test]
async fn whatever_is_wrong_with_an_order_the_others_are_listed() {
    let client = connected().await;
    let store = MongoOrderStore::open(&client).await.expect("the store opens");
    let documents = client.database("orders").collection::<Document>("orders");
    let buyer = AccountId::new(sample::uuid());
    let orders: Vec<Order> = (0..=damages().len()).map(|_| sample::order(buyer)).collect();
    let work = orders.iter().cloned().fold(UnitOfWork::default(), |work, order| work.with(Write::insert(order)));
    store.commit(work).await.expect("they are new");
    let (sound, damaged) = orders.split_first().expect("some were made");
    for (order, damage) in damaged.iter().zip(damages()) {
        documents.update_one(of(order), damage.clone()).await.expect("it is damaged");
        let needs = OrderNeeds { orders: vec![order.id], ..OrderNeeds::default() };
        let told = store.load(&needs).await;
        let Err(StoreError::Corrupt(cause)) = told else { panic!("after {damage} it is {told:?}") };
        assert!(cause.to_string().contains(&order.id.to_string()), "it is named: {cause}");
    }

    for limit in [1, 7, 100] {
        let listed = store.orders_of(buyer, Page::first(limit)).await.expect("an answer");
        assert_eq!(listed, std::slice::from_ref(sound), "a page of {limit}");
    }
    let passed_by = client.passed_by().counts();
    assert!(passed_by.get("orders").is_some_and(|count| *count >= damages().len() as u64), "{passed_by:?}");
}

/// Whatever of a listing is compared with sales, or reported when they are followed.
fn damaged_standing() -> Vec<Document> {
    let set = |field: &str, value: Bson| doc! { "$set": { field: value } };
    vec![
        doc! { "$unset": { "rev": "" } },
        set("version", (-1_i64).into()),
        set("sales.version", (-1_i64).into()),
        set("sales.held", "two".into()),
        doc! { "$unset": { "sales": "" } },
        set("on_sale", "perhaps".into()),
        set("offer.quantity", 0.into()),
        set("offer.price.currency", "XQQ".into()),
        set("event.sales_end_at", "tomorrow".into()),
    ]
}

#[tokio::test]
async fn sales_of_a_listing_that_cannot_be_read_are_not_followed_and_it_is_named() {
    let client = connected().await;
    let store = MongoTicketStore::open(&client).await.expect("the store opens");
    let documents = client.database("tickets").collection::<Document>("listings");
    for damage in damaged_standing() {
        let (sound, damaged) = (sample::listing(), sample::listing());
        let both = [sound.clone(), damaged.clone()].map(TicketRecord::Listing).map(Write::insert);
        store.commit(both.into_iter().fold(UnitOfWork::default(), UnitOfWork::with)).await.expect("they are new");
        let id = damaged.ticket.id;
        documents.update_one(doc! { "_id": bson::Uuid::from(id.uuid()) }, damage.clone()).await.expect("it is damaged");
        let sold = Sales { held: 0, sold: 1, version: 7 };

        let told = store.follow_sales(&HashMap::from([(sound.ticket.id, sold), (id, sold)])).await;

        let Err(StoreError::Corrupt(cause)) = told else { panic!("after {damage} it is {told:?}") };
        assert!(cause.to_string().contains(&id.to_string()), "it is named: {cause}");
        let kept = store.listings(&[sound.ticket.id]).await.expect("an answer");
        assert_eq!(kept.first().map(|stored| &stored.record), Some(&sound), "after {damage}");
        let followed = store.follow_sales(&HashMap::from([(sound.ticket.id, sold)])).await.expect("it can be read");
        assert_eq!(followed, [(sound.ticket.id, TicketState::from(&sound.follow(sold).expect("they are newer")))]);
    }
}

async fn commit(store: &MongoOrderStore, events: &[EventEnvelope]) {
    let work = UnitOfWork { events: events.to_vec(), ..UnitOfWork::default() };
    store.commit(work).await.expect("a commit");
}

fn rows(client: &MongoClient) -> Collection<Document> {
    client.database("orders").collection("outbox")
}

#[tokio::test]
async fn empty_rows_in_front_of_an_outbox_stop_no_relay_and_go() {
    let client = connected().await;
    let store = MongoOrderStore::open(&client).await.expect("the store opens");
    let empty = (0..600).map(|_| doc! { "at": Timestamp { time: 0, increment: 0 }, "events": [] });
    rows(&client).insert_many(empty).await.expect("a crash leaves them");
    let events = sample::history(Topic::Orders, 3);
    commit(&store, &events).await;

    for max in [1, 2, 100] {
        let pending = store.outbox().pending(None, max).await.expect("an answer").events;
        assert_eq!(pending, events.get(..max.min(3)).unwrap_or_default(), "{max} events");
    }
    assert_eq!(rows(&client).count_documents(doc! {}).await.expect("an answer"), 1, "empty rows are gone");
}

#[tokio::test]
async fn rows_that_cannot_be_read_stop_no_relay() {
    let client = connected().await;
    let store = MongoOrderStore::open(&client).await.expect("the store opens");
    let now = Timestamp { time: 0, increment: 0 };
    for _ in 0..200 {
        for row in [
            doc! { "at": now, "events": "none" },
            doc! { "at": now },
            doc! { "at": now, "events": [5, null] },
            doc! { "_id": sample::uuid().to_string(), "at": now, "events": [] },
            doc! { "at": "now", "events": [] },
        ] {
            rows(&client).insert_one(row).await.expect("a hand leaves them");
        }
    }
    let events = sample::history(Topic::Orders, 3);
    commit(&store, &events).await;

    let outbox = store.outbox();
    assert_eq!(outbox.pending(None, 10).await.expect("an answer").events, events);
    let lease = outbox.lease(sample::uuid(), std::time::Duration::from_secs(60)).await.expect("an answer");
    let ids: Vec<_> = events.iter().map(|event| event.id).collect();
    outbox.mark_published(lease.expect("it is free"), &ids).await.expect("they are marked");
    assert_eq!(outbox.pending(None, 10).await.expect("an answer").events, []);
    assert!(client.passed_by().counts().contains_key("outbox"));

    let waiting = MongoAuditReader::new(&client).waiting().await.expect("what cannot be read is counted");
    let orders = waiting.iter().find(|waiting| waiting.service == "orders").expect("the orders service");
    assert!(orders.unpublished >= 600, "{orders:?}");
}

#[tokio::test]
async fn an_event_that_cannot_be_read_stays_when_its_row_is_marked() {
    let client = connected().await;
    let store = MongoOrderStore::open(&client).await.expect("the store opens");
    let (stuck, free) = (sample::history(Topic::Orders, 2), sample::history(Topic::Orders, 2));
    commit(&store, &[stuck.clone(), free.clone()].concat()).await;
    let damage = doc! { "$set": { "events.0.topic": "rockets" } };
    rows(&client).update_one(doc! {}, damage).await.expect("it is damaged");
    let outbox = store.outbox();
    let lease = outbox.lease(sample::uuid(), std::time::Duration::from_secs(60)).await.expect("an answer");

    for max in [1, 2, 10] {
        let pending = outbox.pending(None, max).await.expect("an answer").events;
        assert_eq!(pending, free.get(..max.min(2)).unwrap_or_default(), "{max} events");
    }
    let ids: Vec<_> = free.iter().map(|event| event.id).collect();
    outbox.mark_published(lease.expect("it is free"), &ids).await.expect("they are marked");
    assert_eq!(outbox.pending(None, 10).await.expect("an answer").events, [], "what is stuck waits");

    let repair = doc! { "$set": { "events.0.topic": "ticketing.orders" } };
    rows(&client).update_one(doc! {}, repair).await.expect("it is repaired");
    assert_eq!(outbox.pending(None, 10).await.expect("an answer").events, stuck, "once repaired, both come in order");
}

#[tokio::test]
async fn events_in_a_row_that_cannot_be_marked_are_not_published_again_and_again() {
    let client = connected().await;
    let store = MongoOrderStore::open(&client).await.expect("the store opens");
    let (stuck, free) = (sample::history(Topic::Orders, 1), sample::history(Topic::Orders, 1));
    commit(&store, &stuck).await;
    let mut row = rows(&client).find_one(doc! {}).await.expect("an answer").expect("a row");
    rows(&client).delete_many(doc! {}).await.expect("it is taken out");
    row.insert("_id", "a name of somebody's own");
    rows(&client).insert_one(row).await.expect("it is put back under another name");
    commit(&store, &free).await;

    assert_eq!(store.outbox().pending(None, 10).await.expect("an answer").events, free);
    assert!(client.passed_by().counts().contains_key("outbox"));
}

#[tokio::test]
async fn whatever_is_wrong_with_an_order_its_buyer_orders_others() {
    let client = connected().await;
    let store = MongoOrderStore::open(&client).await.expect("the store opens");
    let documents = client.database("orders").collection::<Document>("orders");
    let keyed = |buyer, text: &str| Order { key: Some(text.parse().expect("a key")), ..sample::order(buyer) };
    for damage in damages() {
        let (buyer, other) = (AccountId::new(sample::uuid()), AccountId::new(sample::uuid()));
        let [sound, damaged] = ["sound", "damaged"].map(|text| keyed(buyer, text));
        let work = UnitOfWork::default().with(Write::insert(sound.clone())).with(Write::insert(damaged.clone()));
        store.commit(work).await.expect("they are new");
        documents.update_one(of(&damaged), damage.clone()).await.expect("it is damaged");

        let counted = OrderNeeds { unpaid_of: vec![buyer], ..OrderNeeds::default() };
        let others = OrderNeeds { keys: vec![(other, "damaged".parse().expect("a key"))], ..counted.clone() };
        for needs in [counted.clone(), others] {
            let found = store.load(&needs).await.unwrap_or_else(|error| panic!("after {damage}: {error:?}")).orders;
            assert_eq!(found.iter().map(|stored| stored.record.id).collect::<Vec<_>>(), [sound.id], "after {damage}");
        }
        let again = OrderNeeds { keys: vec![(buyer, "damaged".parse().expect("a key"))], ..counted };
        let told = store.load(&again).await;
        assert!(matches!(told, Err(StoreError::Corrupt(_))), "its key makes no second order after {damage}: {told:?}");
    }
}

#[tokio::test]
async fn what_an_older_release_parked_is_found_as_it_wrote_it() {
    let client = connected().await;
    let store = MongoOrderStore::open(&client).await.expect("the store opens");
    let lot = store.parking();
    let parked = sample::parked("orders", sample::history(Topic::Orders, 1).remove(0));
    lot.park(parked.clone()).await.expect("it is parked");
    let documents = client.database("orders").collection::<Document>("parked");
    let written = parked.key.to_uppercase();
    documents.update_one(doc! {}, doc! { "$set": { "key": &written } }).await.expect("an older release wrote it");

    let keys = lot.parked_keys("orders", std::slice::from_ref(&written)).await.expect("an answer");
    assert_eq!(keys, std::slice::from_ref(&written));
    let filter = ParkedFilter { key: Some(written), ..ParkedFilter::default() };
    assert_eq!(lot.list(&filter, Page::first(10)).await.expect("an answer").len(), 1);
}
