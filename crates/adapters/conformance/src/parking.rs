//! Rules of [`ParkingLot`].
#![expect(clippy::missing_panics_doc, reason = "rules panic by design")]

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::parking::{Parked, ParkedFilter, ParkingChange, ParkingLot};
use ticketing_core::ports::store::{Page, StoreError};
use ticketing_core::ports::transport::Arrival;
use ticketing_core::wire::{EventEnvelope, Undecodable};
use uuid::Uuid;

use crate::events::assert_came;
use crate::outcome::Outcome;
use crate::report::Family;
use crate::sample;
use crate::time::soon;

/// Every rule of this module.
pub const PARKING: Family<dyn ParkingFixture> = crate::parking!(@ [family]);

/// An empty parking lot.
#[async_trait]
pub trait ParkingFixture: Send + Sync {
    /// The parking lot; always the same one.
    fn parking_lot(&self) -> Arc<dyn ParkingLot>;

    /// The parking lot as the next process finds it, opened from what is kept alone.
    ///
    /// Called only where `survives_restart` is claimed.
    async fn reopened(&self) -> Arc<dyn ParkingLot>;

    /// Makes a parked delivery unreadable, but for its consumer and key; `false` if that cannot be.
    async fn spoil(&self, _parked: Uuid) -> bool {
        false
    }
}

const CONSUMER: &str = "catalog";

/// A parking lot and the calls that must succeed.
struct Lot(Arc<dyn ParkingLot>);

impl Lot {
    async fn park(&self, parked: &[Parked]) {
        for parked in parked {
            answered(self.0.park(parked.clone())).await;
        }
    }

    async fn follow(&self, parked: &[Parked]) -> Vec<Uuid> {
        let mut followed = answered(self.0.follow(parked.to_vec())).await;
        followed.sort_unstable();
        followed
    }

    async fn keys(&self, consumer: &str, keys: &[&Parked]) -> Vec<String> {
        let keys: Vec<_> = keys.iter().map(|parked| parked.key.clone()).collect();
        let mut parked = answered(self.0.parked_keys(consumer, &keys)).await;
        parked.sort_unstable();
        parked
    }

    /// Everything that a filter lets through, in pages of `size`.
    async fn list(&self, filter: &ParkedFilter, size: usize) -> Vec<Parked> {
        let (mut page, mut read) = (Page::first(size), Vec::new());
        loop {
            let found = answered(self.0.list(filter, page)).await;
            assert!(found.len() <= size, "a page of {size} has {} entries", found.len());
            let Some(last) = found.last() else { return read };
            page.after = Some(last.id);
            read.extend(found);
            assert!(read.len() <= 1000, "pages of {size} repeat themselves");
        }
    }

    async fn all(&self) -> Vec<Parked> {
        self.list(&ParkedFilter::default(), 100).await
    }

    async fn change(&self, change: ParkingChange) -> usize {
        answered(self.0.change(change)).await
    }
}

async fn answered<T: Send>(call: impl Future<Output = Result<T, StoreError>> + Send) -> T {
    soon("the parking lot answers", call).await.expect("the parking lot answers")
}

/// As many deliveries of one key, in order.
fn history(consumer: &str, length: u64) -> Vec<Parked> {
    sample::history(Topic::Orders, length).into_iter().map(|event| sample::parked(consumer, event)).collect()
}

fn release(parked: &Parked) -> ParkingChange {
    ParkingChange::Release { consumer: parked.consumer.clone(), key: parked.key.clone() }
}

fn hold(parked: &Parked) -> ParkingChange {
    ParkingChange::Hold { consumer: parked.consumer.clone(), key: parked.key.clone() }
}

fn with_release(parked: &[Parked], released: bool) -> Vec<Parked> {
    parked.iter().map(|parked| Parked { released, ..parked.clone() }).collect()
}

