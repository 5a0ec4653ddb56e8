//! What a question finds, page by page.

use crate::domain::ids::TicketId;

/// A ticket that answers a question. What a page shows of it is read from the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The ticket.
    pub ticket: TicketId,
    /// Where it stands in the order asked for, lowest first; equal ranks are ordered by id, highest first.
    pub rank: u64,
}

impl Hit {
    /// The cursor at this hit.
    #[must_use]
    pub const fn cursor(self) -> SearchCursor {
        SearchCursor { rank: self.rank, ticket: self.ticket }
    }
}

/// A place in the order of hits. It stays valid when the hit is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchCursor {
    /// The rank there.
    pub rank: u64,
    /// The hit there.
    pub ticket: TicketId,
}

/// Which hits to return, in the order asked for.
///
/// A page far behind the first costs as much as the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchPage {
    /// The first ones.
    First {
        /// At most so many, and at most [`SearchPage::MOST`].
        limit: usize,
    },
    /// Those behind a cursor.
    After {
        /// It is not among them.
        cursor: SearchCursor,
        /// At most so many, and at most [`SearchPage::MOST`].
        limit: usize,
    },
    /// Those directly before a cursor.
    Before {
        /// It is not among them.
        cursor: SearchCursor,
        /// At most so many, and at most [`SearchPage::MOST`].
        limit: usize,
    },
}

impl SearchPage {
    /// The most hits of a page.
    pub const MOST: usize = 100;

    /// How many hits are returned at most.
    #[must_use]
    pub fn limit(self) -> usize {
        let (Self::First { limit } | Self::After { limit, .. } | Self::Before { limit, .. }) = self;
        limit.min(Self::MOST)
    }
}

/// One page of what a question finds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// In the order asked for.
    pub hits: Vec<Hit>,
    /// How many hits there are before this page; there is an earlier page if there are any.
    pub before: u64,
    /// How many there are on all pages.
    pub count: u64,
    /// The question with its errors corrected, if nothing has the words that were typed: what was looked for instead.
    pub instead: Option<String>,
}

impl Found {
    /// How many hits there are behind this page.
    #[must_use]
    pub fn behind(&self) -> u64 {
        self.count.saturating_sub(self.before).saturating_sub(self.hits.len() as u64)
    }
}
