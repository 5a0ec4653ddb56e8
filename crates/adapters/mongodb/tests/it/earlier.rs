//! Documents that earlier releases wrote are read.

use std::time::Duration;

use bson::{Document, doc};
use mongodb::Collection;
use ticketing_conformance::sample;
use ticketing_core::domain::account::{Account, AccountRecord, DisplayName};
use ticketing_core::domain::event_facts::{EventFacts, FactsKnown};
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::order::Order;
use ticketing_core::domain::payment::PaymentStatus;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::{Listing, Offer, OfferInput, Ticket};
use ticketing_core::ports::account_store::AccountStore;
use ticketing_core::ports::order_store::{OrderNeeds, OrderStore};
use ticketing_core::ports::payment_store::{PaymentNeeds, PaymentStore};
use ticketing_core::ports::store::{UnitOfWork, Write};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_mongodb::{MongoOrderStore, MongoTicketStore};
use uuid::Uuid;

use crate::world::World;

#[tokio::test]
async fn a_payment_without_an_action_is_pending() {
    let World { store, client } = World::payments().await;
    let (_, payment) = sample::payment();
    let [action, _] = sample::actions();
    let mut waits = payment.clone();
    waits.status = PaymentStatus::AwaitingBuyer { action };
    store.commit(UnitOfWork::default().with(Write::insert(waits))).await.expect("it is new");

    let documents = client.database("payments").collection::<Document>("payments");
    let id = doc! { "_id": bson::Uuid::from(payment.id.uuid()) };
    documents.update_one(id, doc! { "$unset": { "action": "" } }).await.expect("it is there");
    let needs = PaymentNeeds { payments: vec![payment.id], ..PaymentNeeds::default() };
    let found = store.load(&needs).await.expect("it is read").payments;

    assert_eq!(found.into_iter().map(|stored| stored.record).collect::<Vec<_>>(), [payment]);
}

#[tokio::test]
async fn an_account_without_a_name_or_a_confirmation_has_neither() {
    let World { store, client } = World::accounts().await;
    let account = Account { confirmed_at: Some(sample::NOW), ..sample::account() };
    store.commit(UnitOfWork::default().with(Write::insert(account.clone()))).await.expect("it is new");

    let documents = client.database("accounts").collection::<Document>("accounts");
    let id = doc! { "_id": bson::Uuid::from(account.id.uuid()) };
    let later = doc! { "$unset": { "display_name": "", "confirmed_at": "", "deleted_at": "" } };
    documents.update_one(id, later).await.expect("it is there");
    let found = store.account(account.id).await.expect("it is read").expect("it is there");

    assert_eq!(found.record, Account { confirmed_at: None, ..account });
}

#[tokio::test]
async fn nothing_about_a_person_stays_in_the_document_of_a_deleted_account() {
    let World { store, client } = World::accounts().await;
    let named = Account { display_name: DisplayName::parse("Grüße ☃").expect("a name"), ..sample::account() };
    store.commit(UnitOfWork::default().with(Write::insert(named.clone()))).await.expect("it is new");
    let stored = store.account(named.id).await.expect("it is read").expect("it is there");
    let (deleted, _) = named.clone().delete(sample::NOW);
    let write = Write { record: AccountRecord::Deleted(deleted), replaces: Some(stored.revision) };
    store.commit(UnitOfWork::default().with(write)).await.expect("nobody else changed it");

    let documents = client.database("accounts").collection::<Document>("accounts");
    let id = doc! { "_id": bson::Uuid::from(named.id.uuid()) };
    let left = documents.find_one(id).await.expect("an answer").expect("it is there").to_string();

    for text in [named.email.as_str(), named.password.expose(), "Grüße"] {
        assert!(!left.contains(text), "{left}");
    }
}

fn ticket(venue: &str) -> Ticket {
    let opera = OfferInput {
        title: "Opera",
        venue: Some(venue),
        starts_at: Some(sample::NOW.after(Duration::from_secs(86_400))),
        time_zone: Some("Europe/Rome"),
        seats: Some("12-14"),
        sales_end_at: Some(sample::NOW.after(Duration::from_secs(3600))),
        amount: 1200,
        currency: "EUR",
        quantity: 3,
        ..OfferInput::default()
    };
    let offer = Offer::parse(opera).expect("an offer");
    Ticket::create(TicketId::new(sample::uuid()), AccountId::from_u128(1), offer, sample::NOW).expect("a ticket").0
}

/// An update as the release before writes it: it knows no fact but the title.
async fn update(documents: Collection<Document>, id: Uuid, update: Document) {
    let done = documents.update_one(doc! { "_id": bson::Uuid::from(id) }, update).await.expect("it is there");
    assert_eq!(done.matched_count, 1);
}

async fn stock(store: &MongoOrderStore, ticket: TicketId) -> Stock {
    let needs = OrderNeeds { stocks: vec![ticket], ..OrderNeeds::default() };
    store.load(&needs).await.expect("it is read").stocks.pop().expect("it is there").record
}

async fn listing(store: &MongoTicketStore, ticket: TicketId) -> Listing {
    store.listings(&[ticket]).await.expect("it is read").pop().expect("it is there").record
}

fn title_alone() -> EventFacts {
    EventFacts { title: "Opera".into(), known: FactsKnown::Title, ..EventFacts::default() }
}

