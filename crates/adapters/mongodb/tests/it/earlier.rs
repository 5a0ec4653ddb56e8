//! Documents that earlier releases wrote are read.

use bson::{Document, doc};
use ticketing_conformance::sample;
use ticketing_core::domain::payment::PaymentStatus;
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
