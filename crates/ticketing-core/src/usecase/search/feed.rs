//! Feeds an index: first what the store has, if the index begins, and then every event; between events, it is built again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::ids::TicketId;
use crate::domain::time::Timestamp;
use crate::messaging::consumer::Consumer;
use crate::messaging::driver::Step;
use crate::ports::BoxError;
use crate::ports::audit_reader::AuditReader;
use crate::ports::clock::ClockAndIds;
use crate::ports::search_index::SearchIndex;

use super::fill::{Part, complete, fill_some};
use super::rebuilder::Rebuilder;
use super::{Search, SearchFollows};

/// Fills an index that begins.
#[derive(Debug)]
pub(crate) struct Fill {
    owners: Arc<dyn AuditReader>,
    index: Arc<dyn SearchIndex>,
    history: Uuid,
    env: ClockAndIds,
    began_at: Option<Timestamp>,
    next: Option<TicketId>,
    told: usize,
}

impl Fill {
    /// Fills it with what these owners have.
    pub(crate) fn new(feeder: &SearchFollows, owners: Arc<dyn AuditReader>, env: ClockAndIds) -> Self {
        let (index, history) = (Arc::clone(feeder.index()), feeder.history());
        Self { owners, index, history, env, began_at: None, next: None, told: 0 }
    }

    /// Tells a page, and returns whether it was the last.
    async fn step(&mut self) -> Result<bool, BoxError> {
        let began_at = *self.began_at.get_or_insert_with(|| self.env.now());
        let Part { told, next } = fill_some(&*self.owners, &*self.index, self.history, self.next).await?;
        self.told += told;
        if next.is_some() {
            self.next = next;
            return Ok(false);
        }
        // A process that ends before this fills it again.
        complete(&*self.index, self.history, began_at).await?;
        tracing::info!(tickets = self.told, "the search index was filled with {} tickets", self.told);
        Ok(true)
    }
}

/// Fills an index and feeds it, in this order: an event that was handled says that the index has what was before it.
#[derive(Debug)]
pub(crate) struct FeedSearch {
    consumer: Consumer,
    fill: Option<Fill>,
    filled: Arc<AtomicBool>,
    rebuilder: Option<Rebuilder>,
}

impl FeedSearch {
    /// Feeds the index of a search by a consumer, once it was filled, and builds it again when somebody asks for it.
    pub(crate) fn new(search: &Search, consumer: Consumer, fill: Option<Fill>, rebuilder: Option<Rebuilder>) -> Self {
        let filled = Arc::clone(&search.filled);
        filled.store(fill.is_none(), Ordering::Release);
        Self { consumer, fill, filled, rebuilder }
    }

    /// A part of a rebuild, if one is under way, and whether events have to wait for its end.
    async fn rebuild_some(&mut self) -> (usize, bool) {
        let Some(rebuilder) = &mut self.rebuilder else { return (0, false) };
        let done = rebuilder.step().await;
        (done, rebuilder.is_repairing())
    }
}

#[async_trait]
impl Step for FeedSearch {
    fn name(&self) -> &str {
        SearchFollows::GROUP
    }

    async fn step(&mut self) -> Result<usize, BoxError> {
        let Some(fill) = &mut self.fill else {
            let (done, is_repairing) = self.rebuild_some().await;
            return if is_repairing { Ok(done) } else { Ok(done + self.consumer.step().await?) };
        };
        // Order matters: the log keeps for its groups what is committed from now on, and the store has what was before.
        self.consumer.subscribe().await?;
        if fill.step().await? {
            self.fill = None;
            self.filled.store(true, Ordering::Release);
        }
        Ok(1)
    }

    async fn idle(&mut self) {
        self.consumer.idle().await;
    }

    async fn finish(self: Box<Self>) {
        Box::new(self.consumer).finish().await;
    }
}
