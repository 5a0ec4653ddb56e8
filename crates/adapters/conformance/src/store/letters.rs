//! What only the letter store promises.

use std::time::Duration;

use ticketing_core::domain::alert::{Alerts, Candidate, Filed, Handle};
use ticketing_core::domain::ids::{AccountId, OrderId, TicketId};
use ticketing_core::domain::letter::{DropReason, Letter, LetterStatus};
use ticketing_core::domain::order::{Order, OrderedTicket};
use ticketing_core::domain::search::Filters;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::letter_store::{LetterNeeds, LetterRecord};
use ticketing_core::ports::store::{Page, RecordKey, Stored, UnitOfWork, Write};

use crate::outcome::{Outcome, broken};
use crate::sample::{self, NOW};
use crate::time::soon;

use super::bench::Bench;
use super::unreadable::{NOTHING_TO_SPOIL, SIZES, SPOILT, all, spoil};
use super::{Letters, StoreFixture};

/// A letter that is due `seconds` after now.
fn due_after(seconds: u64) -> Letter {
    let due_at = NOW.after(Duration::from_secs(seconds));
    sample::letter().with_status(LetterStatus::Waiting { due_at, tries: 0 })
}

fn inserting<R: Into<LetterRecord> + Clone>(records: &[R]) -> UnitOfWork<LetterRecord> {
    let inserts = records.iter().cloned().map(|record| Write::insert(record));
    inserts.fold(UnitOfWork::default(), UnitOfWork::with)
}

async fn due(bench: &Bench<Letters>, now: Timestamp, limit: usize) -> Vec<Stored<Letter>> {
    soon("a read is answered", bench.store.due(now, limit)).await.expect("a read succeeds")
}

async fn move_on(bench: &Bench<Letters>, letter: &Stored<Letter>, status: LetterStatus) {
    let next = LetterRecord::from(letter.record.clone().with_status(status));
    let write = Write { record: next, replaces: Some(letter.revision) };
    bench.commit(UnitOfWork::default().with(write)).await;
}

/// Letters come when they are due, the earliest first, with the revision to write against, and no longer once they
/// are sent or dropped.
pub async fn letters_come_when_they_are_due(fixture: &dyn StoreFixture<Letters>) -> Outcome {
    let bench = Bench::new(fixture);
    let letters: Vec<Letter> = (0..6).map(due_after).collect();
    let latest_first: Vec<Letter> = letters.iter().rev().cloned().collect();
    bench.commit(inserting(&latest_first)).await;

    let at = |seconds| NOW.after(Duration::from_secs(seconds));
    let ids = |letters: &[Stored<Letter>]| letters.iter().map(|stored| stored.record.id).collect::<Vec<_>>();
    let first = |count: usize| letters.iter().map(|letter| letter.id).take(count).collect::<Vec<_>>();
    assert_eq!(due(&bench, Timestamp::from_millis(NOW.millis() - 1), 10).await, [], "before the first is due");
    assert_eq!(ids(&due(&bench, at(2), 10).await), first(3), "a letter is due at its time and from then on");
    assert_eq!(ids(&due(&bench, at(9), 4).await), first(4), "as many as are asked for");

    let found = due(&bench, at(9), 4).await;
    let next = [
        LetterStatus::Sending { until: at(7), tries: 1 },
        LetterStatus::Sent { at: at(0) },
        LetterStatus::Dropped { at: at(0), reason: DropReason::Refused },
        LetterStatus::Waiting { due_at: at(8), tries: 1 },
    ];
    for (letter, status) in found.iter().zip(next) {
        move_on(&bench, letter, status).await;
    }
    let [sending, _, _, waiting] = found.as_slice() else { broken("four letters were due") };
    let mut left: Vec<_> = letters.iter().map(|letter| letter.id).skip(4).collect();
    left.extend([sending.record.id]);
    assert_eq!(ids(&due(&bench, at(7), 10).await), left, "what is being sent is due when its time is over");
    left.extend([waiting.record.id]);
    assert_eq!(ids(&due(&bench, at(9), 10).await), left, "in the order of when they are due now");
    Outcome::Kept
}

