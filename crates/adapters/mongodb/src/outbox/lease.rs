//! Who may publish: a document that one relay at a time holds, by the server's clock.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bson::{Document, Uuid as BsonUuid, doc};
use mongodb::error::Result as MongoResult;
use mongodb::options::ReturnDocument;
use mongodb::{Collection, Database};
use parking_lot::Mutex;
use serde::Deserialize;
use ticketing_core::ports::outbox::Lease;
use ticketing_core::ports::store::StoreError;
use uuid::Uuid;

use crate::client::{Indexes, detached};
use crate::error::is_duplicate;

const COLLECTION: &str = "leases";
const RELAY: &str = "relay";

/// A relay that was refused asks again after this span, so that many commits do not cause many requests.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// What the server says about the lease.
#[derive(Debug, Clone, Deserialize)]
struct Held {
    owner: BsonUuid,
    epoch: i64,
}

/// The lease of one outbox.
#[derive(Debug, Clone)]
pub(super) struct Leases {
    leases: Collection<Held>,
    known: Arc<Mutex<HashMap<Uuid, Known>>>,
}

/// An answer that holds for a while, so that a relay that steps often need not ask each time.
#[derive(Debug, Clone, Copy)]
struct Known {
    lease: Option<Lease>,
    /// Counted from before the question, so that the server's end is never earlier.
    until: Instant,
}

pub(super) const fn indexes() -> Indexes {
    Indexes { collection: COLLECTION, indexes: Vec::new() }
}

impl Leases {
    pub(super) fn new(database: &Database) -> Self {
        Self { leases: database.collection(COLLECTION), known: Arc::default() }
    }

    pub(super) async fn take(&self, owner: Uuid, span: Duration) -> Result<Option<Lease>, StoreError> {
        let asked_at = Instant::now();
        if let Some(known) = self.known(owner, asked_at) {
            return Ok(known.lease);
        }
        let leases = self.leases.clone();
        let held = detached(async move { ask(&leases, owner, span).await }).await?;
        let epoch = u64::try_from(held.epoch).unwrap_or_default();
        let lease = (Uuid::from(held.owner) == owner).then_some(Lease { owner, epoch });
        // Half of the span is left for the questions that follow.
        let until = asked_at + if lease.is_some() { span / 2 } else { ASK_AGAIN.min(span / 2) };
        self.note(owner, Known { lease, until });
        Ok(lease)
    }

    pub(super) async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        self.forget();
        let leases = self.leases.clone();
        let free = doc! { "$set": { "until": bson::DateTime::from_millis(0) } };
        detached(async move { leases.update_one(held(lease), free).await.map(drop) }).await
    }

    /// Whether a lease is still in force.
    pub(super) async fn is_held(&self, lease: Lease) -> Result<bool, StoreError> {
        if self.known(lease.owner, Instant::now()).is_some_and(|known| known.lease == Some(lease)) {
            return Ok(true);
        }
        let leases = self.leases.clone();
        let mut in_force = held(lease);
        in_force.insert("$expr", doc! { "$gt": ["$until", "$$NOW"] });
        let found = detached(async move { leases.find_one(in_force).await }).await?;
        if found.is_none() {
            self.forget();
        }
        Ok(found.is_some())
    }

    fn known(&self, owner: Uuid, now: Instant) -> Option<Known> {
        let known = self.known.lock();
        known.get(&owner).filter(|known| now < known.until).copied()
    }

    fn note(&self, owner: Uuid, answer: Known) {
        let mut known = self.known.lock();
        known.retain(|_, known| Instant::now() < known.until);
        known.insert(owner, answer);
    }

    fn forget(&self) {
        self.known.lock().clear();
    }
}

fn held(lease: Lease) -> Document {
    let epoch = i64::try_from(lease.epoch).unwrap_or(i64::MAX);
    doc! { "_id": RELAY, "owner": BsonUuid::from(lease.owner), "epoch": epoch }
}

/// Takes the lease if it is free or `owner`'s own; returns who has it then.
async fn ask(leases: &Collection<Held>, owner: Uuid, span: Duration) -> MongoResult<Held> {
    loop {
        let owner = BsonUuid::from(owner);
        let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let is_free = doc! { "$lte": [{ "$ifNull": ["$until", "$$NOW"] }, "$$NOW"] };
        let is_own = doc! { "$eq": ["$owner", owner] };
        let may = doc! { "$or": [&is_free, &is_own] };
        let next = doc! { "$add": [{ "$ifNull": ["$epoch", 0_i64] }, 1_i64] };
        // An owner that comes back after the end has a new epoch, as any other would.
        let epoch = doc! { "$cond": [{ "$and": [&is_own, { "$not": [is_free] }] }, "$epoch", next] };
        let update = doc! { "$set": {
            "owner": { "$cond": [&may, owner, "$owner"] },
            "epoch": { "$cond": [&may, epoch, "$epoch"] },
            "until": { "$cond": [&may, { "$add": ["$$NOW", span] }, "$until"] },
        } };
        let taken = leases.find_one_and_update(doc! { "_id": RELAY }, vec![update]).upsert(true);
        match taken.return_document(ReturnDocument::After).await {
            Ok(Some(held)) => return Ok(held),
            // Another made the document at the same moment.
            Ok(None) => {}
            Err(error) if is_duplicate(&error) => {}
            Err(error) => return Err(error),
        }
    }
}
