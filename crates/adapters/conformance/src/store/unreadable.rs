//! Records that cannot be read: an answer where one is asked for, no hindrance to those around it.

use std::collections::BTreeSet;
use std::time::Duration;

use ticketing_core::domain::admission::Admission;
use ticketing_core::domain::ids::{AccountId, OrderId, PaymentId, TicketId};
use ticketing_core::domain::order::{Order, OrderStatus};
use ticketing_core::domain::payment::Payment;
use ticketing_core::domain::ticket::{Listing, Ticket};
use ticketing_core::ports::order_store::{OrderNeeds, OverdueCursor};
use ticketing_core::ports::store::{Page, RecordKey, StoreError, UnitOfWork, Write};
use ticketing_core::ports::ticket_store::EventOffers;

use crate::outcome::Outcome;
use crate::sample::{self, NOW};
use crate::time::soon;

use super::any_store::key;
use super::bench::{Bench, after_change, inserting};
use super::{AnyStore, Orders, Passes, Payments, StoreFixture, Tickets, offers, tickets};

pub(super) const NOTHING_TO_SPOIL: Outcome = Outcome::NotClaimed("a record that cannot be read");

/// More than a page, so that a page of them is not taken for the end.
pub(super) const SPOILT: usize = 7;
pub(super) const SIZES: [usize; 4] = [1, 3, 7, 100];

/// A record that cannot be read is reported as corrupt, and is not overwritten by a commit that does not know it.
pub async fn an_unreadable_record_is_corrupt<S: AnyStore>(fixture: &dyn StoreFixture<S>) -> Outcome {
    let bench = Bench::new(fixture);
    for kind in 0..2 {
        let (spoilt, sound) = (S::specimen(kind), S::specimen(kind));
        bench.commit(inserting::<S>(&[spoilt.clone(), sound.clone()])).await;
        if !fixture.spoil(&S::key(&spoilt)).await {
            return NOTHING_TO_SPOIL;
        }

        let told = soon("a read is answered", S::find(&bench.store, &spoilt)).await;
        assert!(matches!(told, Err(StoreError::Corrupt(_))), "what cannot be read is reported as {told:?}");
        let known = bench.find(&sound).await.expect("its neighbour is read");
        let beside =
            UnitOfWork::default().with(known.replace(after_change::<S>(&known))).with(Write::insert(spoilt.clone()));
        let named = bench.conflict("an insert of what cannot be read", beside).await;
        assert_eq!(Vec::from_iter(named), [S::key(&spoilt)], "the conflict names what is in the way");
        assert_eq!(bench.find(&sound).await, Some(known), "a refused commit changed a neighbour");
    }
    Outcome::Kept
}

/// Spoils every record but the last few; `None` if the fixture cannot.
pub(super) async fn spoil<S: AnyStore>(
    fixture: &dyn StoreFixture<S>,
    keys: impl Iterator<Item = RecordKey>,
) -> Option<()> {
    for key in keys {
        if !fixture.spoil(&key).await {
            return None;
        }
    }
    Some(())
}

/// Orders that cannot be read are passed by, by their buyer's list and by the sweep for overdue ones.
pub async fn unreadable_orders_are_passed_by(fixture: &dyn StoreFixture<Orders>) -> Outcome {
    let bench = Bench::new(fixture);
    let buyer = AccountId::new(sample::uuid());
    let due = |minute: u64| OrderStatus::AwaitingPayment { pay_by: NOW.after(Duration::from_secs(60 * minute)) };
    let orders: Vec<Order> = (0..12).map(|minute| Order { status: due(minute), ..sample::order(buyer) }).collect();
    bench
        .commit(orders.iter().cloned().fold(UnitOfWork::default(), |work, order| work.with(Write::insert(order))))
        .await;
    // The first of the sweep are the last of the buyer's list: both have a page of them.
    let (first, rest) = orders.split_at(SPOILT);
    let (middle, sound) = rest.split_at(1);
    let spoilt = first.iter().chain(sound.last());
    if spoil(fixture, spoilt.map(|order| RecordKey::Order(order.id))).await.is_none() {
        return NOTHING_TO_SPOIL;
    }
    let mut sound: Vec<Order> = [middle, sound.split_last().map_or(sound, |(_, rest)| rest)].concat();

    for size in SIZES {
        let due_by = NOW.after(Duration::from_secs(3600));
        let read = |page| bench.store.overdue(due_by, page);
        let due = all(size, read, |order| OverdueCursor::of(order).expect("it awaits payment")).await;
        assert_eq!(due, sound, "those that are overdue, in pages of {size}");
    }
    sound.sort_by_key(|order| std::cmp::Reverse(order.id));
    for size in SIZES {
        let read = |page: Page<OrderId>| bench.store.orders_of(buyer, page);
        assert_eq!(all(size, read, |order| order.id).await, sound, "a buyer's list in pages of {size}");
    }
    Outcome::Kept
}

