//! Keeps what somebody typed into a form, for a short while.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::BoxError;

/// Drafts cannot be kept or found now: go on without them.
#[derive(Debug, thiserror::Error)]
#[error("drafts are unavailable")]
pub struct DraftError(#[source] pub BoxError);

/// Short-lived texts in named slots: a form that was not accepted, until its page is shown again.
///
/// The caller names the slots, and bounds memory by how many it names. A draft is a
/// convenience: a store may drop one early, when it has no room for instance.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `drafts`.
///
/// - A draft is found as it was kept, until its time is up: `a_draft_is_found_until_its_time_is_up`.
/// - A newer draft takes the place of an older one: `a_newer_draft_takes_the_place_of_an_older_one`.
/// - Slots are apart, however alike their names: `slots_are_apart`.
/// - A draft in a free slot takes no other's place, also of two at once: `a_free_slot_is_nobodys`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait DraftStore: Send + Sync + fmt::Debug + 'static {
    /// Keeps a draft in a slot for so long, in place of what the slot held.
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

    /// The draft in a slot, if it is there still.
    ///
    /// # Errors
    ///
    /// [`DraftError`]: it is not known whether there is one.
    async fn find(&self, slot: &str) -> Result<Option<Vec<u8>>, DraftError>;
}
