//! No query reads a whole collection: the server's own profile is the witness.

use std::time::Duration;

use bson::{Document, doc};
use futures::TryStreamExt;
use mongodb::Database;
use ticketing_conformance::sample;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::event_facts::EventFacts;
use ticketing_core::domain::ids::AccountId;
use ticketing_core::domain::letter::LetterStatus;
use ticketing_core::domain::order::Order;
use ticketing_core::domain::search::event_to_find;
use ticketing_core::ports::account_store::AccountStore;
use ticketing_core::ports::letter_store::{LetterNeeds, LetterRecord, LetterStore};
use ticketing_core::ports::log::EventLog;
use ticketing_core::ports::order_store::{OrderNeeds, OrderStore, OverdueCursor};
use ticketing_core::ports::outbox::Outbox;
use ticketing_core::ports::parking::{ParkedFilter, ParkingChange, ParkingLot};
use ticketing_core::ports::pass_store::{PassNeeds, PassRecord, PassStore};
use ticketing_core::ports::payment_store::{PaymentNeeds, PaymentStore};
use ticketing_core::ports::store::{Page, UnitOfWork, Write};
use ticketing_core::ports::ticket_store::{EventOffers, TicketStore};
use ticketing_mongodb::{
    MongoAccountStore, MongoClient, MongoLetterStore, MongoLog, MongoOrderStore, MongoOutbox, MongoParkingLot,
    MongoPassStore, MongoPaymentStore, MongoTicketStore,
};

use crate::carrier::{self, Process};
use crate::world::{self, connected};

/// Has the server write down each operation on a database.
async fn profiled(client: &MongoClient, service: &str) -> Database {
    let database = client.database(service);
    database.run_command(doc! { "profile": 2 }).await.expect("profiling starts");
    database
}

/// What read or sorted more than it had to, in the server's words.
async fn offenders(database: &Database) -> Vec<String> {
    let wasteful = doc! {
        "op": { "$in": ["query", "update", "remove", "getmore", "command"] },
        // A process that hears of changes reads the log of the replica set.
        "ns": { "$not": { "$regex": "system\\.profile$|\\$cmd\\.aggregate$" } },
        "$or": [{ "planSummary": { "$regex": "COLLSCAN" } }, { "hasSortStage": true }],
    };
    let profile = database.collection::<Document>("system.profile");
    let found: Vec<Document> =
        profile.find(wasteful).await.expect("the profile is read").try_collect().await.expect("the profile is read");
    found.iter().map(|entry| format!("{} {}", entry.get_str("ns").unwrap_or("?"), entry)).collect()
}

async fn count(database: &Database) -> u64 {
    let profile = database.collection::<Document>("system.profile");
    profile.count_documents(doc! { "planSummary": { "$regex": "IXSCAN|IDHACK" } }).await.expect("the profile is read")
}

async fn drain(outbox: &MongoOutbox) {
    let lease = outbox.lease(sample::uuid(), Duration::from_secs(60)).await.expect("an answer").expect("a lease");
    loop {
        let pending = outbox.pending(None, 7).await.expect("events are read");
        let ids: Vec<_> = pending.events.iter().map(|event| event.id).collect();
        outbox.mark_published(lease, &ids).await.expect("events are marked");
        if ids.is_empty() {
            break;
        }
    }
    // Of events that nobody handed out.
    outbox.mark_published(lease, &[sample::envelope(Topic::Orders, sample::uuid(), 1).id]).await.expect("a mark");
    outbox.release(lease).await.expect("the lease is given back");
}

async fn park(parking: &MongoParkingLot) {
    let parked = sample::parked("orders", sample::envelope(Topic::Orders, sample::uuid(), 1));
    let (consumer, key) = (parked.consumer.clone(), parked.key.clone());
    parking.park(parked.clone()).await.expect("it is parked");
    parking.parked_keys(&consumer, std::slice::from_ref(&key)).await.expect("keys are read");
    parking.change(ParkingChange::Release { consumer: consumer.clone(), key: key.clone() }).await.expect("released");
    let released = ParkedFilter { consumer: Some(consumer), key: None, released_only: true };
    assert_eq!(parking.list(&released, Page::first(10)).await.expect("the lot is read").len(), 1);
    parking.list(&ParkedFilter { key: Some(key), ..released }, Page::first(10)).await.expect("the lot is read");
    parking.list(&ParkedFilter::default(), Page::first(10)).await.expect("the lot is read");
    parking.change(ParkingChange::Remove { ids: vec![parked.id] }).await.expect("it is removed");
}