/// What is parked is listed, as it arrived and in order, until it is removed.
pub async fn parked_deliveries_are_listed_in_order(fixture: &dyn ParkingFixture) -> Outcome {
    let lot = Lot(fixture.parking_lot());
    assert_came("nothing was parked", &[], &lot.all().await);
    let (one, two) = (history(CONSUMER, 4), history(CONSUMER, 3));
    let mut parked: Vec<Parked> = one.iter().chain(&two).cloned().chain(odd_arrivals()).collect();
    parked.sort_by_key(|parked| parked.id);
    let (even, odd): (Vec<_>, Vec<_>) = parked.iter().cloned().partition(|parked| parked.id.as_u128() % 3 == 0);
    lot.park(&odd).await;
    lot.park(&even).await;

    for size in [1, 3, 100] {
        let done = format!("10 were parked out of order, and listed by {size}, oldest first");
        assert_came(&done, &parked, &lot.list(&ParkedFilter::default(), size).await);
    }
    let of_two = ParkedFilter { key: two.first().map(|parked| parked.key.clone()), ..ParkedFilter::default() };
    assert_came("10 were parked, 3 under the key asked for", &two, &lot.list(&of_two, 2).await);
    let of_nobody = ParkedFilter { consumer: Some("nobody".to_owned()), ..ParkedFilter::default() };
    assert_came("10 were parked, none by the consumer asked for", &[], &lot.list(&of_nobody, 10).await);

    let ids: Vec<_> = one.iter().map(|parked| parked.id).collect();
    assert_eq!(lot.change(ParkingChange::Remove { ids: ids.clone() }).await, ids.len(), "what is removed is counted");
    assert_eq!(lot.change(ParkingChange::Remove { ids: ids.clone() }).await, 0, "removing again removes nothing");
    parked.retain(|parked| !ids.contains(&parked.id));
    assert_came("4 of 10 that were parked were removed", &parked, &lot.all().await);
    Outcome::Kept
}

/// An event with everything, one without a payload, and bytes that are no event.
fn odd_arrivals() -> Vec<Parked> {
    let busy = sample::busy_envelope(Topic::Payments, Bytes::from_static(b"\x00\xff\xfe"));
    let bare = EventEnvelope { data: Bytes::new(), ..sample::envelope(Topic::Tickets, sample::uuid(), 1) };
    let raw = sample::raw_message("Schlüssel 🔑");
    let reason = Undecodable { what: "ce_id is missing".to_owned() };
    let undecodable = Parked {
        key: raw.key.clone(),
        arrival: Arrival::Undecodable { raw, reason },
        ..sample::parked(CONSUMER, bare.clone())
    };
    vec![sample::parked(CONSUMER, busy), sample::parked(CONSUMER, bare), undecodable]
}

/// A later delivery follows only a parked key; once a key has nothing parked, nothing follows it.
pub async fn a_later_delivery_follows_only_a_parked_key(fixture: &dyn ParkingFixture) -> Outcome {
    let lot = Lot(fixture.parking_lot());
    let (stuck, free) = (history(CONSUMER, 4), history(CONSUMER, 2));
    let [first, second, third, fourth] = stuck.as_slice() else { unreachable!("four were made") };
    let [free_first, free_second] = free.as_slice() else { unreachable!("two were made") };
    assert!(lot.follow(&stuck).await.is_empty(), "nothing follows what was never parked");
    assert_came("4 were to follow a key that was never parked", &[], &lot.all().await);

    lot.park(std::slice::from_ref(first)).await;
    assert_eq!(lot.keys(CONSUMER, &[first, free_first]).await, [first.key.as_str()], "the keys that are parked");
    let batch = [second.clone(), free_first.clone(), third.clone(), free_second.clone()];
    assert_eq!(lot.follow(&batch).await, [second.id, third.id], "what has a parked key follows it");
    let followed = [first.clone(), second.clone(), third.clone()];
    assert_came("one was parked, and two of its key followed it", &followed, &lot.all().await);

    lot.change(ParkingChange::Remove { ids: vec![first.id, second.id] }).await;
    assert_eq!(lot.keys(CONSUMER, &[first]).await, [first.key.as_str()], "a key is parked while anything of it is");
    lot.change(ParkingChange::Remove { ids: vec![third.id] }).await;
    assert_eq!(lot.keys(CONSUMER, &[first]).await, [""; 0], "a key that has nothing parked is free");
    assert!(lot.follow(std::slice::from_ref(fourth)).await.is_empty(), "nothing follows a key that is free again");
    Outcome::Kept
}

