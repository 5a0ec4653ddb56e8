//! Where the tickets service keeps its state, and how tickets are searched.

use std::fmt;

use async_trait::async_trait;

use crate::domain::ids::{AccountId, TicketId};
use crate::domain::money::Currency;
use crate::domain::order::IdempotencyKey;
use crate::domain::ticket::Listing;
use crate::domain::time::Timestamp;

use super::store::{CommitToken, Page, StoreError, Stored, UnitOfWork};

/// What a visitor looks for. Every filter that is given must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketQuery {
    /// Words that title, venue, city or description contain, each as the beginning of a word; case does not matter.
    ///
    /// Which words, [`words_to_find`](crate::domain::search::words_to_find) says; a text without words finds nothing.
    pub text: Option<String>,
    /// The whole category, compared as [`name_to_find`](crate::domain::search::name_to_find) says.
    pub category: Option<String>,
    /// The whole city, compared in the same way.
    pub city: Option<String>,
    /// The event begins then or later.
    pub from: Option<Timestamp>,
    /// The event begins before then.
    pub to: Option<Timestamp>,
    /// Only tickets that are priced in it. Bounds and orders by price compare minor units, so they name one.
    pub currency: Option<Currency>,
    /// In minor units; inclusive.
    pub min_price: Option<u64>,
    /// In minor units; inclusive.
    pub max_price: Option<u64>,
    /// Which come first.
    pub sort: TicketSort,
    /// Events that began before then are left out; those without a time are not.
    pub now: Timestamp,
    /// Which slice.
    pub page: Page<TicketCursor>,
}

impl TicketQuery {
    /// Everything on sale, newest first.
    #[must_use]
    pub const fn all(now: Timestamp, limit: usize) -> Self {
        Self {
            text: None,
            category: None,
            city: None,
            from: None,
            to: None,
            currency: None,
            min_price: None,
            max_price: None,
            sort: TicketSort::Newest,
            now,
            page: Page::first(limit),
        }
    }
}

/// Which tickets come first; those that are equal by it, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TicketSort {
    /// Put on sale last.
    #[default]
    Newest,
    /// Event soonest; those without a time come last.
    Soonest,
    /// Lowest amount of a currency.
    Cheapest,
    /// Highest amount of a currency.
    Dearest,
}

/// A place in a list of tickets: the entry that a page ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TicketCursor {
    /// What the list is sorted by, as [`TicketSort::rank`] gives it.
    pub rank: u64,
    /// The entry itself.
    pub id: TicketId,
}

impl TicketSort {
    /// What a listing is sorted by, lowest first; equal ranks are ordered by id, highest first.
    #[must_use]
    pub fn rank(self, listing: &Listing) -> u64 {
        let offer = &listing.ticket.offer;
        let amount = offer.price.money().amount;
        match self {
            Self::Newest => 0,
            Self::Soonest => offer.details.starts_at.map_or(u64::MAX, |at| at.millis().unsigned_abs()),
            Self::Cheapest => amount,
            Self::Dearest => u64::MAX - amount,
        }
    }

    /// The place of a listing in a list that is sorted like this.
    #[must_use]
    pub fn cursor(self, listing: &Listing) -> TicketCursor {
        TicketCursor { rank: self.rank(listing), id: listing.ticket.id }
    }
}

/// Keeps listings, and the outbox of the tickets service.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `store`.
///
/// - A commit is all or nothing: `a_stale_commit_leaves_no_trace`.
/// - A conflict names what changed: `a_conflict_names_what_changed`.
/// - Of two commits against one revision, one wins: `one_of_two_racing_commits_wins`.
/// - A revision that was read in another history of the record, such as a backup, conflicts however often each
///   was written: `a_revision_of_another_history_conflicts`.
/// - Writers who reload after a conflict lose nothing: `writers_who_reload_lose_nothing`.
/// - An insert of what exists is refused: `an_insert_of_what_exists_is_refused`.
/// - What was committed is read back, one revision further: `a_commit_is_visible_to_the_next_read`.
/// - Whoever stops waiting for a commit leaves all of it or nothing: `a_cancelled_commit_leaves_all_or_nothing`.
/// - A unit of work may carry many decisions: `a_unit_of_work_carries_many_decisions`.
/// - Of one seller, a key makes one listing: `a_key_makes_one_listing_of_a_seller`.
/// - A record that cannot be read is told to whoever asks for it, and to nobody else: `an_unreadable_record_is_corrupt`.
/// - A list passes by what cannot be read and goes on behind it: `unreadable_listings_are_passed_by`.
/// - Every filter narrows a search, and only tickets on sale are found: `a_search_finds_what_matches_and_no_more`.
/// - Words, cities and categories are found however they are written or stored: `whatever_is_spelled_in_two_ways_is_found`.
/// - Pages in any order join without a gap or a repetition: `search_pages_join_without_gaps`.
/// - A seller's own list has all that is theirs, newest first: `a_seller_finds_all_their_listings`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait TicketStore: Send + Sync + fmt::Debug + 'static {
    /// The listings of these names that exist, in any order.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    async fn listings(&self, ids: &[TicketId]) -> Result<Vec<Stored<Listing>>, StoreError>;

    /// The listing that a seller asked for under a key.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    async fn listing_under(&self, seller: AccountId, key: &IdempotencyKey) -> Result<Option<Listing>, StoreError>;

    /// Tickets on sale that match, in the order asked for.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn search(&self, query: &TicketQuery) -> Result<Vec<Listing>, StoreError>;

    /// What a seller ever put on sale, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn listings_of(&self, seller: AccountId, page: Page<TicketId>) -> Result<Vec<Listing>, StoreError>;

    /// Applies every write and queues every event, or does neither; returns what its records' revisions carry.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Conflict`] names the records that another commit changed, or the key that it took.
    /// - [`StoreError::Unavailable`]: the commit may have happened all the same.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the whole commit or none of it.
    async fn commit(&self, work: UnitOfWork<Listing>) -> Result<CommitToken, StoreError>;
}