#[tokio::test]
async fn a_stock_that_the_release_before_brought_up_to_date_has_no_facts_of_an_earlier_version() {
    let world = World::orders().await;
    let first = ticket("La Scala");
    world.store.commit(UnitOfWork::default().with(Write::insert(Stock::of(&first)))).await.expect("it is new");
    let second = Ticket { id: first.id, version: 2, ..ticket("Arena") };
    let newer = doc! { "$set": { "ticket_version": 2_i64 }, "$inc": { "rev": 1_i64 } };
    update(world.client.database("orders").collection("stocks"), first.id.uuid(), newer).await;

    let found = stock(&world.store, first.id).await;

    assert_eq!((&*found.event, found.sales_end_at), (&title_alone(), None));
    assert_eq!(found.follow(&second), Some(Stock::of(&second)), "and takes them over once it hears of them");
}

#[tokio::test]
async fn a_stock_and_an_order_without_facts_have_the_title_alone_and_keep_that() {
    let world = World::orders().await;
    let (stored, placed) = (Stock::of(&ticket("Arena")), sample::order(AccountId::from_u128(2)));
    let new = UnitOfWork::default().with(Write::insert(stored.clone())).with(Write::insert(placed.clone()));
    world.store.commit(new).await.expect("they are new");
    update(
        world.client.database("orders").collection("stocks"),
        stored.ticket.uuid(),
        doc! { "$unset": { "event": "" } },
    )
    .await;
    update(world.client.database("orders").collection("orders"), placed.id.uuid(), doc! { "$unset": { "event": "" } })
        .await;

    assert_eq!(*stock(&world.store, stored.ticket).await.event, title_alone());
    let needs = OrderNeeds { orders: vec![placed.id], ..OrderNeeds::default() };
    let read = world.store.load(&needs).await.expect("it is read").orders.pop().expect("it is there");
    assert_eq!((read.record.ticket.event.known, read.record.ticket.event.venue.as_deref()), (FactsKnown::Title, None));
    let changed = Order { version: 2, ..read.record.clone() };
    world.store.commit(UnitOfWork::default().with(read.replace(changed.clone()))).await.expect("nothing conflicts");
    let again = world.store.load(&needs).await.expect("it is read").orders.pop().expect("it is there");
    assert_eq!(again.record, changed);
}

#[tokio::test]
async fn what_was_written_before_sellers_had_names_has_none() {
    let (tickets, orders) = (World::tickets().await, World::orders().await);
    let (listed, placed) = (sample::listing(), sample::order(AccountId::from_u128(2)));
    let stored = Stock::of(&listed.ticket);
    tickets.store.commit(UnitOfWork::default().with(Write::insert(listed.clone()))).await.expect("it is new");
    let new = UnitOfWork::default().with(Write::insert(stored.clone())).with(Write::insert(placed.clone()));
    orders.store.commit(new).await.expect("they are new");
    for (client, service, collection, id) in [
        (&tickets.client, "tickets", "listings", listed.ticket.id.uuid()),
        (&orders.client, "orders", "stocks", stored.ticket.uuid()),
        (&orders.client, "orders", "orders", placed.id.uuid()),
    ] {
        update(client.database(service).collection(collection), id, doc! { "$unset": { "seller_name": "" } }).await;
    }

    assert_eq!(listing(&tickets.store, listed.ticket.id).await.ticket.seller_name, None);
    assert_eq!(stock(&orders.store, stored.ticket).await, Stock { seller_name: None, ..stored });
    let needs = OrderNeeds { orders: vec![placed.id], ..OrderNeeds::default() };
    let read = orders.store.load(&needs).await.expect("it is read").orders.pop().expect("it is there");
    assert_eq!(read.record.ticket.seller_name, None);
}

#[tokio::test]
async fn a_listing_whose_sales_the_release_before_counted_keeps_its_facts() {
    let world = World::tickets().await;
    let stored = Listing::new(ticket("La Scala"));
    world.store.commit(UnitOfWork::default().with(Write::insert(stored.clone()))).await.expect("it is new");
    // That release writes the offer as a whole, as it knows it.
    let offer = doc! {
        "title": "Opera", "description": null, "venue": "La Scala", "city": null, "category": null,
        "starts_at": bson::DateTime::from_millis(sample::NOW.millis() + 86_400_000),
        "price": { "amount": 1200_i64, "currency": "EUR" }, "quantity": 3, "max_per_buyer": null,
    };
    let counted = doc! { "$set": { "offer": offer }, "$inc": { "rev": 1_i64 } };
    update(world.client.database("tickets").collection("listings"), stored.ticket.id.uuid(), counted).await;

    assert_eq!(listing(&world.store, stored.ticket.id).await, stored);
}

#[tokio::test]
async fn a_listing_that_the_release_before_changed_has_the_facts_that_it_knew() {
    let world = World::tickets().await;
    let stored = Listing::new(ticket("La Scala"));
    world.store.commit(UnitOfWork::default().with(Write::insert(stored.clone()))).await.expect("it is new");
    let changed = doc! { "$set": { "version": 2_i64, "offer.venue": "Arena" }, "$inc": { "rev": 1_i64 } };
    update(world.client.database("tickets").collection("listings"), stored.ticket.id.uuid(), changed).await;

    let found = listing(&world.store, stored.ticket.id).await.ticket.offer.details;

    let starts_at = stored.ticket.offer.details.event.starts_at;
    let (title, venue, known) = ("Opera".into(), Some("Arena".into()), FactsKnown::PlaceAndTime);
    assert_eq!(*found.event, EventFacts { title, venue, starts_at, known, ..EventFacts::default() });
    assert_eq!(found.sales_end_at, None);
}
