//! What only the payment store promises.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use ticketing_core::domain::ids::{AccountId, OrderId, PaymentId};
use ticketing_core::domain::order::IdempotencyKey;
use ticketing_core::domain::payment::{Payable, Payment, PaymentStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::payment_store::{PaymentNeeds, PaymentRecord, PaymentRecords};
use ticketing_core::ports::store::{Page, RecordKey, Stored, UnitOfWork, Write};

use crate::outcome::Outcome;
use crate::sample::{self, NOW};
use crate::time::soon;

use super::any_store::key;
use super::bench::{Bench, inserted_by};
use super::{Payments, StoreFixture};

fn account() -> AccountId {
    AccountId::new(sample::uuid())
}

fn payment(buyer: AccountId, key: Option<&IdempotencyKey>) -> Payment {
    Payment { buyer, key: key.cloned(), ..sample::payment().1 }
}

fn inserting(payments: &[Payment]) -> UnitOfWork<PaymentRecord> {
    payments.iter().cloned().fold(UnitOfWork::default(), |work, payment| work.with(Write::insert(payment)))
}

async fn load(bench: &Bench<Payments>, needs: PaymentNeeds) -> PaymentRecords {
    soon("a read is answered", bench.store.load(&needs)).await.expect("a read succeeds")
}

/// Of one buyer, a key makes one payment, however often and by however many it is sent at once.
pub async fn a_key_makes_one_payment_of_a_buyer(fixture: &dyn StoreFixture<Payments>) -> Outcome {
    let bench = Bench::new(fixture);
    let (buyer, other, wanted) = (account(), account(), key("once"));
    let first = payment(buyer, Some(&wanted));
    let token = bench.commit(inserting(std::slice::from_ref(&first))).await;

    let (again, neighbour) = (payment(buyer, Some(&wanted)), payment(buyer, None));
    let named = bench.conflict("a second payment under a key", inserting(&[neighbour.clone(), again])).await;
    let taken = RecordKey::PaymentKey(buyer, wanted.clone());
    assert_eq!(Vec::from_iter(named), [taken], "the conflict names the key");
    assert_eq!(bench.find(&neighbour.into()).await, None, "a commit over a taken key left another payment");
    bench.commit(inserting(&[payment(other, Some(&wanted)), payment(buyer, None), payment(buyer, None)])).await;

    let keys = vec![(buyer, wanted.clone()), (buyer, key("never")), (account(), wanted)];
    let found = load(&bench, PaymentNeeds { keys, ..PaymentNeeds::default() }).await.payments;
    assert_eq!(found, [inserted_by(token, first)], "a key leads to its payment and to no other");
    pay_at_once(&bench, buyer).await;
    Outcome::Kept
}

async fn pay_at_once(bench: &Bench<Payments>, buyer: AccountId) {
    let wanted = key("at once");
    let payments = (0..16).map(|_| {
        let (store, work) = (Arc::clone(&bench.store), inserting(&[payment(buyer, Some(&wanted))]));
        tokio::spawn(async move { store.commit(work).await })
    });
    let ends = soon("commits are answered", join_all(payments.collect::<Vec<_>>())).await;
    let won = ends.iter().filter(|end| matches!(end, Ok(Ok(_)))).count();
    assert_eq!(won, 1, "of sixteen payments under one key, one is made");
}

/// Payments that wait for the gateway are found until they are settled, oldest first, in pages that join.
pub async fn unsettled_payments_are_found_until_settled(fixture: &dyn StoreFixture<Payments>) -> Outcome {
    let bench = Bench::new(fixture);
    let reference: Arc<str> = "ch_1".into();
    let with = |status| Payment { status, version: 1, ..payment(account(), None) };
    let pending = payment(account(), None);
    let due = with(PaymentStatus::RefundDue { reference: Arc::clone(&reference) });
    let [action, _] = sample::actions();
    let last = with(PaymentStatus::AwaitingBuyer { action });
    let young = Payment { started_at: NOW.after(Duration::from_secs(60)), ..payment(account(), None) };
    let settled = [
        with(PaymentStatus::Captured { reference: Arc::clone(&reference) }),
        with(PaymentStatus::Failed { reason: "card_declined".into() }),
        with(PaymentStatus::Refunded { reference: Arc::clone(&reference) }),
    ];
    let token = bench.commit(inserting(&[last.clone(), young.clone(), due.clone(), pending.clone()])).await;
    bench.commit(inserting(&settled)).await;

    let until_later = |from: Timestamp| from..=NOW.after(Duration::from_secs(3600));
    let soon_after = until_later(NOW.after(Duration::from_millis(1)));
    assert_eq!(unsettled(&bench, until_later(NOW), 10).await, [], "a payment that began then did not begin before");
    for size in [1, 2, 10] {
        let found = unsettled(&bench, soon_after.clone(), size).await;
        assert_eq!(found, [pending.clone(), due.clone(), last.clone()], "pages of {size} do not join, oldest first");
    }
    let all = [pending.clone(), due, last.clone(), young.clone()];
    let later = unsettled(&bench, until_later(NOW.after(Duration::from_secs(3600))), 10).await;
    assert_eq!(later, all, "one that began later is found later");
    let ahead =
        unsettled(&bench, young.started_at.before(Duration::from_secs(9))..=NOW.after(Duration::from_secs(59)), 10)
            .await;
    assert_eq!(ahead, all, "one that began by a clock that ran ahead is found at once");

    let read = inserted_by(token, PaymentRecord::Payment(pending.clone()));
    let captured = Payment { status: PaymentStatus::Captured { reference }, version: 1, ..pending };
    bench.commit(UnitOfWork::default().with(read.replace(PaymentRecord::Payment(captured.clone())))).await;
    let found = unsettled(&bench, soon_after, 10).await;
    assert!(!found.iter().any(|payment| payment.id == captured.id), "a settled payment is still found");
    Outcome::Kept
}

/// All of them, read in pages of `size`.
async fn unsettled(bench: &Bench<Payments>, young: RangeInclusive<Timestamp>, size: usize) -> Vec<Payment> {
    let (mut page, mut read): (Page<PaymentId>, Vec<Payment>) = (Page::first(size), Vec::new());
    loop {
        let found = soon("a read is answered", bench.store.unsettled(young.clone(), page)).await;
        let found = found.expect("a read succeeds");
        assert!(found.len() <= size, "a page of {size} has {} entries", found.len());
        let Some(last) = found.last() else { return read };
        page.after = Some(last.id);
        read.extend(found);
        assert!(read.len() <= 100, "pages of {size} repeat themselves");
    }
}

/// A payable brings its live payment, once, also where it is asked for in other ways too.
pub async fn a_payable_brings_its_live_payment(fixture: &dyn StoreFixture<Payments>) -> Outcome {
    let bench = Bench::new(fixture);
    let (payable, live) = sample::payment();
    let live = Payment { key: Some(key("live")), ..live };
    let declined = PaymentStatus::Failed { reason: "card_declined".into() };
    let earlier = Payment { order: payable.order, status: declined, ..payment(payable.buyer, None) };
    let quiet = sample::payable();
    let work = inserting(&[live.clone(), earlier]);
    let token = bench.commit(work.with(Write::insert(payable.clone())).with(Write::insert(quiet.clone()))).await;

    let alone = PaymentNeeds { payables: vec![payable.order], ..PaymentNeeds::default() };
    let thrice = PaymentNeeds {
        payables: vec![payable.order, quiet.order],
        payments: vec![live.id],
        keys: vec![(live.buyer, key("live"))],
    };
    for (needs, expected) in [(alone, vec![payable.clone()]), (thrice, vec![payable, quiet])] {
        let found = load(&bench, needs).await;
        assert_eq!(found.payments, [inserted_by(token, live.clone())], "the live payment, once");
        assert_eq!(names(&found.payables), expected.iter().map(|payable| payable.order).collect(), "the payables");
        assert_eq!(found.payables.len(), expected.len(), "each payable once");
    }
    Outcome::Kept
}

fn names(payables: &[Stored<Payable>]) -> HashSet<OrderId> {
    payables.iter().map(|stored| stored.record.order).collect()
}