fn order_of(ticket: TicketId) -> Order {
    let order = sample::order(AccountId::new(sample::uuid()));
    Order { ticket: OrderedTicket { id: ticket, ..order.ticket }, ..order }
}

/// All replicas of a ticket's orders are listed and no others, in the order of ids and in pages that join.
pub async fn the_buyers_of_a_ticket_are_listed(fixture: &dyn StoreFixture<Letters>) -> Outcome {
    let bench = Bench::new(fixture);
    let [ticket, other] = [(); 2].map(|()| TicketId::new(sample::uuid()));
    let mut orders: Vec<Order> = (0..7).map(|_| order_of(ticket)).collect();
    let newest_first: Vec<Order> = orders.iter().rev().cloned().chain([order_of(other)]).collect();
    bench.commit(inserting(&newest_first)).await;
    orders.sort_by_key(|order| order.id);

    for size in [1, 3, 7, 100] {
        let read = |page: Page<OrderId>| bench.store.orders_of(ticket, page);
        assert_eq!(all(size, read, |order| order.id).await, orders, "pages of {size} join in the order of ids");
    }
    Outcome::Kept
}

/// The alerts of somebody who keeps these questions.
fn alerts_about(texts: &[&str]) -> Alerts {
    let alerts = texts.iter().map(|text| sample::alert(text, Filters::default())).collect();
    Alerts { alerts, ..Alerts::none(AccountId::new(sample::uuid())) }
}

/// Everything that alerts about these words are filed under.
fn handles_of(texts: &[&str]) -> Vec<Handle> {
    alerts_about(texts).filed().into_keys().collect()
}

/// How these people are to be found under some handles.
fn filed<'a>(people: impl IntoIterator<Item = &'a Alerts>, handles: &[Handle]) -> Vec<Candidate> {
    let candidates = |alerts: &Alerts| {
        let account = alerts.account;
        let at = move |(handle, sieve)| Candidate { filed: Filed { handle, account }, sieve };
        alerts.filed().into_iter().map(at)
    };
    let all = people.into_iter().flat_map(candidates);
    in_order(all.filter(|candidate| handles.contains(&candidate.filed.handle)).collect())
}

/// The order of a list is the store's own.
fn in_order(mut found: Vec<Candidate>) -> Vec<Candidate> {
    found.sort_by_key(|candidate| candidate.filed);
    found
}

async fn under(bench: &Bench<Letters>, handles: &[Handle], size: usize) -> Vec<Candidate> {
    let read = |page: Page<Filed>| bench.store.alerts_under(handles, page);
    in_order(all(size, read, |candidate| candidate.filed).await)
}

/// Alerts are found by every handle that they have and by none that others have, with their sieves.
///
/// Each person is found once for each handle, in pages that join, and as they are filed now, whether their questions
/// changed or not.
pub async fn alerts_are_found_by_their_handles(fixture: &dyn StoreFixture<Letters>) -> Outcome {
    let bench = Bench::new(fixture);
    let words: Vec<String> = (0..4).map(|_| format!("word{}", sample::uuid().as_simple())).collect();
    let [one, two, three, former] = [0, 1, 2, 3].map(|at| words.get(at).map_or("", String::as_str));
    let more = format!("{one} and more");
    let mut people: Vec<Alerts> = (0..7).map(|_| alerts_about(&[one])).collect();
    people.extend((0..3).map(|_| alerts_about(&[two, one, &more])));
    people.extend((0..2).map(|_| alerts_about(&[two])));
    let others = [alerts_about(&[three]), alerts_about(&[])];
    let mut moving = alerts_about(&[former]);
    let newest_first: Vec<Alerts> = people.iter().chain(&others).chain([&moving]).rev().cloned().collect();
    bench.commit(inserting(&newest_first)).await;

    let handles = handles_of(&[one, two]);
    for size in [1, 3, 7, 100] {
        assert_eq!(under(&bench, &handles, size).await, filed(&people, &handles), "pages of {size} join");
    }
    for handle in handles {
        assert_eq!(under(&bench, &[handle], 100).await, filed(&people, &[handle]), "by one handle alone");
    }
    let known = handles_of(&[former, three]);
    let changes = [
        ("who was told of a ticket is found as before", moving.clone().tell(NOW).0.alerts),
        ("another question with the same handle has another sieve", alerts_about(&[&format!("{former} more")]).alerts),
        ("by a question that it has now, and none that it had", alerts_about(&[three]).alerts),
        ("by none without questions", Vec::new()),
    ];
    for (what, alerts) in changes {
        moving = Alerts { alerts, ..moving.tell(NOW).0 };
        replace(&bench, &moving).await;
        let people = others.iter().chain([&moving]);
        assert_eq!(under(&bench, &known, 100).await, filed(people, &known), "{what}");
    }
    Outcome::Kept
}