async fn assert_frugal(database: &Database) {
    assert_eq!(offenders(database).await, Vec::<String>::new());
    assert!(count(database).await > 5, "the profile saw the queries");
}

#[tokio::test]
async fn accounts_are_found_by_indexes() {
    let client = connected().await;
    let store = MongoAccountStore::open(&client).await.expect("the store opens");
    let database = profiled(&client, "accounts").await;
    for _ in 0..4 {
        let account = sample::account();
        store.commit(UnitOfWork::default().with(Write::insert(account.clone()))).await.expect("a commit");
        let stored = store.account(account.id).await.expect("an answer").expect("the account");
        store.account_by_email(&account.email).await.expect("an answer").expect("the account");
        let event = sample::envelope(Topic::Accounts, account.id.uuid(), 1);
        store.commit(UnitOfWork::default().with(stored.replace(account)).telling(event)).await.expect("a commit");
        store.commit(UnitOfWork::default().with(stored.replace(sample::account()))).await.expect_err("a conflict");
    }
    drain(&store.outbox()).await;
    park(&store.parking()).await;
    assert_frugal(&database).await;
}

#[tokio::test]
async fn orders_are_found_by_indexes() {
    let client = connected().await;
    let store = MongoOrderStore::open(&client).await.expect("the store opens");
    let database = profiled(&client, "orders").await;
    let buyer = AccountId::new(sample::uuid());
    let key = || format!("key-{}", sample::uuid()).parse().expect("a key");
    let orders: Vec<Order> = (0..9).map(|_| Order { key: Some(key()), ..sample::order(buyer) }).collect();
    let mut work = UnitOfWork::default().with(Write::insert(sample::stock()));
    for order in &orders {
        work = work.with(Write::insert(order.clone())).telling(sample::envelope(Topic::Orders, order.id.uuid(), 1));
    }
    store.commit(work.clone()).await.expect("a commit");
    store.commit(work).await.expect_err("a conflict");
    let needs = OrderNeeds {
        stocks: vec![sample::ticket().id],
        orders: orders.iter().map(|order| order.id).collect(),
        keys: orders.iter().filter_map(|order| Some((buyer, order.key.clone()?))).collect(),
        unpaid_of: vec![buyer, AccountId::new(sample::uuid())],
        placed_since: sample::NOW,
        bought: orders.iter().map(|order| (buyer, order.ticket.id)).collect(),
    };
    assert_eq!(store.load(&needs).await.expect("an answer").orders.len(), 9);
    let first = store.orders_of(buyer, Page::first(4)).await.expect("an answer");
    let after = first.last().map(|order| order.id);
    assert_eq!(store.orders_of(buyer, Page { after, limit: 9 }).await.expect("an answer").len(), 5);
    let ticket = orders.first().expect("orders").ticket.id;
    assert_eq!(store.sales_totals(ticket).await.expect("an answer").len(), 1);
    let long_after = sample::NOW.after(Duration::from_secs(1 << 30));
    let first = store.overdue(long_after, Page::first(5)).await.expect("an answer");
    let after = first.last().and_then(OverdueCursor::of);
    assert_eq!(store.overdue(long_after, Page { after, limit: 5 }).await.expect("an answer").len(), 4);
    drain(&store.outbox()).await;
    park(&store.parking()).await;
    assert_frugal(&database).await;
}

