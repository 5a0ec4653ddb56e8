//! The index that answers questions about tickets.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::ids::TicketId;
use crate::domain::search::{Facets, Found, Question, SearchChange, SearchPage, Watermark};
use crate::domain::ticket::Sales;
use crate::domain::time::Timestamp;

use super::BoxError;

/// Why an index did not answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// It did not answer in time: the same call may succeed later.
    #[error("the search index is unavailable")]
    Unavailable(#[source] BoxError),
    /// What it has is damaged: open it again, which rebuilds it from nothing.
    #[error("the search index is damaged")]
    Corrupt(#[source] BoxError),
}

impl SearchError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::Corrupt(_) => false,
        }
    }
}

/// Finds tickets: a read model of `ticket.*` and `order.*`, which can be built again at any time.
///
/// Hits are ids and ranks. What a page shows of each is read from the store, so it is never older than the store.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `search_index`.
///
/// - What was applied is found when `apply` returns: `what_was_applied_is_found`.
/// - A batch that is applied again changes nothing: `a_batch_applied_twice_is_applied_once`.
/// - An older or an equal version changes nothing, in whichever order they come: `an_older_version_changes_nothing`.
/// - Sales and facts are told apart, and either may come first: `sales_may_come_before_facts`.
/// - What is withdrawn or called off is not found, and stays so: `what_is_not_on_sale_is_not_found`.
/// - Every filter narrows a question: `every_filter_narrows_a_question`.
/// - A day and a weekend are those of the place: `days_are_those_of_the_place`.
/// - Each order is as it says, and equal ones are newest first: `hits_are_in_the_order_asked_for`.
/// - Pages join both ways without a gap or a repetition, and count: `search_pages_join_both_ways`.
/// - A page goes on behind a hit that is gone: `a_page_goes_on_behind_a_hit_that_is_gone`.
/// - Facets count all hits, each without its own filter: `facets_count_the_hits`.
/// - Exact words come before beginnings, and those before corrected errors: `exact_words_come_first`.
/// - An error in a word of five letters is corrected, and told: `an_error_is_corrected_and_told`.
/// - Questions in twenty languages and more find what they must: `the_bank_of_questions_is_answered`.
/// - A title is found with an error in one of its words, 98 times of a hundred: `titles_are_found_with_an_error`.
/// - Suggestions are titles of what is on sale, each once: `suggestions_are_titles_on_sale`.
/// - No question is too much: `no_question_is_too_much`.
/// - It says which sales it was told last, found by or not: `the_newest_sales_are_told`.
/// - The watermark is the one of the last batch: `the_watermark_is_that_of_the_last_batch`.
/// - A batch and its watermark are one commit, however far its caller waited: `a_cancelled_apply_leaves_all_or_nothing`.
/// - Batches that are applied at once are all applied: `batches_at_once_are_all_applied`.
/// - What was applied survives a restart with its watermark, or neither does: `what_was_applied_survives_a_restart`.
///
/// # Examples
///
/// ```
/// use ticketing::{AccountId, Market};
/// use ticketing_core::domain::search::{Filters, Question, SearchChange, SearchPage, SearchSort, Watermark};
/// use ticketing_core::ports::search_index::{SearchError, SearchIndex};
///
/// async fn count(index: &dyn SearchIndex, market: &Market) -> Result<u64, Box<dyn std::error::Error>> {
///     let now = market.env().now();
///     let opera = market.sell(AccountId::from_u128(1), "Così fan tutte").price(4500, "EUR").await?;
///     index.apply(vec![SearchChange::Facts(Box::new(opera))], Watermark::begin(uuid::Uuid::nil())).await?;
///
///     let question = Question::parse("cosi fan tutti", Filters::default(), SearchSort::BestMatch, now)?;
///     let found = index.search(&question, SearchPage::First { limit: 10 }).await?;
///     assert_eq!(found.instead.as_deref(), Some("cosi fan tutte"));
///     Ok(found.count)
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let market = Market::test().await?;
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait SearchIndex: Send + Sync + fmt::Debug + 'static {
    /// Takes over what is newer than what it knows, and the watermark, as one commit; returns how many tickets changed.
    ///
    /// When it returns, all of it is found, and durable if the index is.
    ///
    /// # Errors
    ///
    /// [`SearchError`]: nothing of it was applied, or all of it; apply it again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the whole batch or none of it.
    async fn apply(&self, changes: Vec<SearchChange>, upto: Watermark) -> Result<usize, SearchError>;

    /// One page of the hits.
    ///
    /// # Errors
    ///
    /// [`SearchError`].
    async fn search(&self, question: &Question, page: SearchPage) -> Result<Found, SearchError>;

    /// The choices that narrow a question; its order makes no difference, but for its currency.
    ///
    /// # Errors
    ///
    /// [`SearchError`].
    async fn facets(&self, question: &Question) -> Result<Facets, SearchError>;

    /// Titles of tickets on sale at `now` that somebody may mean who has typed this much; at most [`MOST_SUGGESTIONS`].
    ///
    /// # Errors
    ///
    /// [`SearchError`].
    async fn suggest(&self, typed: &str, now: Timestamp) -> Result<Vec<String>, SearchError>;

    /// The watermark of the last batch; none if it was built from nothing and nothing was applied.
    ///
    /// # Errors
    ///
    /// [`SearchError`].
    async fn watermark(&self) -> Result<Option<Watermark>, SearchError>;

    /// The newest sales that it was told of some tickets, also where they make no difference to any question; a ticket
    /// of which it was told none is left out.
    ///
    /// # Errors
    ///
    /// [`SearchError`].
    async fn sales(&self, tickets: &[TicketId]) -> Result<HashMap<TicketId, Sales>, SearchError>;
}

/// Begins indexes beside the one in use, so that it can be built again while it answers.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `search_index`.
///
/// - An index that begins has nothing, and changes nothing of the one in use: `an_index_begins_beside_the_one_in_use`.
/// - After a restart the one in use is there, or the one that was adopted:
///   `an_adopted_index_is_there_after_a_restart`.
///
/// # Examples
///
/// ```
/// use ticketing::{AccountId, Market};
/// use ticketing_core::ports::search_index::SearchIndexes;
/// use ticketing_core::usecase::search::fill_index;
/// use ticketing_memory::MemorySearchIndexes;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let market = Market::test().await?;
/// market.sell(AccountId::from_u128(1), "Opera").price(4500, "EUR").await?;
///
/// let indexes: &dyn SearchIndexes = &MemorySearchIndexes;
/// let next = indexes.begin().await?;
/// fill_index(&market.engines().audit_reader(), &*next, uuid::Uuid::nil()).await?;
/// indexes.adopt().await?;
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait SearchIndexes: Send + Sync + fmt::Debug + 'static {
    /// An index with nothing in it. It is gone with its last handle, unless it was adopted; one that was begun before
    /// is not adopted any more.
    ///
    /// # Errors
    ///
    /// [`SearchError::Unavailable`]: there is no room for another one.
    async fn begin(&self) -> Result<Arc<dyn SearchIndex>, SearchError>;

    /// The index that was begun last takes the place of the one in use, which is gone with its last handle.
    ///
    /// # Errors
    ///
    /// [`SearchError::Unavailable`]: the one in use stays, or, if nothing was begun, there is nothing to adopt.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the one or the other.
    async fn adopt(&self) -> Result<(), SearchError>;
}

/// The most suggestions.
pub const MOST_SUGGESTIONS: usize = 8;