/// An order that cannot be read does not count against its buyer; a read of it, or of its key, reports it.
pub async fn an_unreadable_order_blocks_no_other_order_of_its_buyer(fixture: &dyn StoreFixture<Orders>) -> Outcome {
    let bench = Bench::new(fixture);
    let buyer = AccountId::new(sample::uuid());
    let [open, lost] = ["open", "lost"].map(|name| Order { key: Some(key(name)), ..sample::order(buyer) });
    let completed = OrderStatus::Completed { payment: PaymentId::new(sample::uuid()), at: NOW };
    let paid = Order { status: completed, version: 2, ..sample::order(buyer) };
    let lost_paid = Order { id: OrderId::new(sample::uuid()), key: Some(key("lost, paid")), ..paid.clone() };
    bench.commit(inserting::<Orders>(&[&open, &lost, &paid, &lost_paid].map(|order| order.clone().into()))).await;
    if spoil(fixture, [&lost, &lost_paid].map(|order| RecordKey::Order(order.id)).into_iter()).await.is_none() {
        return NOTHING_TO_SPOIL;
    }

    let keys = ["open", "new"].map(|name| (buyer, key(name))).to_vec();
    let bought = vec![(buyer, paid.ticket.id)];
    let counted = OrderNeeds { keys, unpaid_of: vec![buyer], placed_since: NOW, bought, ..OrderNeeds::default() };
    let found = soon("a read is answered", bench.store.load(&counted)).await.expect("what can be read is read");
    let found: BTreeSet<_> = found.orders.iter().map(|stored| stored.record.id).collect();
    assert_eq!(found, BTreeSet::from([open.id, paid.id]), "all that can be read counts, and nothing else");
    for order in [&lost, &lost_paid] {
        let by_key =
            OrderNeeds { keys: order.key.clone().map(|key| (buyer, key)).into_iter().collect(), ..counted.clone() };
        let by_name = OrderNeeds { orders: vec![order.id], ..counted.clone() };
        for needs in [by_key, by_name] {
            let told = soon("a read is answered", bench.store.load(&needs)).await;
            assert!(matches!(told, Err(StoreError::Corrupt(_))), "what is asked for and cannot be read is {told:?}");
        }
        let again = Order { key: order.key.clone(), ..sample::order(buyer) };
        let named = bench.conflict("a key of what cannot be read", inserting::<Orders>(&[again.into()])).await;
        let taken = order.key.clone().map(|key| RecordKey::OrderKey(buyer, key));
        assert_eq!(Vec::from_iter(named), Vec::from_iter(taken), "the key is taken");
    }
    Outcome::Kept
}

