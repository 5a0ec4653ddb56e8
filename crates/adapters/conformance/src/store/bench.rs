//! A store with everything that a rule does to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use ticketing_core::ports::outbox::Outbox;
use ticketing_core::ports::store::{CommitToken, RecordKey, Revision, StoreError, Stored, UnitOfWork, Write};
use ticketing_core::wire::EventEnvelope;

use crate::outbox::all_pending;
use crate::outcome::broken;
use crate::sample;
use crate::time::soon;

use super::{AnyStore, StoreFixture};

pub(super) struct Bench<S: AnyStore> {
    pub(super) store: Arc<S::Store>,
    outbox: Arc<dyn Outbox>,
}

impl<S: AnyStore> Bench<S> {
    pub(super) fn new(fixture: &dyn StoreFixture<S>) -> Self {
        Self::of(fixture.store(), fixture.outbox())
    }

    pub(super) fn of(store: Arc<S::Store>, outbox: Arc<dyn Outbox>) -> Self {
        Self { store, outbox }
    }

    pub(super) async fn find(&self, record: &S::Record) -> Option<Stored<S::Record>> {
        soon("a read is answered", S::find(&self.store, record)).await.expect("a read succeeds")
    }

    pub(super) async fn try_commit(&self, work: UnitOfWork<S::Record>) -> Result<CommitToken, StoreError> {
        soon("a commit is answered", S::apply(&self.store, work)).await
    }

    pub(super) async fn commit(&self, work: UnitOfWork<S::Record>) -> CommitToken {
        self.try_commit(work).await.expect("a commit that nothing speaks against succeeds")
    }

    /// The records, inserted by one commit with an event for each.
    pub(super) async fn inserted<const N: usize>(&self) -> [Stored<S::Record>; N] {
        let records: [S::Record; N] = std::array::from_fn(S::specimen);
        let token = self.commit(inserting::<S>(&records)).await;
        records.map(|record| inserted_by(token, record))
    }

    pub(super) async fn pending(&self) -> Vec<EventEnvelope> {
        all_pending(&*self.outbox).await
    }

    /// The versions of a record in the events of the outbox, in order.
    pub(super) async fn told(&self, record: &S::Record) -> Vec<u64> {
        let subject = S::subject(record);
        let pending = self.pending().await;
        pending.iter().filter(|event| event.subject == subject).map(|event| event.version).collect()
    }

    /// Commits what must conflict; returns what the conflict names.
    pub(super) async fn conflict(&self, what: &str, work: UnitOfWork<S::Record>) -> BTreeSet<RecordKey> {
        match self.try_commit(work).await {
            Err(StoreError::Conflict(keys)) => keys.into_iter().collect(),
            Ok(_) => broken(&format!("{what} was committed")),
            Err(error) => broken(&format!("{what} is a conflict, not {error:?}")),
        }
    }
}

/// Inserts records, with an event for each.
pub(super) fn inserting<S: AnyStore>(records: &[S::Record]) -> UnitOfWork<S::Record> {
    records.iter().fold(UnitOfWork::default(), |work, record| {
        work.with(Write::insert(record.clone())).telling(event::<S>(record, 1))
    })
}

/// Changes records that are as they were read, with an event for each.
pub(super) fn changing<S: AnyStore>(read: &[&Stored<S::Record>]) -> UnitOfWork<S::Record> {
    read.iter().fold(UnitOfWork::default(), |work, stored| {
        let version = stored.revision.count + 1;
        work.with(stored.replace(after_change::<S>(stored))).telling(event::<S>(&stored.record, version))
    })
}

/// A record as the commit of this token inserted it.
pub(super) fn inserted_by<R>(token: CommitToken, record: R) -> Stored<R> {
    Stored { record, revision: Revision::after(None, token) }
}

/// A record as it was read, after the commit of this token made [`changing`] of it.
pub(super) fn changed_by<S: AnyStore>(token: CommitToken, read: &Stored<S::Record>) -> Stored<S::Record> {
    Stored { record: after_change::<S>(read), revision: Revision::after(Some(read.revision), token) }
}

/// What [`changing`] makes of a record.
pub(super) fn after_change<S: AnyStore>(read: &Stored<S::Record>) -> S::Record {
    let n = u32::try_from(read.revision.count + 1).expect("few changes");
    S::changed(read.record.clone(), n)
}

/// The event of a record that moves it to `version`.
pub(super) fn event<S: AnyStore>(record: &S::Record, version: u64) -> EventEnvelope {
    sample::envelope(S::TOPIC, S::subject(record), version)
}
