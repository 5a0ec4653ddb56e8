//! A record that another transaction holds is named soon, so that those beside it need not wait.

use std::time::{Duration, Instant};

use bson::{Document, doc};
use futures::TryStreamExt;
use mongodb::{ClientSession, Collection};
use ticketing_conformance::sample;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::Sales;
use ticketing_core::ports::order_store::{OrderNeeds, OrderRecord, OrderStore};
use ticketing_core::ports::payment_store::{PaymentNeeds, PaymentStore};
use ticketing_core::ports::store::{RecordKey, StoreError, Stored, UnitOfWork, Write};
use ticketing_mongodb::{MongoClient, MongoConfig, MongoOrderStore, MongoPaymentStore};
use tokio::time::timeout;
use uuid::Uuid;

use crate::world::{config, uri};

/// How long a commit may go on; the server ends a holder after twice as long.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a killed process leaves: a transaction that wrote a record and does not end.
async fn held(records: &Collection<Document>, id: Uuid) -> ClientSession {
    let mut session = records.client().start_session().await.expect("a session");
    session.start_transaction().await.expect("a transaction");
    let id = bson::Uuid::from(id);
    let write = records.update_one(doc! { "_id": id }, doc! { "$set": { "token": 1_i64 } });
    write.session(&mut session).await.expect("it is held");
    session
}

async fn opened(commit_within: Duration) -> (MongoClient, MongoOrderStore, Vec<Stored<Stock>>) {
    let config = MongoConfig { commit_within, ..config() };
    let client = MongoClient::connect(&config).await.expect("MongoDB answers");
    let store = MongoOrderStore::open(&client).await.expect("the store opens");
    let stocks = [sample::stock(), sample::stock(), sample::stock()];
    let work = stocks.iter().cloned().fold(UnitOfWork::default(), |work, stock| work.with(Write::insert(stock)));
    store.commit(work).await.expect("they are new");
    let needs = OrderNeeds { stocks: stocks.iter().map(|stock| stock.ticket).collect(), ..OrderNeeds::default() };
    let stocks = store.load(&needs).await.expect("an answer").stocks;
    (client, store, stocks)
}

fn changing(stored: &Stored<Stock>) -> Write<OrderRecord> {
    let sales = Sales { held: 1, sold: 0, version: stored.record.sales.version + 1 };
    stored.replace(Stock { sales, ..stored.record.clone() })
}

#[tokio::test]
async fn a_held_record_is_named_and_no_other() {
    let (client, store, stocks) = opened(PATIENCE).await;
    let [first, stuck, last] = stocks.as_slice() else { panic!("three stocks were made") };
    let holder = held(&client.database("orders").collection("stocks"), stuck.record.ticket.uuid()).await;

    let began_at = Instant::now();
    let work = stocks.iter().fold(UnitOfWork::default(), |work, stored| work.with(changing(stored)));
    let told = store.commit(work.telling(sample::history(Topic::Orders, 1).remove(0))).await;
    let Err(StoreError::Conflict(named)) = &told else { panic!("a held record is a conflict, not {told:?}") };
    assert_eq!(named, &[RecordKey::Stock(stuck.record.ticket)]);
    assert!(began_at.elapsed() < PATIENCE / 2, "it is named after {:?}", began_at.elapsed());

    let beside = UnitOfWork::default().with(changing(first)).with(changing(last));
    store.commit(beside).await.expect("nobody holds these");
    drop(holder);
}

#[tokio::test]
async fn a_held_record_is_named_where_it_is_alone() {
    let (client, store, stocks) = opened(PATIENCE).await;
    let [stuck, ..] = stocks.as_slice() else { panic!("three stocks were made") };
    let mut holder = held(&client.database("orders").collection("stocks"), stuck.record.ticket.uuid()).await;

    let began_at = Instant::now();
    let told = store.commit(UnitOfWork::default().with(changing(stuck))).await;
    assert!(
        matches!(&told, Err(StoreError::Conflict(named)) if *named == [RecordKey::Stock(stuck.record.ticket)]),
        "{told:?}"
    );
    assert!(began_at.elapsed() < PATIENCE / 2, "it is named after {:?}", began_at.elapsed());
    holder.abort_transaction().await.expect("the holder ends");
    store.commit(UnitOfWork::default().with(changing(stuck))).await.expect("nobody holds it");
}

/// More than the driver's default pool; a write keeps its connection while it waits.
const WRITERS: usize = 40;

#[tokio::test]
async fn many_who_wait_leave_room_for_others() {
    let config = MongoConfig { commit_within: PATIENCE, ..config() };
    let client = MongoClient::connect(&config).await.expect("MongoDB answers");
    let store = MongoPaymentStore::open(&client).await.expect("the store opens");
    let payable = sample::payable();
    store.commit(UnitOfWork::default().with(Write::insert(payable.clone()))).await.expect("it is new");
    let needs = PaymentNeeds { payables: vec![payable.order], ..PaymentNeeds::default() };
    let stored = store.load(&needs).await.expect("an answer").payables.remove(0);
    // Its own connections, so that it need not wait for one.
    let other = mongodb::Client::with_uri_str(uri()).await.expect("MongoDB answers");
    let payables = other.database(client.database("payments").name()).collection("payables");
    let mut holder = held(&payables, payable.order.uuid()).await;

    let change = || UnitOfWork::default().with(stored.replace(stored.record.clone()));
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (store, change) = (store.clone(), change());
            tokio::spawn(async move { store.commit(change).await })
        })
        .collect();
    let waiting = doc! { "op": "update", "ns": payables.namespace().to_string() };
    let admin = other.database("admin");
    let all_wait = async {
        loop {
            let asked = vec![doc! { "$currentOp": {} }, doc! { "$match": waiting.clone() }];
            let found = admin.aggregate(asked).await.expect("an answer").try_collect::<Vec<_>>().await;
            if found.expect("the answer is read").len() >= WRITERS {
                return;
            }
        }
    };
    timeout(PATIENCE, all_wait).await.expect("every writer has a connection");
    assert_eq!(store.load(&needs).await.expect("an answer").payables, [stored], "reads do not wait");

    holder.abort_transaction().await.expect("the holder ends");
    let mut written = 0;
    for writer in writers {
        written += usize::from(writer.await.expect("it ends").is_ok());
    }
    assert_eq!(written, 1, "the others replace what is gone");
}

#[tokio::test]
async fn reads_tell_the_server_how_long_they_may_take() {
    use ticketing_core::domain::ids::AccountId;
    use ticketing_core::ports::store::Page;
    use ticketing_core::ports::ticket_store::TicketStore;

    let client = crate::world::connected().await;
    let store = ticketing_mongodb::MongoTicketStore::open(&client).await.expect("the store opens");
    let database = client.database("tickets");
    database.run_command(doc! { "profile": 2 }).await.expect("the server notes what it is asked");
    store.listings_of(AccountId::new(sample::uuid()), Page::first(10)).await.expect("an answer");
    store.listings(&[sample::listing().ticket.id]).await.expect("an answer");

    let asked = database.collection::<Document>("system.profile");
    let unbounded = doc! { "command.find": "listings", "command.maxTimeMS": { "$exists": false } };
    assert_eq!(asked.count_documents(unbounded).await.expect("an answer"), 0);
    let bounded = doc! { "command.find": "listings", "command.maxTimeMS": { "$gt": 0 } };
    assert_eq!(asked.count_documents(bounded).await.expect("an answer"), 2);
}
