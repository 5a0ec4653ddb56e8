//! The store of the tickets service.

use std::collections::HashMap;
use std::fmt;

use async_trait::async_trait;

use crate::domain::ids::{AccountId, TicketId};
use crate::domain::money::Currency;
use crate::domain::order::IdempotencyKey;
use crate::domain::seller::Seller;
use crate::domain::ticket::{Listing, Sales};
use crate::domain::time::Timestamp;
use crate::wire::TicketState;

use super::store::{CommitToken, Page, StoreError, Stored, UnitOfWork};

/// Asks for what is on sale of one event, in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventOffers {
    /// The event, as [`event_to_find`](crate::domain::search::event_to_find) recognises it.
    pub event: String,
    /// Only offers priced in it, since amounts of two currencies do not compare.
    pub currency: Currency,
    /// Offers that are [closed](Listing::is_closed) at this time are left out.
    pub now: Timestamp,
    /// At most this many.
    pub limit: usize,
}

/// One kind of record of the tickets service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketRecord {
    /// A ticket with its sales.
    Listing(Listing),
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
/// - Newer sales take the place of older ones and leave the rest: `newer_sales_are_followed`.
/// - However many follow sales at once and in whichever order, the newest stay: `the_newest_sales_stay`.
/// - Sales are followed of all tickets or of none: `sales_are_followed_all_or_none`.
/// - What a record no longer has is gone: `a_field_that_is_taken_away_is_gone`.
/// - A cancelled commit leaves all of it or nothing: `a_cancelled_commit_leaves_all_or_nothing`.
/// - A unit of work may carry many decisions: `a_unit_of_work_carries_many_decisions`.
/// - A key makes at most one listing per seller: `a_key_makes_one_listing_of_a_seller`.
/// - An unreadable record fails only reads that ask for it: `an_unreadable_record_is_corrupt`.
/// - A list skips unreadable records and continues: `unreadable_listings_are_passed_by`.
/// - What is on sale of an event is found in one currency, also what is sold out, cheapest first and the newest of
///   equal ones first: `the_offers_of_an_event_are_found`.
/// - A seller's list has all their listings, newest first: `a_seller_finds_all_their_listings`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ticketing_core::domain::search::event_to_find;
/// use ticketing_core::ports::ticket_store::{EventOffers, TicketStore};
/// # use ticketing::{AccountId, Market};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let market = Market::test().await?;
/// # let ([ada, gus], now) = ([1, 2].map(AccountId::from_u128), market.env().now());
/// let starts_at = now.after(Duration::from_secs(3600));
/// let dear = market.sell(ada, "Così fan tutte").price(4500, "EUR").starts_at(starts_at, "Europe/Vienna").await?;
/// let cheap = market.sell(gus, "Così fan tutte").price(1200, "EUR").starts_at(starts_at, "Europe/Vienna").await?;
///
/// let store: &dyn TicketStore = &market.engines().tickets;
/// let event = event_to_find(&dear.offer.details.event).ok_or("it has no start")?;
/// let wanted = EventOffers { event, currency: "EUR".parse()?, now, limit: 10 };
/// let found = store.offers_of_event(&wanted).await?;
/// assert_eq!(found.iter().map(|listing| listing.ticket.id).collect::<Vec<_>>(), [cheap.id, dear.id]);
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

    /// What is on sale of an event, cheapest first, and the newest of equal ones first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn offers_of_event(&self, wanted: &EventOffers) -> Result<Vec<Listing>, StoreError>;

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

    /// Takes over the sales of tickets that are newer than those it has, all of them or none; returns how these tickets
    /// stand now. Older sales, equal ones, and those of tickets that it does not have change nothing.
    ///
    /// Most writes are these, so nothing is read for them but what is compared. They are a commit like any other: a
    /// revision that was read before conflicts.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Conflict`] names the listings that others hold or changed meanwhile; nothing was written.
    /// - [`StoreError::Unavailable`]: all of them may be written, or none. The same sales may be followed again.
    /// - [`StoreError::Corrupt`]: a listing that was to be read cannot be; nothing was written.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves all of it or nothing.
    async fn follow_sales(&self, newest: &HashMap<TicketId, Sales>)
    -> Result<Vec<(TicketId, TicketState)>, StoreError>;
}
