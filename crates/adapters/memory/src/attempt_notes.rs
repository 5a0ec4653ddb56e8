//! The provider's id of each attempt to pay.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::ids::PaymentId;
use ticketing_core::ports::attempt_notes::{AttemptNote, AttemptNotes};
use ticketing_core::ports::store::StoreError;

use crate::lock::Lock;

/// Keeps the notes of attempts in memory. A clone is a handle to the same notes.
#[derive(Debug, Clone, Default)]
pub struct MemoryAttemptNotes(Arc<Lock<HashMap<PaymentId, AttemptNote>>>);

#[async_trait]
impl AttemptNotes for MemoryAttemptNotes {
    async fn note(&self, payment: PaymentId, note: AttemptNote) -> Result<Option<AttemptNote>, StoreError> {
        match self.0.lock().entry(payment) {
            Entry::Occupied(earlier) => Ok(Some(earlier.get().clone())),
            Entry::Vacant(none) => {
                none.insert(note);
                Ok(None)
            }
        }
    }
}
