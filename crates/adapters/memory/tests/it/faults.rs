//! What a plan of faults does to adapters, and what it cannot do.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use ticketing_core::domain::account::{Account, AccountRecord, PasswordHash};
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::ids::{AccountId, EventId, OrderId, PaymentId};
use ticketing_core::domain::money::Money;
use ticketing_core::ports::account_store::AccountStore;
use ticketing_core::ports::clock::{Clock, Ids};
use ticketing_core::ports::gateway::{Capture, CardToken, PaymentGateway};
use ticketing_core::ports::outbox::{Lease, Outbox};
use ticketing_core::ports::store::{StoreError, UnitOfWork, Write};
use ticketing_core::ports::transport::{
    Arrival, EventPublisher, EventSubscriber, Kinds, Settlement, StartFrom, Subscription, SubscriptionConfig,
};
use ticketing_core::wire::{EventEnvelope, Origin, seal};
use ticketing_memory::{
    Fault, FaultPlan, FaultRates, ManualClock, MemoryAccountStore, MemoryBroker, MemoryBrokerConfig, Operation,
    SandboxConfig, SandboxGateway, SequentialIds,
};
use uuid::Uuid;

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::default())
}

fn sign_up(ids: &SequentialIds, email: &str) -> UnitOfWork<AccountRecord> {
    let now = ManualClock::default().now();
    let email = email.parse().expect("an e-mail address");
    let hash = PasswordHash::new("$argon2id$".to_owned());
    let (account, registered) = Account::register(AccountId::new(ids.uuid(now)), email, hash, now);
    let event = seal(&registered, EventId::new(ids.uuid(now)), now, &Origin::new(Uuid::nil()));
    UnitOfWork::default().with(Write::insert(account)).telling(event)
}

#[tokio::test]
async fn a_commit_that_crashes_leaves_all_or_nothing() {
    let mut left = Vec::new();
    for step in 0..3 {
        let store = MemoryAccountStore::new(clock());
        let doomed = store.with_faults(FaultPlan::crash_at(clock(), step));
        let told = doomed.commit(sign_up(&SequentialIds::new(), "ada@example.org")).await;
        let found = store.account_by_email(&"ada@example.org".parse().unwrap()).await.unwrap();
        left.push((told.is_ok(), found.is_some(), store.outbox().len()));
    }

    assert_eq!(left, [(false, false, 0), (false, true, 1), (true, true, 1)]);
}

#[tokio::test]
async fn a_crash_stops_one_process_and_not_the_engine() {
    let (store, ids) = (MemoryAccountStore::new(clock()), SequentialIds::new());
    let plan = FaultPlan::counting(clock());
    let process = store.with_faults(plan.clone());
    plan.crash();

    let refused = process.commit(sign_up(&ids, "ada@example.org")).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    assert!(process.outbox().pending(None, 1).await.is_err());
    store.commit(sign_up(&ids, "eve@example.org")).await.unwrap();
    plan.revive();
    assert_eq!(process.outbox().pending(None, 9).await.unwrap().events.len(), 1);
}

#[tokio::test]
async fn a_charge_whose_answer_was_lost_is_found() {
    let plan = FaultPlan::counting(clock());
    let gateway = SandboxGateway::new(clock(), SandboxConfig::default()).with_faults(plan.clone());
    let total = Money { amount: 4250, currency: "EUR".parse().unwrap() };
    let payment = PaymentId::new(Uuid::from_u128(1));
    plan.inject(Operation::Gateway, Fault::FailAfter);
    let (order, card) = (OrderId::new(Uuid::from_u128(2)), CardToken::new(SandboxGateway::VISA));

    assert!(gateway.capture(&Capture { payment, order, total, card }).await.is_err());
    assert_eq!((gateway.total_captured(), gateway.charges().len()), (4250, 1));
}

#[tokio::test]
async fn a_delayed_operation_waits_for_the_clock() {
    let clock = ManualClock::default();
    let plan = FaultPlan::counting(Arc::new(clock.clone()));
    plan.inject(Operation::Commit, Fault::Delay(Duration::from_secs(1)));
    let store = MemoryAccountStore::new(Arc::new(clock.clone())).with_faults(plan);
    let mut commit = store.commit(sign_up(&SequentialIds::new(), "ada@example.org"));

    assert!((&mut commit).now_or_never().is_none());
    assert!(store.outbox().is_empty());
    clock.advance(Duration::from_secs(1));
    assert!(commit.now_or_never().is_some_and(|told| told.is_ok()));
}

