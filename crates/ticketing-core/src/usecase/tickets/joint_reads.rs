//! Reads listings for all who ask meanwhile, together.

use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{Either, select};
use futures_util::lock::Mutex as Turn;

use crate::domain::ids::{AccountId, TicketId};
use crate::domain::order::IdempotencyKey;
use crate::domain::seller::Seller;
use crate::domain::ticket::{Listing, Sales};
use crate::ports::clock::ClockAndIds;
use crate::ports::store::{CommitToken, Page, StoreError, Stored, UnitOfWork};
use crate::ports::ticket_store::{EventOffers, TicketRecord, TicketStore};
use crate::wire::TicketState;

/// The most tickets to read together.
const MOST: usize = 500;

/// The longest wait for a read that is under way: one that hangs holds up nobody else.
const PATIENCE: Duration = Duration::from_millis(10);

/// A store that reads listings for many who ask for the same.
///
/// While a read is under way, all who ask wait for the next one, which is for all of them. No answer is older than its
/// question, and the busier a service is, the less each question costs the store.
#[derive(Debug)]
pub(crate) struct JointReads {
    inner: Arc<dyn TicketStore>,
    env: ClockAndIds,
    next: Mutex<Arc<Round>>,
    turn: Turn<()>,
}

/// A read for all who asked before it began.
#[derive(Debug, Default)]
struct Round {
    ids: Mutex<BTreeSet<TicketId>>,
    read: Turn<Option<Arc<Read>>>,
}

#[derive(Debug)]
enum Read {
    Found(HashMap<TicketId, Stored<Listing>>),
    Unavailable(Arc<dyn Error + Send + Sync>),
    /// One of them, or more, cannot be read: each who asked looks for its own.
    Unreadable,
}

impl JointReads {
    pub(crate) fn new(inner: Arc<dyn TicketStore>, env: ClockAndIds) -> Self {
        Self { inner, env, next: Mutex::default(), turn: Turn::default() }
    }

    /// The round that reads these, among others.
    fn join(&self, ids: &[TicketId]) -> Arc<Round> {
        let mut next = locked(&self.next);
        if locked(&next.ids).len() >= MOST {
            *next = Arc::default();
        }
        locked(&next.ids).extend(ids);
        Arc::clone(&next)
    }

    /// What a round found: the first of those who wait for it reads.
    async fn read(&self, round: &Arc<Round>) -> Arc<Read> {
        let mut read = round.read.lock().await;
        if let Some(read) = &*read {
            return Arc::clone(read);
        }
        let found = Arc::new(self.read_now(round).await);
        *read = Some(Arc::clone(&found));
        found
    }

    async fn read_now(&self, round: &Arc<Round>) -> Read {
        let _turn = match self.turn.try_lock() {
            Some(turn) => Some(turn),
            None => match select(self.turn.lock(), self.env.clock.sleep(PATIENCE)).await {
                Either::Left((turn, _)) => Some(turn),
                Either::Right(_) => None,
            },
        };
        let ids = self.close(round);
        match self.inner.listings(&ids).await {
            Ok(found) => Read::Found(found.into_iter().map(|stored| (stored.record.ticket.id, stored)).collect()),
            Err(StoreError::Unavailable(error)) => Read::Unavailable(error.into()),
            Err(StoreError::Corrupt(_) | StoreError::Conflict(_)) => Read::Unreadable,
        }
    }

    /// All that a round reads: who asks from here on is of another.
    fn close(&self, round: &Arc<Round>) -> Vec<TicketId> {
        let mut next = locked(&self.next);
        if Arc::ptr_eq(&next, round) {
            *next = Arc::default();
        }
        drop(next);
        locked(&round.ids).iter().copied().collect()
    }
}

#[async_trait]
impl TicketStore for JointReads {
    /// If one that reads for others is dropped, the next of them reads.
    async fn listings(&self, ids: &[TicketId]) -> Result<Vec<Stored<Listing>>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        match &*self.read(&self.join(ids)).await {
            Read::Found(known) => Ok(ids.iter().filter_map(|id| known.get(id).cloned()).collect()),
            Read::Unavailable(error) => Err(StoreError::Unavailable(Box::new(Arc::clone(error)))),
            Read::Unreadable => self.inner.listings(ids).await,
        }
    }

    async fn listing_under(&self, seller: AccountId, key: &IdempotencyKey) -> Result<Option<Listing>, StoreError> {
        self.inner.listing_under(seller, key).await
    }

    async fn seller(&self, account: AccountId) -> Result<Option<Stored<Seller>>, StoreError> {
        self.inner.seller(account).await
    }

    async fn offers_of_event(&self, wanted: &EventOffers) -> Result<Vec<Listing>, StoreError> {
        self.inner.offers_of_event(wanted).await
    }

    async fn listings_of(&self, seller: AccountId, page: Page<TicketId>) -> Result<Vec<Listing>, StoreError> {
        self.inner.listings_of(seller, page).await
    }

    async fn commit(&self, work: UnitOfWork<TicketRecord>) -> Result<CommitToken, StoreError> {
        self.inner.commit(work).await
    }

    async fn follow_sales(
        &self,
        newest: &HashMap<TicketId, Sales>,
    ) -> Result<Vec<(TicketId, TicketState)>, StoreError> {
        self.inner.follow_sales(newest).await
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