async fn replace(bench: &Bench<Letters>, alerts: &Alerts) {
    let needs = LetterNeeds { alerts: vec![alerts.account], ..LetterNeeds::default() };
    let known = soon("a read is answered", bench.store.load(&needs)).await.expect("a read succeeds").alerts;
    let [stored] = known.as_slice() else { broken("the alerts of this account are kept") };
    bench.commit(UnitOfWork::default().with(stored.replace(alerts.clone()))).await;
}

/// Letters, orders and alerts that cannot be read are passed by, so that those behind them are still sent.
pub async fn unreadable_letters_are_passed_by(fixture: &dyn StoreFixture<Letters>) -> Outcome {
    let bench = Bench::new(fixture);
    let letters: Vec<Letter> = (0..12).map(due_after).collect();
    let ticket = TicketId::new(sample::uuid());
    let mut orders: Vec<Order> = (0..12).map(|_| order_of(ticket)).collect();
    orders.sort_by_key(|order| order.id);
    bench.commit(inserting(&letters)).await;
    bench.commit(inserting(&orders)).await;
    let word = format!("word{}", sample::uuid().as_simple());
    let mut alerts: Vec<Alerts> = (0..12).map(|_| alerts_about(&[&word])).collect();
    alerts.sort_by_key(|alerts| alerts.account);
    bench.commit(inserting(&alerts)).await;
    let (spoilt_alerts, alerts) = alerts.split_at(SPOILT);
    let (spoilt_letters, letters) = letters.split_at(SPOILT);
    let (spoilt_orders, orders) = orders.split_at(SPOILT);
    let letter_keys = spoilt_letters.iter().map(|letter| RecordKey::Letter(letter.id));
    let keys = letter_keys.chain(spoilt_orders.iter().map(|order| RecordKey::OrderReplica(order.id)));
    let keys = keys.chain(spoilt_alerts.iter().map(|alerts| RecordKey::Alerts(alerts.account)));
    if spoil(fixture, keys).await.is_none() {
        return NOTHING_TO_SPOIL;
    }

    let later = NOW.after(Duration::from_secs(3600));
    for size in SIZES {
        let found: Vec<_> = due(&bench, later, size).await.into_iter().map(|stored| stored.record).collect();
        let expected: Vec<_> = letters.iter().take(size).cloned().collect();
        assert_eq!(found, expected, "{size} letters that are due");
        let read = |page: Page<OrderId>| bench.store.orders_of(ticket, page);
        assert_eq!(all(size, read, |order| order.id).await, orders, "the orders of a ticket in pages of {size}");
        let handles = handles_of(&[&word]);
        let mut found = under(&bench, &handles, size).await;
        // Those that cannot be read may be found, or passed by.
        found.retain(|candidate| !spoilt_alerts.iter().any(|alerts| alerts.account == candidate.filed.account));
        assert_eq!(found, filed(alerts, &handles), "alerts about a word in pages of {size}");
    }
    Outcome::Kept
}