/// Payments that cannot be read are passed by, so that those behind them are settled.
pub async fn unreadable_payments_are_passed_by(fixture: &dyn StoreFixture<Payments>) -> Outcome {
    let bench = Bench::new(fixture);
    let mut payments: Vec<Payment> = (0..12).map(|_| sample::payment().1).collect();
    payments.sort_by_key(|payment| payment.id);
    let work = payments.iter().cloned().fold(UnitOfWork::default(), |work, payment| work.with(Write::insert(payment)));
    bench.commit(work).await;
    let (spoilt, sound) = payments.split_at(SPOILT);
    if spoil(fixture, spoilt.iter().map(|payment| RecordKey::Payment(payment.id))).await.is_none() {
        return NOTHING_TO_SPOIL;
    }

    let later = NOW.after(Duration::from_secs(3600));
    for size in SIZES {
        let read = |page: Page<PaymentId>| bench.store.unsettled(later..=later, page);
        assert_eq!(all(size, read, |payment| payment.id).await, sound, "unsettled payments in pages of {size}");
    }
    Outcome::Kept
}

/// Admissions that cannot be read are passed by, so that a door sees those behind them.
pub async fn unreadable_admissions_are_passed_by(fixture: &dyn StoreFixture<Passes>) -> Outcome {
    let bench = Bench::new(fixture);
    let ticket = TicketId::new(sample::uuid());
    let mut admissions: Vec<Admission> = (0..12).map(|_| Admission { ticket, ..sample::admission() }).collect();
    for admission in &mut admissions {
        admission.passes.iter_mut().for_each(|coded| coded.pass.ticket = ticket);
    }
    admissions.sort_by_key(|admission| admission.order);
    bench
        .commit(admissions.iter().cloned().fold(UnitOfWork::default(), |work, record| work.with(Write::insert(record))))
        .await;
    let (spoilt, sound) = admissions.split_at(SPOILT);
    if spoil(fixture, spoilt.iter().map(|admission| RecordKey::Admission(admission.order))).await.is_none() {
        return NOTHING_TO_SPOIL;
    }

    for size in SIZES {
        let read = |page: Page<OrderId>| bench.store.admissions_of(ticket, page);
        assert_eq!(all(size, read, |admission| admission.order).await, sound, "a door's list in pages of {size}");
    }
    Outcome::Kept
}

/// Listings that cannot be read are passed by, by their seller's list and among the offers of their event.
pub async fn unreadable_listings_are_passed_by(fixture: &dyn StoreFixture<Tickets>) -> Outcome {
    let bench = Bench::new(fixture);
    let seller = AccountId::new(sample::uuid());
    let listing = || Listing::new(Ticket { seller, ..sample::ticket() });
    let mut listings: Vec<Listing> = (0..12).map(|_| listing()).collect();
    bench.commit(tickets::inserting(&listings)).await;
    listings.sort_by_key(|listing| std::cmp::Reverse(listing.ticket.id));
    let (spoilt, sound) = listings.split_at(SPOILT);
    if spoil(fixture, spoilt.iter().map(|listing| RecordKey::Listing(listing.ticket.id))).await.is_none() {
        return NOTHING_TO_SPOIL;
    }

    for size in SIZES {
        let read = |page: Page<TicketId>| bench.store.listings_of(seller, page);
        assert_eq!(all(size, read, |listing| listing.ticket.id).await, sound, "a seller's list in pages of {size}");
        let wanted = EventOffers { limit: size, ..offers::of_event(&sample::ticket().offer) };
        let expected: Vec<_> = sound.iter().take(size).cloned().collect();
        assert_eq!(offers::found(&bench, &wanted).await, expected, "{size} offers of their event");
    }
    Outcome::Kept
}

/// All of a list, in pages of `size`.
pub(super) async fn all<T, C, F>(size: usize, read: impl Fn(Page<C>) -> F + Send, id: fn(&T) -> C) -> Vec<T>
where
    T: Send,
    C: Send,
    F: Future<Output = Result<Vec<T>, StoreError>> + Send,
{
    let (mut after, mut list) = (None, Vec::new());
    loop {
        let found = soon("a read is answered", read(Page { after, limit: size })).await.expect("a read succeeds");
        let is_last = found.len() < size;
        after = found.last().map(id);
        list.extend(found);
        assert!(list.len() <= 100, "pages of {size} repeat themselves");
        if is_last {
            return list;
        }
    }
}