/// A parked delivery may be edited; it stays in its place.
pub async fn a_parked_delivery_may_be_edited(fixture: &dyn ParkingFixture) -> Outcome {
    let lot = Lot(fixture.parking_lot());
    let mut parked = history(CONSUMER, 3);
    lot.park(&parked).await;
    let second = parked.get_mut(1).expect("three were made");
    let Arrival::Event(event) = second.arrival.clone() else { unreachable!("events were made") };
    second.arrival = Arrival::Event(EventEnvelope { data: Bytes::from_static(b"{\"repaired\":true}"), ..event });

    let edit = ParkingChange::Edit { id: second.id, arrival: second.arrival.clone() };
    assert_eq!(lot.change(edit).await, 1, "what is edited is counted");
    assert_came("the second of 3 was edited", &parked, &lot.all().await);
    let first = parked.first().expect("three were made");
    let nowhere = ParkingChange::Edit { id: sample::uuid(), arrival: first.arrival.clone() };
    assert_eq!(lot.change(nowhere).await, 0, "what is not there was edited");
    assert_came("something was edited that is not there", &parked, &lot.all().await);
    Outcome::Kept
}

/// A key may be released and held again, whole; other keys stay as they are.
pub async fn a_key_may_be_released_and_held_again(fixture: &dyn ParkingFixture) -> Outcome {
    let lot = Lot(fixture.parking_lot());
    let (one, other) = (history(CONSUMER, 3), history(CONSUMER, 2));
    lot.park(&one).await;
    lot.park(&other).await;
    let first = one.first().expect("three were made");
    let released_only = ParkedFilter { released_only: true, ..ParkedFilter::default() };
    assert_came("5 were parked and none released", &[], &lot.list(&released_only, 10).await);

    assert_eq!(lot.change(release(first)).await, 3, "what is released is counted");
    let done = "a key with 3 of 5 was released";
    assert_came(done, &with_release(&one, true), &lot.list(&released_only, 10).await);
    assert_eq!(lot.keys(CONSUMER, &[first]).await, [first.key.as_str()], "a released key is parked until it is empty");
    assert_eq!(lot.change(hold(first)).await, 3, "what is held is counted");
    assert_came("a key was released and held again", &[], &lot.list(&released_only, 10).await);
    assert_came("a key was released and held again", &[one, other].concat(), &lot.all().await);
    Outcome::Kept
}

/// A delivery that follows a released key is released, so that it is handled after those before it.
pub async fn what_follows_a_released_key_is_released(fixture: &dyn ParkingFixture) -> Outcome {
    let lot = Lot(fixture.parking_lot());
    let parked = history(CONSUMER, 3);
    let [first, second, third] = parked.as_slice() else { unreachable!("three were made") };
    lot.park(std::slice::from_ref(first)).await;
    lot.change(release(first)).await;

    assert_eq!(lot.follow(std::slice::from_ref(second)).await, [second.id], "what has a parked key follows it");
    let released = with_release(&[first.clone(), second.clone()], true);
    assert_came("one followed a key that was released", &released, &lot.all().await);
    lot.change(hold(first)).await;
    lot.follow(std::slice::from_ref(third)).await;
    assert_came("one followed a key that was held again", &parked, &lot.all().await);
    Outcome::Kept
}

/// Consumers do not see each other's keys: two of them may park the same event apart.
pub async fn consumers_park_apart(fixture: &dyn ParkingFixture) -> Outcome {
    let lot = Lot(fixture.parking_lot());
    let mine = history(CONSUMER, 2);
    let [first, second] = mine.as_slice() else { unreachable!("two were made") };
    let theirs = |mine: &Parked| Parked { id: sample::uuid(), consumer: "orders".to_owned(), ..mine.clone() };
    lot.park(std::slice::from_ref(first)).await;
    assert_eq!(lot.keys("orders", &[first]).await, [""; 0], "a key is parked for another consumer");
    assert!(lot.follow(&[theirs(second)]).await.is_empty(), "a delivery followed a key of another consumer");

    let other = theirs(first);
    lot.park(std::slice::from_ref(&other)).await;
    lot.change(release(&other)).await;
    let of = |consumer: &str| ParkedFilter { consumer: Some(consumer.to_owned()), ..ParkedFilter::default() };
    let done = "two consumers parked the same event, and the other one released its key";
    assert_came(done, std::slice::from_ref(first), &lot.list(&of(CONSUMER), 10).await);
    assert_came(done, &with_release(&[other], true), &lot.list(&of("orders"), 10).await);
    Outcome::Kept
}

