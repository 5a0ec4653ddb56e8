//! What is told of the notifications service.

use std::time::Duration;

use ticketing_core::domain::ids::{AccountId, OrderId};
use ticketing_core::domain::letter::{Letter, LetterStatus};
use ticketing_core::domain::order::Order;
use ticketing_core::domain::ticket::Ticket;
use ticketing_core::ports::letter_store::LetterRecord;
use ticketing_core::ports::store::{Page, RecordKey, UnitOfWork, Write};

use crate::outcome::Outcome;
use crate::sample::{self, NOW};

use super::{AuditReaderFixture, all, answered};

async fn commit(fixture: &dyn AuditReaderFixture, records: impl Iterator<Item = LetterRecord>) {
    let work = records.fold(UnitOfWork::default(), |work, record| work.with(Write::insert(record)));
    answered(fixture.letters().commit(work)).await;
}

fn order() -> Order {
    sample::order(AccountId::new(sample::uuid()))
}

async fn orders(fixture: &dyn AuditReaderFixture, size: usize) -> Vec<Order> {
    let reader = fixture.letter_reader();
    all(size, |order: &Order| order.id, |page| reader.order_replicas(page)).await
}

/// Replicas of orders and tickets are read as they were committed, in pages of any size.
pub async fn replicas_of_letters_are_read_in_pages(fixture: &dyn AuditReaderFixture) -> Outcome {
    assert_eq!(orders(fixture, 10).await, [], "where nobody paid, nobody is written to");
    let (kept, tickets): (Vec<_>, Vec<_>) = (0..9).map(|_| (order(), sample::listing().ticket)).unzip();
    commit(fixture, kept.iter().rev().cloned().map(LetterRecord::from)).await;
    commit(fixture, tickets.iter().rev().cloned().map(LetterRecord::from)).await;

    let reader = fixture.letter_reader();
    for size in [1, 4, 9, 100] {
        assert_eq!(orders(fixture, size).await, kept, "pages of {size} join in the order of orders");
        let read = all(size, |ticket: &Ticket| ticket.id, |page| reader.ticket_replicas(page)).await;
        assert_eq!(read, tickets, "pages of {size} join in the order of tickets");
    }
    Outcome::Kept
}

/// Letters are found by their ids, and those that are due are told, the earliest first, until they are sent.
pub async fn letters_are_found(fixture: &dyn AuditReaderFixture) -> Outcome {
    let due = |minutes: u64| LetterStatus::Waiting { due_at: NOW.after(Duration::from_secs(60 * minutes)), tries: 0 };
    let kept = [3, 1, 2].map(|minutes| sample::letter().with_status(due(minutes)));
    let sent = sample::letter().with_status(LetterStatus::Sent { at: NOW });
    commit(fixture, kept.iter().chain([&sent]).cloned().map(LetterRecord::from)).await;

    let reader = fixture.letter_reader();
    let [third, first, second] = &kept;
    let found = answered(reader.letters_due(NOW.after(Duration::from_secs(120)), 9)).await.records;
    assert_eq!(found, [first.clone(), second.clone()], "what is due is told, the earliest first");
    let found = answered(reader.letters_due(NOW.after(Duration::from_secs(600)), 2)).await.records;
    assert_eq!(found, [first.clone(), second.clone()], "no more are told than were asked for");

    let missing = sample::letter();
    let mut found = answered(reader.letters(&[sent.id, missing.id, third.id])).await.records;
    let mut expected = [sent, third.clone()];
    found.sort_unstable_by_key(|letter| letter.id);
    expected.sort_unstable_by_key(|letter: &Letter| letter.id);
    assert_eq!(found, expected, "letters that there are, are found, and no others");
    assert_eq!(answered(reader.letters(&[])).await.records, [], "nobody asked for any");
    Outcome::Kept
}

/// What letters know of an order that cannot be read is named, and those around it are read.
pub async fn an_unreadable_replica_of_letters_is_named(fixture: &dyn AuditReaderFixture) -> Outcome {
    let kept: Vec<_> = (0..5).map(|_| order()).collect();
    commit(fixture, kept.iter().cloned().map(LetterRecord::from)).await;
    let (spoilt, sound) = kept.split_at(1);
    let order = spoilt.first().map(|order| order.id).unwrap_or_else(|| OrderId::new(sample::uuid()));
    if !fixture.spoil(&RecordKey::OrderReplica(order)).await {
        return Outcome::NotClaimed("a record that cannot be read");
    }

    let found = answered(fixture.letter_reader().order_replicas(Page::first(10))).await;
    assert_eq!(found.records, sound, "all that can be read is read");
    assert_eq!(found.unreadable.len(), 1, "the other is named: {:?}", found.unreadable);
    Outcome::Kept
}
