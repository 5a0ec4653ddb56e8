//! Documents that earlier releases wrote are read.

use bson::{Document, doc};
use ticketing_conformance::sample;
use ticketing_core::domain::account::{Account, AccountRecord, DisplayName};
use ticketing_core::domain::payment::PaymentStatus;
use ticketing_core::ports::account_store::AccountStore;
use ticketing_core::ports::payment_store::{PaymentNeeds, PaymentStore};
use ticketing_core::ports::store::{UnitOfWork, Write};

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
