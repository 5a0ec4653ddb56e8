//! The store of the tickets service, and the search for tickets.

use std::fmt;

use async_trait::async_trait;

use crate::domain::attributes::Attributes;
use crate::domain::ids::{AccountId, TicketId};
use crate::domain::money::Currency;
use crate::domain::order::IdempotencyKey;
use crate::domain::seller::Seller;
use crate::domain::ticket::{Details, Listing};
use crate::domain::time::Timestamp;

pub use crate::domain::search::Moment;

use super::store::{CommitToken, Page, StoreError, Stored, UnitOfWork};

/// A search. Every given filter must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketQuery {
    /// Words that title, venue, city or description contain, each as the beginning of a word; case does not matter.
    ///
    /// [`words_to_find`](crate::domain::search::words_to_find) defines the words; a text without words finds nothing.
    pub text: Option<String>,
    /// The whole category, compared by [`name_to_find`](crate::domain::search::name_to_find).
    pub category: Option<String>,
    /// The whole city, compared in the same way.
    pub city: Option<String>,
    /// The event starts then or later.
    pub from: Option<Moment>,
    /// The event starts before then.
    pub to: Option<Moment>,
    /// Only tickets priced in it. Filters and sorting by price compare minor units, so they need one.
    pub currency: Option<Currency>,
    /// In minor units; inclusive.
    pub min_price: Option<u64>,
    /// In minor units; inclusive.
    pub max_price: Option<u64>,
    /// A ticket has each of these, with an equal value. Only texts, numbers and booleans are compared;
    /// [`attributes_to_find`](crate::domain::search::attributes_to_find) leaves others out.
    pub attributes: Attributes,
    /// The event, as [`event_to_find`](crate::domain::search::event_to_find) recognises it.
    pub event: Option<String>,
    /// The order of the results.
    pub sort: TicketSort,
    /// Tickets whose sales ended before then are left out; those of an event end with its start at the latest.
    pub now: Timestamp,
    /// The requested page.
    pub page: Page<TicketCursor>,
}

impl TicketQuery {
    /// Whether the event starts within the bounds, and its tickets are still sold.
    #[must_use]
    pub fn has_time_for(&self, details: &Details) -> bool {
        let event = &details.event;
        let bounded = self.from.is_some() || self.to.is_some();
        (!bounded || event.starts_at.is_some())
            && self.from.is_none_or(|from| !from.is_after_start(event))
            && self.to.is_none_or(|to| to.is_after_start(event))
            && details.closes_at().is_none_or(|at| at >= self.now)
    }

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
            attributes: Attributes::NONE,
            event: None,
            sort: TicketSort::Newest,
            now,
            page: Page::first(limit),
        }
    }
}

/// The order of tickets; equal ones are ordered newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TicketSort {
    /// Newest first.
    #[default]
    Newest,
    /// Event soonest; those without a time come last.
    Soonest,
    /// Lowest amount of a currency.
    Cheapest,
    /// Highest amount of a currency.
    Dearest,
}

/// A cursor in a list of tickets: the last entry of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TicketCursor {
    /// Its sort value, from [`TicketSort::rank`].
    pub rank: u64,
    /// The entry itself.
    pub id: TicketId,
}

impl TicketSort {
    /// The sort value of a listing, lowest first; equal ranks are ordered by id, highest first.
    #[must_use]
    pub fn rank(self, listing: &Listing) -> u64 {
        let offer = &listing.ticket.offer;
        let amount = offer.price.money().amount;
        match self {
            Self::Newest => 0,
            Self::Soonest => offer.details.event.starts_at.map_or(u64::MAX, |at| at.millis().unsigned_abs()),
            Self::Cheapest => amount,
            Self::Dearest => u64::MAX - amount,
        }
    }

    /// The cursor at a listing in a list with this order.
    #[must_use]
    pub fn cursor(self, listing: &Listing) -> TicketCursor {
        TicketCursor { rank: self.rank(listing), id: listing.ticket.id }
    }
}

/// One kind of record of the tickets service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketRecord {
    /// A ticket with its sales.
    Listing(Listing),
    /// The same, of which the sales alone differ from what it replaces: most writes are these, and a store may leave
    /// the rest as it is.
    Sold(Listing),
    /// What is known of who sells.
    Seller(Seller),
}

