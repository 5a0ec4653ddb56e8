//! What a service does not follow would have changed nothing.

use std::sync::Arc;
use std::time::Duration;

use ticketing_core::assembly::MailPorts;
use ticketing_core::messaging::consumer::{EventHandler, Incoming};
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::usecase::admissions::{Admissions, AdmissionsFollow};
use ticketing_core::usecase::notifications::{AlertsFollow, Notifications, NotificationsFollow};
use ticketing_core::usecase::orders::batcher::{BatcherConfig, OrderBatchers};
use ticketing_core::usecase::orders::{Orders, OrdersFollow};
use ticketing_core::usecase::replica_wait::ReplicaWaits;
use ticketing_crypto::Ed25519Signer;
use ticketing_memory::FaultPlan;

use crate::market::Engines;
use crate::wire::samples::{envelope, samples};

/// The kinds of its topics that a handler does not follow. Handed to it all the same, they ask no store.
async fn passed_by(handler: &dyn EventHandler, faults: &FaultPlan) -> Vec<String> {
    let mut kinds = Vec::new();
    for event in samples() {
        let envelope = envelope(&event);
        if handler.topics().contains(&envelope.topic) && !handler.kinds().have(&envelope.kind) {
            kinds.push(envelope.kind.to_string());
            let before = faults.steps();
            handler.handle(&[Incoming { envelope, event }]).await.expect("it is handled");
            assert_eq!(faults.steps(), before, "{kinds:?}");
        }
    }
    kinds
}

#[tokio::test]
async fn admissions_follow_what_was_paid() {
    let engines = Engines::new();
    let faults = FaultPlan::counting(Arc::new(engines.clock.clone()));
    let handler = AdmissionsFollow(Admissions {
        store: Arc::new(engines.passes.with_faults(faults.clone())),
        signer: Arc::new(Ed25519Signer::from_seed(&[7; 32])),
        env: engines.env.clone(),
    });

    assert_eq!(passed_by(&handler, &faults).await, ["order.created"]);
}

fn notifications(engines: &Engines, faults: &FaultPlan) -> Notifications {
    let MailPorts { contacts, writer, mailer } = engines.mailbox.ports();
    let store = Arc::new(engines.letters.with_faults(faults.clone()));
    Notifications { store, contacts, writer, mailer, env: engines.env.clone() }
}

#[tokio::test]
async fn alerts_follow_each_change_of_a_ticket_and_places_that_are_given_back() {
    let engines = Engines::new();
    let faults = FaultPlan::counting(Arc::new(engines.clock.clone()));
    let handler = AlertsFollow(notifications(&engines, &faults));

    let passed_by = passed_by(&handler, &faults).await;
    let (accounts, others): (Vec<_>, Vec<_>) = passed_by.into_iter().partition(|kind| kind.starts_with("account."));
    assert!(!accounts.is_empty() && !accounts.contains(&"account.deleted".to_owned()), "{accounts:?}");
    assert_eq!(others, ["order.created", "order.completed"]);
}

#[tokio::test]
async fn notifications_follow_what_somebody_is_told_of() {
    let engines = Engines::new();
    let faults = FaultPlan::counting(Arc::new(engines.clock.clone()));
    let handler = NotificationsFollow(notifications(&engines, &faults));

    let kinds = ["order.created", "order.cancelled", "payment.captured", "payment.failed"];
    assert_eq!(passed_by(&handler, &faults).await, kinds);
}

#[tokio::test]
async fn orders_follow_what_ends_or_completes_them() {
    let engines = Engines::new();
    let faults = FaultPlan::counting(Arc::new(engines.clock.clone()));
    let store: Arc<dyn OrderStore> = Arc::new(engines.orders.with_faults(faults.clone()));
    // What would reach a batcher would wait there, because none runs.
    let (batchers, _none_runs) = OrderBatchers::open(&store, &engines.env, BatcherConfig::default());
    let waits = ReplicaWaits::new(Duration::from_secs(2));
    let handler = OrdersFollow(Orders { store, batchers, env: engines.env.clone(), waits });

    let kinds = ["payment.failed", "payment.refunded", "pass.issued", "pass.voided"];
    assert_eq!(passed_by(&handler, &faults).await, kinds);
}
