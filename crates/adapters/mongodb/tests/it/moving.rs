//! Records of every kind that are moved here are what they were, and the mark says how far it came.

use ticketing_conformance::sample;
use ticketing_core::moving::{Comparison, KeptRecord, RecordKind};
use ticketing_core::ports::store::Page;
use ticketing_mongodb::{MongoError, MongoMove, MongoRecords, MoveState};

use crate::world::connected;

/// All records of a kind, read in pages of two.
async fn all(records: &MongoRecords, kind: RecordKind) -> Vec<KeptRecord> {
    let (mut page, mut found) = (Page::first(2), Vec::new());
    loop {
        let next = records.page(kind, page).await.expect("they are read");
        let Some(last) = next.last() else { return found };
        page.after = Some(last.id());
        found.extend(next);
    }
}

fn of(kept: &[KeptRecord], kind: RecordKind) -> Vec<KeptRecord> {
    let mut records: Vec<_> = kept.iter().filter(|record| record.kind() == kind).cloned().collect();
    records.sort_by_key(KeptRecord::id);
    records
}

#[tokio::test]
async fn every_kind_of_record_is_what_it_was() {
    let (records, kept) = (MongoRecords::of(&connected().await), sample::kept_records());
    records.prepare().await.expect("the collections are made");
    records.insert(kept.clone()).await.expect("they are written");
    for kind in RecordKind::ALL {
        let (sent, found) = (of(&kept, kind), all(&records, kind).await);
        assert!(!sent.is_empty(), "no {} are tried", kind.name());
        assert_eq!(found, sent, "{}", kind.name());
        assert!(Comparison::of(sent.clone(), &found).is_same());

        assert!(records.insert(sent.clone()).await.is_err(), "{} are not written twice", kind.name());
        records.remove(kind, &[sent[0].id()]).await.expect("it is removed");
        assert_eq!(all(&records, kind).await, sent[1..], "{}", kind.name());
    }
}

#[tokio::test]
async fn a_move_is_marked_once_until_its_end() {
    let mark = MongoMove::of(&connected().await);
    let [from, other] = [sample::uuid(), sample::uuid()];
    assert_eq!(mark.state().await.expect("it is read"), MoveState::Nothing);

    mark.begin(from).await.expect("it is marked");
    let second: Result<(), MongoError> = mark.begin(other).await;
    assert!(second.is_err());
    mark.end(other).await.expect("it is not of that one");
    assert_eq!(mark.state().await.expect("it is read"), MoveState::Begun { from });
    mark.end(from).await.expect("it is marked");
    assert_eq!(mark.state().await.expect("it is read"), MoveState::Ended { from });
}