/// A store, a broker and a process between them for which everything goes wrong now and then.
struct Road {
    clock: ManualClock,
    store: MemoryAccountStore,
    broker: MemoryBroker,
    plan: FaultPlan,
}

const RATES: FaultRates = FaultRates {
    fail_before: 0.1,
    fail_after: 0.1,
    delay: 0.0,
    longest_delay: Duration::ZERO,
    lose_settlement: 0.1,
    duplicate: 0.1,
    reorder: 0.1,
};

impl Road {
    fn new(seed: u64) -> Self {
        let clock = ManualClock::default();
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let store = MemoryAccountStore::new(shared.clone());
        let broker = MemoryBroker::new(shared.clone(), MemoryBrokerConfig::default());
        Self { clock, store, broker, plan: FaultPlan::random(shared, seed, RATES) }
    }

    async fn subscribe(&self) -> Box<dyn Subscription> {
        let (group, topics) = ("tests".to_owned(), Topic::ALL.to_vec());
        let config = SubscriptionConfig {
            group,
            topics,
            start: StartFrom::Earliest,
            max_unsettled: 50,
            patience: Duration::ZERO,
            kinds: Kinds::All,
        };
        let subscriber = self.broker.with_faults(self.plan.clone()).subscriber();
        loop {
            if let Ok(subscription) = subscriber.subscribe(config.clone()).await {
                return subscription;
            }
        }
    }

    /// One try to move what is pending to the broker.
    async fn relay(&self, lease: Lease) -> Option<()> {
        let outbox = self.store.outbox().with_faults(self.plan.clone());
        let pending = outbox.pending(None, 20).await.ok()?;
        let publisher = self.broker.with_faults(self.plan.clone()).publisher();
        let durable = publisher.publish(&pending.events).await.map_or_else(|error| error.durable, |()| usize::MAX);
        let ids: Vec<_> = pending.events.iter().take(durable).map(|event| event.id).collect();
        outbox.mark_published(lease, &ids).await.ok()
    }

    /// One try to handle what is there; every third event is to be retried when it first comes.
    async fn consume(&self, subscription: &mut Box<dyn Subscription>, seen: &mut HashMap<Uuid, Vec<u64>>) {
        self.clock.advance(Duration::from_millis(1));
        let Some(Ok(batch)) = subscription.next(20).now_or_never() else { return };
        let mut failed = Vec::new();
        for delivery in batch {
            let Arrival::Event(event) = &delivery.arrival else { continue };
            let (subject, version) = (event.subject, event.version);
            let fails = failed.contains(&subject) || (version.is_multiple_of(3) && delivery.attempt == 1);
            let settlement =
                if fails { Settlement::Retry { after: Duration::from_millis(5) } } else { Settlement::Ack };
            if fails {
                failed.push(subject);
            } else {
                seen.entry(subject).or_default().push(version);
            }
            // A settlement that comes too late changes nothing: the delivery comes again.
            let _told = delivery.settle(settlement);
        }
    }
}

fn events() -> Vec<EventEnvelope> {
    let template = sign_up(&SequentialIds::new(), "ada@example.org").events.remove(0);
    let subjects =
        (1..=20_u128).flat_map(|subject| (1..=10_u64).map(move |version| (Uuid::from_u128(subject), version)));
    let event = |(subject, version): (Uuid, u64)| EventEnvelope {
        id: EventId::new(Uuid::from_u128(subject.as_u128() << 64 | u128::from(version))),
        subject,
        version,
        ..template.clone()
    };
    subjects.map(event).collect()
}

#[tokio::test]
async fn whatever_goes_wrong_every_event_arrives_and_first_arrivals_are_in_order() {
    for seed in 0..50 {
        let road = Road::new(seed);
        road.store.commit(UnitOfWork { writes: Vec::new(), events: events() }).await.unwrap();
        let lease = road.store.outbox().lease(Uuid::nil(), Duration::from_secs(3600)).await.unwrap().unwrap();
        let mut subscription = road.subscribe().await;
        let mut seen = HashMap::new();
        while !road.store.outbox().is_empty() || road.broker.lag("tests") > 0 {
            road.relay(lease).await;
            road.consume(&mut subscription, &mut seen).await;
        }

        assert_eq!(seen.len(), 20, "seed {seed}");
        assert!(seen.values().all(|versions| first_arrivals(versions) == (1..=10).collect::<Vec<_>>()), "seed {seed}");
    }
}

fn first_arrivals(versions: &[u64]) -> Vec<u64> {
    let mut first = Vec::new();
    for version in versions {
        if !first.contains(version) {
            first.push(*version);
        }
    }
    first
}