impl From<Listing> for TicketRecord {
    fn from(listing: Listing) -> Self {
        Self::Listing(listing)
    }
}

impl From<Seller> for TicketRecord {
    fn from(seller: Seller) -> Self {
        Self::Seller(seller)
    }
}

/// Keeps listings and sellers, and the outbox of the tickets service.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `store`.
///
/// - A commit is all or nothing: `a_stale_commit_leaves_no_trace`.
/// - A conflict names the changed records: `a_conflict_names_what_changed`.
/// - Of two commits against one revision, one wins: `one_of_two_racing_commits_wins`.
/// - A revision that was read in another history of the record, such as a backup, conflicts however often each
///   was written: `a_revision_of_another_history_conflicts`.
/// - Writers who reload after a conflict lose nothing: `writers_who_reload_lose_nothing`.
/// - An insert of an existing record is refused: `an_insert_of_what_exists_is_refused`.
/// - A committed record is read back with the next revision: `a_commit_is_visible_to_the_next_read`.
/// - Sales that change alone leave the rest: `sales_change_alone`.
/// - What a record no longer has is gone: `a_field_that_is_taken_away_is_gone`.
/// - A cancelled commit leaves all of it or nothing: `a_cancelled_commit_leaves_all_or_nothing`.
/// - A unit of work may carry many decisions: `a_unit_of_work_carries_many_decisions`.
/// - A key makes at most one listing per seller: `a_key_makes_one_listing_of_a_seller`.
/// - An unreadable record fails only reads that ask for it: `an_unreadable_record_is_corrupt`.
/// - A list skips unreadable records and continues: `unreadable_listings_are_passed_by`.
/// - Every filter narrows a search, and only tickets on sale are found: `a_search_finds_what_matches_and_no_more`.
/// - Words, cities and categories are found in every spelling: `whatever_is_spelled_in_two_ways_is_found`.
/// - A day is the one at the place of the event: `a_day_is_that_of_the_place`.
/// - Pages in any order join without a gap or a repetition: `search_pages_join_without_gaps`.
/// - A seller's list has all their listings, newest first: `a_seller_finds_all_their_listings`.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::ticket_store::{TicketQuery, TicketStore};
/// # use ticketing::{AccountId, Market};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let market = Market::test().await?;
/// # let (seller, now) = (AccountId::from_u128(1), market.env().now());
/// let opera = market.sell(seller, "Così fan tutte").price(4500, "EUR").city("Wien").await?;
/// market.sell(seller, "Circus").price(1200, "EUR").city("Wien").await?;
///
/// let store: &dyn TicketStore = &market.engines().tickets;
/// let query = TicketQuery { text: Some("tutt".to_owned()), city: Some("wien".to_owned()), ..TicketQuery::all(now, 10) };
/// let found = store.search(&query).await?;
/// assert_eq!(found.iter().map(|listing| listing.ticket.id).collect::<Vec<_>>(), [opera.id]);
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait TicketStore: Send + Sync + fmt::Debug + 'static {
    /// The existing listings with these ids, in any order.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    async fn listings(&self, ids: &[TicketId]) -> Result<Vec<Stored<Listing>>, StoreError>;

    /// The listing that a seller created under an idempotency key.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    async fn listing_under(&self, seller: AccountId, key: &IdempotencyKey) -> Result<Option<Listing>, StoreError>;

    /// What is known of an account that sells, or may.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    async fn seller(&self, account: AccountId) -> Result<Option<Stored<Seller>>, StoreError>;

    /// Matching tickets on sale, in the requested order.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn search(&self, query: &TicketQuery) -> Result<Vec<Listing>, StoreError>;

    /// All listings of a seller, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn listings_of(&self, seller: AccountId, page: Page<TicketId>) -> Result<Vec<Listing>, StoreError>;

    /// Applies every write and queues every event, or does neither; returns the commit token of the new revisions.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Conflict`] names the conflicting records, or the key that is taken.
    /// - [`StoreError::Unavailable`]: the commit may have happened.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the whole commit or none of it.
    async fn commit(&self, work: UnitOfWork<TicketRecord>) -> Result<CommitToken, StoreError>;
}