#[tokio::test]
async fn payments_are_found_by_indexes() {
    let client = connected().await;
    let store = MongoPaymentStore::open(&client).await.expect("the store opens");
    let database = profiled(&client, "payments").await;
    for _ in 0..4 {
        let (payable, payment) = sample::payment();
        let key: ticketing_core::domain::order::IdempotencyKey = "once".parse().expect("a key");
        let payment = ticketing_core::domain::payment::Payment { key: Some(key.clone()), ..payment };
        let needs = PaymentNeeds {
            payables: vec![payable.order],
            payments: vec![payment.id],
            keys: vec![(payment.buyer, key)],
        };
        let work = UnitOfWork::default().with(Write::insert(payable)).with(Write::insert(payment));
        store.commit(work.clone()).await.expect("a commit");
        store.commit(work).await.expect_err("a conflict");
        assert_eq!(store.load(&needs).await.expect("an answer").payments.len(), 1);
    }
    let long_after = sample::NOW.after(Duration::from_secs(1 << 30));
    let first = store.unsettled(long_after..=long_after, Page::first(3)).await.expect("an answer");
    let after = first.last().map(|payment| payment.id);
    assert_eq!(store.unsettled(long_after..=long_after, Page { after, limit: 3 }).await.expect("an answer").len(), 1);
    drain(&store.outbox()).await;
    park(&store.parking()).await;
    assert_frugal(&database).await;
}

#[tokio::test]
async fn passes_are_found_by_indexes() {
    let client = connected().await;
    let store = MongoPassStore::open(&client).await.expect("the store opens");
    let database = profiled(&client, "admissions").await;
    for _ in 0..4 {
        let (admission, entrance) = (sample::admission(), sample::entrance());
        let needs = PassNeeds {
            admissions: vec![admission.order],
            entrances: vec![entrance.ticket],
            door_links: vec![entrance.ticket],
            passes: admission.passes.iter().map(|coded| coded.pass.id).collect(),
            codes: admission.passes.iter().map(|coded| (admission.ticket, coded.code)).collect(),
        };
        let work: UnitOfWork<PassRecord> =
            UnitOfWork::default().with(Write::insert(admission.clone())).with(Write::insert(entrance));
        let work = work.with(Write::insert(sample::door_links()));
        store.commit(work.clone()).await.expect("a commit");
        store.commit(work).await.expect_err("a conflict");
        let found = store.load(&needs).await.expect("an answer");
        assert_eq!((found.admissions.len(), found.entrances.len()), (1, 1));
        let first = store.admissions_of(admission.ticket, Page::first(3)).await.expect("an answer");
        let after = first.last().map(|admission| admission.order);
        store.admissions_of(admission.ticket, Page { after, limit: 3 }).await.expect("an answer");
        assert_eq!(store.counts(admission.ticket).await.expect("an answer").issued, 3);
    }
    drain(&store.outbox()).await;
    park(&store.parking()).await;
    assert_frugal(&database).await;
}

#[tokio::test]
async fn letters_are_found_by_indexes() {
    let client = connected().await;
    let store = MongoLetterStore::open(&client).await.expect("the store opens");
    let database = profiled(&client, "notifications").await;
    let buyer = AccountId::new(sample::uuid());
    for _ in 0..4 {
        let (letter, order, ticket) = (sample::letter(), sample::order(buyer), sample::ticket());
        let (alerts, entry) = (sample::alerts(), sample::search_entry());
        let needs = LetterNeeds {
            letters: vec![letter.id],
            orders: vec![order.id],
            tickets: vec![ticket.id],
            alerts: vec![alerts.account],
            entries: vec![entry.id],
        };
        let (of, handles) = (order.ticket.id, Vec::from_iter(alerts.filed().into_keys()));
        let work: UnitOfWork<LetterRecord> =
            UnitOfWork::default().with(Write::insert(letter)).with(Write::insert(order)).with(Write::insert(ticket));
        let work = work.with(Write::insert(alerts)).with(Write::insert(entry));
        store.commit(work.clone()).await.expect("a commit");
        store.commit(work).await.expect_err("a conflict");
        let found = store.load(&needs).await.expect("an answer");
        assert_eq!((found.letters.len(), found.orders.len(), found.tickets.len()), (1, 1, 1));
        assert_eq!((found.alerts.len(), found.entries.len()), (1, 1));
        let first = store.alerts_under(&handles, Page::first(1)).await.expect("an answer");
        let after = first.last().map(|candidate| candidate.filed);
        store.alerts_under(&handles, Page { after, limit: 3 }).await.expect("an answer");
        let first = store.orders_of(of, Page::first(1)).await.expect("an answer");
        let after = first.last().map(|order| order.id);
        store.orders_of(of, Page { after, limit: 3 }).await.expect("an answer");
        let due = store.due(sample::NOW, 2).await.expect("an answer");
        let sent = due[0].record.clone().with_status(LetterStatus::Sent { at: sample::NOW });
        store.commit(UnitOfWork::default().with(due[0].replace(sent))).await.expect("a commit");
    }
    drain(&store.outbox()).await;
    park(&store.parking()).await;
    assert_frugal(&database).await;
}

