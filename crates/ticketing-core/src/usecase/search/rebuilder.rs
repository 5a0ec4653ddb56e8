//! Builds an index again, beside the one in use, which answers meanwhile and is fed.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::domain::ids::TicketId;
use crate::domain::ticket::Listing;
use crate::domain::time::Timestamp;
use crate::ports::audit_reader::AuditReader;
use crate::ports::clock::ClockAndIds;
use crate::ports::search_index::{SearchIndex, SearchIndexes};
use crate::ports::ticket_store::TicketStore;
use crate::ports::{BoxError, error_chain};

use super::Search;
use super::exchange::Exchangeable;
use super::fill::{BATCH, complete, read_some, tell};
use super::rebuild::{RebuildStatus, Rebuilds};

/// How long a rebuild waits until the store has the sales of which the index was told.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it looks.
const EVERY: Duration = Duration::from_millis(100);

/// An index that is damaged is built again no sooner than this after the last time.
const REPAIRED_AT_MOST_EVERY: Duration = Duration::from_secs(60);

/// Builds an index again, part by part.
#[derive(Debug)]
pub(crate) struct Rebuilder {
    index: Arc<Exchangeable>,
    indexes: Arc<dyn SearchIndexes>,
    owners: Arc<dyn AuditReader>,
    store: Arc<dyn TicketStore>,
    history: Uuid,
    env: ClockAndIds,
    rebuilds: Rebuilds,
    under_way: Option<UnderWay>,
    ended_at: Option<Timestamp>,
}

/// A rebuild that is under way.
#[derive(Debug)]
struct UnderWay {
    began_at: Timestamp,
    told: usize,
    after: Option<TicketId>,
    /// Since when every listing was read.
    read_at: Option<Timestamp>,
    /// Tickets of which the index in use was told newer sales than the store had.
    behind: Vec<TicketId>,
    looked_at: Timestamp,
}

impl Rebuilder {
    pub(crate) fn new(
        history: Uuid,
        index: Arc<Exchangeable>,
        indexes: Arc<dyn SearchIndexes>,
        owners: Arc<dyn AuditReader>,
        search: &mut Search,
    ) -> Self {
        let rebuilds = search.rebuilds.insert(Rebuilds::default()).clone();
        Self {
            index,
            indexes,
            owners,
            store: Arc::clone(&search.store),
            history,
            env: search.env.clone(),
            rebuilds,
            under_way: None,
            ended_at: None,
        }
    }

    /// Whether the index in use is damaged and another is being built: no event can be applied until then.
    pub(super) fn is_repairing(&self) -> bool {
        self.under_way.is_some() && self.index.is_damaged()
    }

    /// Does a part of a rebuild, and returns how much that was. What fails ends it, and the index in use stays.
    pub(super) async fn step(&mut self) -> usize {
        match self.go_on().await {
            Ok(done) => done,
            Err(error) => {
                self.index.leave();
                let cause = error_chain(&*error);
                tracing::error!(cause, "the search index was not built again, and stays as it is: {cause}");
                self.end(RebuildStatus::Failed { cause });
                0
            }
        }
    }

    async fn go_on(&mut self) -> Result<usize, BoxError> {
        let now = self.env.now();
        let Some(under_way) = &mut self.under_way else {
            return if self.is_wanted(now) { self.begin(now).await } else { Ok(0) };
        };
        let next = self.index.beside()?;
        let Some(read_at) = under_way.read_at else {
            let (listings, after) = read_some(&*self.owners, under_way.after).await?;
            tell(&*next, self.history, &listings).await?;
            under_way.behind.extend(behind(&self.index, &listings).await);
            under_way.told += listings.len();
            under_way.after = after;
            under_way.read_at = after.is_none().then_some(now);
            *self.rebuilds.status() = RebuildStatus::Building { told: under_way.told };
            return Ok(listings.len().max(1));
        };
        if under_way.behind.is_empty() {
            return self.adopt(&*next).await;
        }
        if now >= under_way.looked_at && now.since(under_way.looked_at) < EVERY {
            return Ok(0);
        }
        under_way.looked_at = now;
        self.catch_up(&*next, now.since(read_at) > PATIENCE).await
    }

    /// Whether somebody asked for a rebuild, or a damaged index needs one.
    fn is_wanted(&self, now: Timestamp) -> bool {
        let may_repair = self.ended_at.is_none_or(|ended_at| now.since(ended_at) >= REPAIRED_AT_MOST_EVERY);
        *self.rebuilds.status() == RebuildStatus::Asked || self.index.is_damaged() && may_repair
    }

    /// Order matters: events go to both indexes from now on, and the store has what was before.
    async fn begin(&mut self, now: Timestamp) -> Result<usize, BoxError> {
        self.index.build_beside(self.indexes.begin().await?);
        tracing::info!("the search index is being built again");
        *self.rebuilds.status() = RebuildStatus::Building { told: 0 };
        self.under_way = Some(UnderWay {
            began_at: now,
            told: 0,
            after: None,
            read_at: None,
            behind: Vec::new(),
            looked_at: Timestamp::EPOCH,
        });
        Ok(1)
    }

    /// Tells again what the store has of tickets that were behind.
    async fn catch_up(&mut self, next: &dyn SearchIndex, is_too_long: bool) -> Result<usize, BoxError> {
        let Some(under_way) = &mut self.under_way else { return Ok(0) };
        if is_too_long {
            let tickets = std::mem::take(&mut under_way.behind).len();
            tracing::warn!(tickets, "the former index was told newer sales of {tickets} tickets than the store has");
            return Ok(1);
        }
        let mut still = Vec::new();
        for some in under_way.behind.chunks(BATCH) {
            let listings: Vec<Listing> =
                self.store.listings(some).await?.into_iter().map(|stored| stored.record).collect();
            tell(next, self.history, &listings).await?;
            still.extend(behind(&self.index, &listings).await);
        }
        let caught_up = under_way.behind.len() - still.len();
        under_way.behind = still;
        Ok(caught_up)
    }

    /// Order matters: whichever index a process finds that starts again is whole, because both were fed until here.
    async fn adopt(&mut self, next: &dyn SearchIndex) -> Result<usize, BoxError> {
        let Some(UnderWay { began_at, told, .. }) = self.under_way else { return Ok(0) };
        complete(next, self.history, began_at).await?;
        self.indexes.adopt().await?;
        self.index.exchange();
        tracing::info!(told, "the search index was built again with {told} tickets");
        self.end(RebuildStatus::Done { told });
        Ok(1)
    }

    fn end(&mut self, status: RebuildStatus) {
        self.under_way = None;
        self.ended_at = Some(self.env.now());
        *self.rebuilds.status() = status;
    }
}

/// Tickets of which an index was told newer sales than these listings have: the orders service told them, and the
/// tickets service has yet to take them over. Nobody will tell them again. A damaged index does not know.
async fn behind(index: &Exchangeable, listings: &[Listing]) -> Vec<TicketId> {
    let tickets: Vec<TicketId> = listings.iter().map(|listing| listing.ticket.id).collect();
    let told = index.sales(&tickets).await.unwrap_or_default();
    let is_behind =
        |listing: &&Listing| told.get(&listing.ticket.id).is_some_and(|sales| sales.version > listing.sales.version);
    listings.iter().filter(is_behind).map(|listing| listing.ticket.id).collect()
}
