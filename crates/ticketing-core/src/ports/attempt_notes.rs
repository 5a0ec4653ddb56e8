//! The provider's id of each attempt to pay, or the note that the attempt must not be made.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::ids::PaymentId;

use super::store::StoreError;

/// What is noted about an attempt, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptNote {
    /// The provider has prepared it under this id. No money is taken before this is noted.
    Prepared {
        /// The id.
        provider_id: Arc<str>,
    },
    /// It must not be made.
    Closed,
}

/// Keeps one note for each attempt, permanently.
///
/// For a provider that gives an attempt its own id before it takes any money, and can be asked by that id never to
/// take any. Capturing and giving up both write a note first, so exactly one of them wins.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `attempt_notes`.
///
/// - The first note of an attempt stands: `the_first_note_stands`.
/// - Of several written at once one stands, and the other writers get that one: `of_notes_at_once_one_stands`.
/// - A note outlives the process that wrote it: `a_note_outlives_a_restart`.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::attempt_notes::{AttemptNote, AttemptNotes};
/// # use ticketing_core::domain::ids::PaymentId;
/// # use ticketing_memory::MemoryAttemptNotes;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let payment = PaymentId::from_u128(1);
/// let notes: &dyn AttemptNotes = &MemoryAttemptNotes::default();
/// let prepared = AttemptNote::Prepared { provider_id: "pi_1".into() };
/// assert_eq!(notes.note(payment, prepared.clone()).await?, None, "money may be taken now");
/// assert_eq!(notes.note(payment, AttemptNote::Closed).await?, Some(prepared), "and the provider is asked how it ended");
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait AttemptNotes: Send + Sync + fmt::Debug + 'static {
    /// Writes the note and returns `None`, or returns the earlier note of the attempt, which stands.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Unavailable`]: it may have been written.
    /// - [`StoreError::Corrupt`]: the earlier note cannot be read.
    async fn note(&self, payment: PaymentId, note: AttemptNote) -> Result<Option<AttemptNote>, StoreError>;
}