/// What was parked outlives the process, if the lot claims it.
pub async fn what_was_parked_survives_a_restart(fixture: &dyn ParkingFixture) -> Outcome {
    let lot = Lot(fixture.parking_lot());
    if !lot.0.survives_restart() {
        return Outcome::NotClaimed("survives_restart");
    }
    let parked = history(CONSUMER, 3);
    lot.park(&parked).await;

    let next = Lot(fixture.reopened().await);
    assert!(next.0.survives_restart(), "a lot that outlived its process says that it does not");
    assert_came("3 were parked, and the lot was opened again", &parked, &next.all().await);
    Outcome::Kept
}

/// However a subject is written, as its key: it is parked, followed, listed, released and held as one.
pub async fn a_key_is_the_same_however_it_is_written(fixture: &dyn ParkingFixture) -> Outcome {
    let lot = Lot(fixture.parking_lot());
    let history = history(CONSUMER, 3);
    let [first, second, third] = history.as_slice() else { unreachable!("three were made") };
    let braced = format!("{{{}}}", first.key);
    for (nth, spelling) in [first.key.to_uppercase(), first.key.replace('-', ""), braced].into_iter().enumerate() {
        let written = |parked: &Parked| Parked { key: spelling.clone(), ..parked.clone() };
        lot.park(std::slice::from_ref(if nth == 0 { first } else { second })).await;
        assert_eq!(lot.keys(CONSUMER, &[&written(first)]).await, [spelling.as_str()], "{spelling} is parked");
        assert_eq!(lot.follow(&[written(third)]).await, [third.id], "{spelling} follows it");
        let filter = ParkedFilter { key: Some(spelling.clone()), ..ParkedFilter::default() };
        let listed = lot.list(&filter, 10).await;
        let keys: Vec<_> = listed.iter().map(|parked| &parked.key).collect();
        assert!(keys.iter().all(|key| **key == first.key), "a key is listed in its normal form: {keys:?}");
        assert_eq!(listed.len(), 2, "both are listed under {spelling}");
        assert_eq!(lot.change(release(&written(first))).await, 2, "{spelling} is released");
        assert_eq!(lot.change(hold(&written(first))).await, 2, "{spelling} is held");
        let ids = vec![first.id, second.id, third.id];
        lot.change(ParkingChange::Remove { ids }).await;
    }
    lot.park(&[Parked { key: first.key.to_uppercase(), ..first.clone() }]).await;
    assert_eq!(lot.keys(CONSUMER, &[first]).await, [first.key.as_str()], "what was parked in capitals is parked");
    assert_came("one was parked under a key in capitals", std::slice::from_ref(first), &lot.all().await);
    Outcome::Kept
}

/// A delivery that cannot be read is passed by; released ones of its key behind it are not handled before it.
pub async fn an_unreadable_delivery_holds_back_its_own_key_alone(fixture: &dyn ParkingFixture) -> Outcome {
    let lot = Lot(fixture.parking_lot());
    let (stuck, others) = (history(CONSUMER, 10), history(CONSUMER, 3));
    lot.park(&stuck).await;
    lot.park(&others).await;
    let (before, behind) = stuck.split_at(2);
    let (spoilt, behind) = behind.split_at(5);
    for parked in spoilt {
        if !fixture.spoil(parked.id).await {
            return Outcome::NotClaimed("a delivery that cannot be read");
        }
    }

    for size in [1, 2, 100] {
        let readable = [before, behind, others.as_slice()].concat();
        let done = format!("5 of 13 were spoilt, and listed by {size}");
        assert_came(&done, &readable, &lot.list(&ParkedFilter::default(), size).await);
    }
    for of_key in [&stuck, &others] {
        lot.change(release(of_key.first().expect("some were made"))).await;
    }
    let released_only = ParkedFilter { released_only: true, ..ParkedFilter::default() };
    for size in [1, 2, 100] {
        let ready = with_release(&[before, others.as_slice()].concat(), true);
        let done =
            format!("5 of 13 were spoilt, 3 of their key are behind them, all was released and listed by {size}");
        assert_came(&done, &ready, &lot.list(&released_only, size).await);
    }
    let next = history(CONSUMER, 1);
    let later = next.iter().map(|later| Parked {
        key: before.first().map_or_else(String::new, |first| first.key.clone()),
        ..later.clone()
    });
    assert_eq!(lot.follow(&later.collect::<Vec<_>>()).await.len(), 1, "its key is still parked");
    Outcome::Kept
}
