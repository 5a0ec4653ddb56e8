//! What is told of the admissions service.

use ticketing_core::domain::admission::{Admission, Entrance};
use ticketing_core::domain::ids::OrderId;
use ticketing_core::ports::pass_store::PassRecord;
use ticketing_core::ports::store::{Page, RecordKey, UnitOfWork, Write};

use crate::outcome::Outcome;
use crate::sample;

use super::{AuditReaderFixture, all, answered};

async fn admissions(fixture: &dyn AuditReaderFixture, size: usize) -> Vec<Admission> {
    let reader = fixture.admission_reader();
    all(size, |admission: &Admission| admission.order, |page| reader.admissions(page)).await
}

async fn commit(fixture: &dyn AuditReaderFixture, records: impl Iterator<Item = PassRecord>) {
    let work = records.fold(UnitOfWork::default(), |work, record| work.with(Write::insert(record)));
    answered(fixture.passes().commit(work)).await;
}

/// Admissions and entrances are read as they were committed, in pages of any size.
pub async fn admissions_are_read_in_pages(fixture: &dyn AuditReaderFixture) -> Outcome {
    assert_eq!(admissions(fixture, 10).await, [], "where nobody paid, nobody has a pass");
    let (kept, doors): (Vec<_>, Vec<_>) = (0..9).map(|_| (sample::admission(), sample::entrance())).unzip();
    commit(fixture, kept.iter().rev().cloned().map(PassRecord::from)).await;
    commit(fixture, doors.iter().rev().cloned().map(PassRecord::from)).await;

    let reader = fixture.admission_reader();
    for size in [1, 4, 9, 100] {
        assert_eq!(admissions(fixture, size).await, kept, "pages of {size} join in the order of orders");
        let read = all(size, |entrance: &Entrance| entrance.ticket, |page| reader.entrances(page)).await;
        assert_eq!(read, doors, "pages of {size} join in the order of tickets");
    }
    Outcome::Kept
}

/// An admission that cannot be read is named, and those around it are read.
pub async fn an_unreadable_admission_is_named(fixture: &dyn AuditReaderFixture) -> Outcome {
    let kept: Vec<_> = (0..5).map(|_| sample::admission()).collect();
    commit(fixture, kept.iter().cloned().map(PassRecord::from)).await;
    let (spoilt, sound) = kept.split_at(1);
    let order = spoilt.first().map(|admission| admission.order).unwrap_or_else(|| OrderId::new(sample::uuid()));
    if !fixture.spoil(&RecordKey::Admission(order)).await {
        return Outcome::NotClaimed("a record that cannot be read");
    }

    let found = answered(fixture.admission_reader().admissions(Page::first(10))).await;
    assert_eq!(found.records, sound, "all that can be read is read");
    assert_eq!(found.unreadable.len(), 1, "the other is named: {:?}", found.unreadable);
    Outcome::Kept
}
