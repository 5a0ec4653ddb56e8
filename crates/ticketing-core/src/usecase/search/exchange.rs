//! The index in use, and one that is built beside it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::domain::ids::TicketId;
use crate::domain::search::{Facets, Found, Question, SearchChange, SearchPage, Watermark};
use crate::domain::ticket::Sales;
use crate::domain::time::Timestamp;
use crate::ports::error_chain;
use crate::ports::search_index::{SearchError, SearchIndex};

/// An index that can be exchanged for another while it is fed and asked.
#[derive(Debug)]
pub(crate) struct Exchangeable {
    indexes: Mutex<Indexes>,
    is_damaged: AtomicBool,
}

#[derive(Debug)]
struct Indexes {
    in_use: Arc<dyn SearchIndex>,
    beside: Beside,
}

/// What is built beside an index.
#[derive(Debug)]
enum Beside {
    Nothing,
    Index(Arc<dyn SearchIndex>),
    /// It did not take what was applied, and so it is not whole.
    Failed(String),
}

impl Exchangeable {
    pub(crate) fn new(in_use: Arc<dyn SearchIndex>) -> Self {
        let indexes = Mutex::new(Indexes { in_use, beside: Beside::Nothing });
        Self { indexes, is_damaged: AtomicBool::new(false) }
    }

    /// From now on, what is applied is applied to this one as well.
    pub(super) fn build_beside(&self, next: Arc<dyn SearchIndex>) {
        self.lock().beside = Beside::Index(next);
    }

    /// The index that is built beside.
    ///
    /// # Errors
    ///
    /// Why it is not built any more.
    pub(super) fn beside(&self) -> Result<Arc<dyn SearchIndex>, String> {
        match &self.lock().beside {
            Beside::Index(next) => Ok(Arc::clone(next)),
            Beside::Failed(why) => Err(why.clone()),
            Beside::Nothing => Err("no index is built".to_owned()),
        }
    }

    /// Builds nothing beside any more.
    pub(super) fn leave(&self) {
        self.lock().beside = Beside::Nothing;
    }

    /// The index that was built beside is in use from now on.
    pub(super) fn exchange(&self) {
        let mut indexes = self.lock();
        if let Beside::Index(next) = std::mem::replace(&mut indexes.beside, Beside::Nothing) {
            indexes.in_use = next;
            self.is_damaged.store(false, Ordering::Release);
        }
    }

    /// Whether the index in use answered that it is damaged.
    pub(super) fn is_damaged(&self) -> bool {
        self.is_damaged.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, Indexes> {
        self.indexes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn in_use(&self) -> Arc<dyn SearchIndex> {
        Arc::clone(&self.lock().in_use)
    }

    fn noting<A>(&self, answer: Result<A, SearchError>) -> Result<A, SearchError> {
        if matches!(answer, Err(SearchError::Corrupt(_))) {
            self.is_damaged.store(true, Ordering::Release);
        }
        answer
    }
}

#[async_trait]
impl SearchIndex for Exchangeable {
    /// Order matters: what is settled because the index in use has it, the other one has as well, or it is given up.
    async fn apply(&self, changes: Vec<SearchChange>, upto: Watermark) -> Result<usize, SearchError> {
        if let Ok(next) = self.beside()
            && let Err(error) = next.apply(changes.clone(), upto).await
        {
            self.lock().beside = Beside::Failed(error_chain(&error));
        }
        self.noting(self.in_use().apply(changes, upto).await)
    }

    async fn search(&self, question: &Question, page: SearchPage) -> Result<Found, SearchError> {
        self.noting(self.in_use().search(question, page).await)
    }

    async fn facets(&self, question: &Question) -> Result<Facets, SearchError> {
        self.noting(self.in_use().facets(question).await)
    }

    async fn suggest(&self, typed: &str, now: Timestamp) -> Result<Vec<String>, SearchError> {
        self.noting(self.in_use().suggest(typed, now).await)
    }

    async fn watermark(&self) -> Result<Option<Watermark>, SearchError> {
        self.noting(self.in_use().watermark().await)
    }

    async fn sales(&self, tickets: &[TicketId]) -> Result<HashMap<TicketId, Sales>, SearchError> {
        self.noting(self.in_use().sales(tickets).await)
    }
}
