//! Tells an index what a log no longer has.

use uuid::Uuid;

use crate::audit::pages::Pages;
use crate::domain::search::{SearchChange, Watermark};
use crate::ports::BoxError;
use crate::ports::audit_reader::AuditReader;
use crate::ports::search_index::SearchIndex;

/// How many tickets are told together.
const BATCH: usize = 512;

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
    let mut listings = Pages::new(BATCH, |page| owners.listings(page), |listing| listing.ticket.id);
    let (mut told, mut batch) = (0, Vec::with_capacity(2 * BATCH));
    loop {
        let listing = listings.next().await?;
        batch.extend(listing.iter().flat_map(SearchChange::of_listing));
        if batch.len() >= 2 * BATCH || listing.is_none() && !batch.is_empty() {
            told += batch.len() / 2;
            let upto = index.watermark().await?.unwrap_or_else(|| Watermark::begin(history));
            index.apply(std::mem::take(&mut batch), upto).await?;
        }
        if listing.is_none() {
            return Ok(told);
        }
    }
}