#[tokio::test]
async fn listings_are_found_by_indexes() {
    let client = connected().await;
    let store = MongoTicketStore::open(&client).await.expect("the store opens");
    let database = profiled(&client, "tickets").await;
    let listings: Vec<_> = (0..200).map(|_| sample::listing()).collect();
    let work = listings.iter().fold(UnitOfWork::default(), |work, listing| work.with(Write::insert(listing.clone())));
    store.commit(work).await.expect("a commit");
    let named = sample::seller();
    let work = UnitOfWork::default().with(Write::insert(named.clone()));
    store.commit(work.clone()).await.expect("a commit");
    store.commit(work).await.expect_err("a conflict");
    assert!(store.seller(named.account).await.expect("an answer").is_some());
    let seller = listings.first().expect("listings").ticket.seller;
    for after in [None, listings.last().map(|listing| listing.ticket.id)] {
        store.listings_of(seller, Page { after, limit: 10 }).await.expect("an answer");
    }
    let event = event_to_find(&sample::ticket().offer.details.event).expect("it has a start");
    let wanted = EventOffers { event, currency: "EUR".parse().expect("a currency"), now: sample::NOW, limit: 50 };
    for limit in [1, 50, 150] {
        let wanted = EventOffers { limit, ..wanted.clone() };
        assert_eq!(store.offers_of_event(&wanted).await.expect("an answer").len(), limit);
    }
    store.listings(&listings.iter().map(|listing| listing.ticket.id).collect::<Vec<_>>()).await.expect("an answer");
    assert_frugal(&database).await;
}

#[tokio::test]
async fn the_offers_of_an_event_are_read_without_those_of_others() {
    let client = connected().await;
    let store = MongoTicketStore::open(&client).await.expect("the store opens");
    let listings = (0..500).map(|n| {
        let mut listing = sample::bare_listing("Opera");
        let starts_at = Some(sample::NOW.after(Duration::from_secs(60 * (1 + n / 5))));
        listing.ticket.offer.details.event =
            EventFacts { title: "Opera".into(), starts_at, ..EventFacts::default() }.into();
        listing
    });
    let listings: Vec<_> = listings.collect();
    let event = listings.first().and_then(|first| event_to_find(&first.ticket.offer.details.event));
    let work = listings.into_iter().fold(UnitOfWork::default(), |work, listing| work.with(Write::insert(listing)));
    store.commit(work).await.expect("a commit");
    let database = profiled(&client, "tickets").await;
    let (event, currency) = (event.expect("it has a start"), "EUR".parse().expect("a currency"));
    let wanted = EventOffers { event, currency, now: sample::NOW, limit: 50 };
    assert_eq!(store.offers_of_event(&wanted).await.expect("an answer").len(), 5);
    let profile = database.collection::<Document>("system.profile");
    let long = doc! { "ns": { "$regex": "listings$" }, "docsExamined": { "$gt": 20 } };
    let found = profile.find_one(long).await.expect("the profile is read");
    assert!(found.is_none(), "{found:?}");
}

#[tokio::test]
async fn the_log_is_read_by_indexes() {
    let process = Process::start(&world::config()).await;
    let database = profiled(&process.client, "events").await;
    for _ in 0..3 {
        let mut member = process.join("catalog").await;
        process.publish(&carrier::orders(200)).await;
        carrier::take(&mut member, 200).await.into_iter().for_each(carrier::ack);
        member.close(Duration::from_secs(10)).await.expect("it leaves");
    }
    let mut log = MongoLog::open(&process.client, &[Topic::Orders]).await.expect("the log opens");
    assert!(!log.next().await.expect("it is read").is_empty());
    assert_frugal(&database).await;
}
