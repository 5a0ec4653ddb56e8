//! Keeps refused form input for a short while.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::BoxError;

/// Drafts are unavailable now: continue without them.
#[derive(Debug, thiserror::Error)]
#[error("drafts are unavailable")]
pub struct DraftError(#[source] pub BoxError);

/// Short-lived texts in named slots: a refused form, until its page is shown again.
///
/// The caller chooses the slots, and bounds memory by their number. A draft is a
/// convenience: a store may drop one early, for example when it is full.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `drafts`.
///
/// - A draft is found unchanged until it expires: `a_draft_is_found_until_its_time_is_up`.
/// - A newer draft replaces an older one: `a_newer_draft_takes_the_place_of_an_older_one`.
/// - Slots are independent, however similar their names: `slots_are_apart`.
/// - A draft in a free slot replaces no other, even of two at once: `a_free_slot_is_nobodys`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ticketing_core::ports::drafts::DraftStore;
/// # use ticketing_memory::MemoryEngines;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let drafts: &dyn DraftStore = &MemoryEngines::default().drafts;
/// let slots = ["form-1", "form-2"].map(str::to_owned);
/// let minutes = Duration::from_mins(10);
///
/// assert_eq!(drafts.keep_in_free(&slots, b"title=", minutes).await?, Some(0));
/// assert_eq!(drafts.keep_in_free(&slots, b"title=Opera", minutes).await?, Some(1));
/// assert_eq!(drafts.keep_in_free(&slots, b"title=Circus", minutes).await?, None);
/// assert_eq!(drafts.find("form-2").await?, Some(b"title=Opera".to_vec()));
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait DraftStore: Send + Sync + fmt::Debug + 'static {
    /// Keeps a draft in a slot for a span, replacing the slot's content.
    ///
    /// # Errors
    ///
    /// [`DraftError`]: it may or may not be kept.
    async fn keep(&self, slot: &str, draft: Vec<u8>, lasts: Duration) -> Result<(), DraftError>;

    /// Keeps a draft in the first of these slots that is free; returns its position, or `None` if none is free.
    ///
    /// # Errors
    ///
    /// [`DraftError`]: it may or may not be kept.
    async fn keep_in_free(&self, slots: &[String], draft: &[u8], lasts: Duration) -> Result<Option<usize>, DraftError>;

    /// The draft in a slot, if it is still there.
    ///
    /// # Errors
    ///
    /// [`DraftError`]: whether there is one is unknown.
    async fn find(&self, slot: &str) -> Result<Option<Vec<u8>>, DraftError>;
}
