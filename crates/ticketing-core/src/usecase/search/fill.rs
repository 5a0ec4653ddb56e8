//! Tells an index what a log no longer has.

use uuid::Uuid;

use crate::domain::ids::TicketId;
use crate::domain::search::{SearchChange, Watermark};
use crate::domain::ticket::Listing;
use crate::domain::time::Timestamp;
use crate::ports::BoxError;
use crate::ports::audit_reader::AuditReader;
use crate::ports::search_index::{SearchError, SearchIndex};
use crate::ports::store::Page;
use crate::ports::unreadable::Listed;

/// How many tickets are told together.
pub(super) const BATCH: usize = 512;

/// Tells an index all listings of the tickets service, and returns how many; those that cannot be read are left out.
///
/// The index may be fed and asked meanwhile: what an event told it is newer, or the same. Its watermark stays, and
/// one that has none begins with `history`.
///
/// # Errors
///
/// Whatever the store or the index could not do; do it again.
///
/// # Examples
///
/// ```
/// use ticketing::{AccountId, Market};
/// use ticketing_core::domain::search::{Question, SearchPage};
/// use ticketing_core::ports::search_index::SearchIndex;
/// use ticketing_core::usecase::search::fill_index;
/// use ticketing_memory::MemorySearchIndex;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let market = Market::test().await?;
/// market.sell(AccountId::from_u128(1), "Opera").price(4500, "EUR").await?;
///
/// let index = MemorySearchIndex::default();
/// fill_index(&market.engines().audit_reader(), &index, uuid::Uuid::nil()).await?;
/// let found = index.search(&Question::all(market.env().now()), SearchPage::First { limit: 10 }).await?;
/// assert_eq!(found.count, 1);
/// # Ok(())
/// # }
/// ```
pub async fn fill_index(owners: &dyn AuditReader, index: &dyn SearchIndex, history: Uuid) -> Result<usize, BoxError> {
    let (mut sum, mut after) = (0, None);
    loop {
        let Part { told, next } = fill_some(owners, index, history, after).await?;
        sum += told;
        if next.is_none() {
            return Ok(sum);
        }
        after = next;
    }
}

/// What was told at a time.
pub(super) struct Part {
    /// How many tickets.
    pub(super) told: usize,
    /// The last of them, if others may follow.
    pub(super) next: Option<TicketId>,
}

/// Tells an index some listings of the tickets service, those behind a ticket.
pub(super) async fn fill_some(
    owners: &dyn AuditReader,
    index: &dyn SearchIndex,
    history: Uuid,
    after: Option<TicketId>,
) -> Result<Part, BoxError> {
    let (listings, next) = read_some(owners, after).await?;
    tell(index, history, &listings).await?;
    Ok(Part { told: listings.len(), next })
}

/// Some listings behind a ticket, and the last of them, if others may follow.
pub(super) async fn read_some(
    owners: &dyn AuditReader,
    after: Option<TicketId>,
) -> Result<(Vec<Listing>, Option<TicketId>), BoxError> {
    let Listed { records, unreadable } = owners.listings(Page { after, limit: BATCH }).await?;
    if !unreadable.is_empty() {
        tracing::warn!(tickets = unreadable.len(), "some tickets cannot be read, and the search does not find them");
    }
    // A page that is not full is the last: who reads on would chase what is being written.
    let next = records.last().filter(|_| records.len() >= BATCH).map(|listing| listing.ticket.id);
    Ok((records, next))
}

/// Tells an index some listings; its watermark stays.
pub(super) async fn tell(index: &dyn SearchIndex, history: Uuid, listings: &[Listing]) -> Result<(), SearchError> {
    if listings.is_empty() {
        return Ok(());
    }
    let upto = index.watermark().await?.unwrap_or_else(|| Watermark::begin(history));
    index.apply(listings.iter().flat_map(SearchChange::of_listing).collect(), upto).await.map(drop)
}

/// Notes that an index has all there was at a time: only now it is more than a beginning.
pub(super) async fn complete(index: &dyn SearchIndex, history: Uuid, began_at: Timestamp) -> Result<(), SearchError> {
    let known = index.watermark().await?.unwrap_or_else(|| Watermark::begin(history));
    index.apply(Vec::new(), known.after(0, began_at)).await.map(drop)
}
