//! Feeds an index: first what the store has, if the index begins, and then every event.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::ids::TicketId;
use crate::domain::search::Watermark;
use crate::domain::time::Timestamp;
use crate::messaging::consumer::Consumer;
use crate::messaging::driver::Step;
use crate::ports::BoxError;
use crate::ports::audit_reader::AuditReader;
use crate::ports::clock::ClockAndIds;
use crate::ports::search_index::SearchIndex;

use super::fill::{Part, fill_some};
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
        // Only now the index is more than a beginning: a process that ends before this fills it again.
        let known = self.index.watermark().await?.unwrap_or_else(|| Watermark::begin(self.history));
        self.index.apply(Vec::new(), known.after(0, began_at)).await?;
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
}

impl FeedSearch {
    /// Feeds the index of a search by a consumer, once it was filled.
    pub(crate) fn new(search: &Search, consumer: Consumer, fill: Option<Fill>) -> Self {
        let filled = Arc::clone(&search.filled);
        filled.store(fill.is_none(), Ordering::Release);
        Self { consumer, fill, filled }
    }
}

#[async_trait]
impl Step for FeedSearch {
    fn name(&self) -> &str {
        SearchFollows::GROUP
    }

    async fn step(&mut self) -> Result<usize, BoxError> {
        let Some(fill) = &mut self.fill else { return self.consumer.step().await };
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
