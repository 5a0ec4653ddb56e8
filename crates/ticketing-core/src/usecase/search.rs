//! The search: a read model of tickets and their sales, which owns nothing.

mod exchange;
mod feed;
mod fill;
mod find_tickets;
mod follow;
mod kept;
mod rebuild;
mod rebuilder;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::domain::search::{Facets, Found};
use crate::ports::clock::ClockAndIds;
use crate::ports::search_index::SearchIndex;
use crate::ports::ticket_store::TicketStore;
use crate::ports::unreadable::PassedBy;

pub(crate) use exchange::Exchangeable;
pub(crate) use feed::{FeedSearch, Fill};
pub use fill::fill_index;
pub use find_tickets::FoundTickets;
pub use follow::SearchFollows;
use kept::Kept;
use rebuild::Rebuilds;
pub use rebuild::{NoRebuild, RebuildStatus};
pub(crate) use rebuilder::Rebuilder;

/// Answers questions about tickets. A clone is the same service.
///
/// [`ServiceContext::search`](crate::assembly::ServiceContext::search) puts it together.
#[derive(Debug, Clone)]
pub struct Search {
    /// Knows which tickets answer a question.
    pub index: Arc<dyn SearchIndex>,
    /// Knows what there is to show of them.
    pub store: Arc<dyn TicketStore>,
    /// Time and chance.
    pub env: ClockAndIds,
    filled: Arc<AtomicBool>,
    found: Kept<Found>,
    facets: Kept<Facets>,
    passed_by: PassedBy,
    /// None if nothing can build the index again beside itself.
    rebuilds: Option<Rebuilds>,
}

impl Search {
    pub(crate) fn new(index: Arc<dyn SearchIndex>, store: Arc<dyn TicketStore>, env: ClockAndIds) -> Self {
        let (found, facets, passed_by) = (Kept::default(), Kept::default(), PassedBy::default());
        Self { index, store, env, filled: Arc::default(), found, facets, passed_by, rebuilds: None }
    }

    /// Whether the index has all that was on sale when it began; until then, answers are parts of what there is.
    #[must_use]
    pub fn is_filled(&self) -> bool {
        self.filled.load(Ordering::Acquire)
    }
}
