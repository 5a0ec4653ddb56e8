//! Which attempts to pay may still be sent.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::ids::PaymentId;
use ticketing_core::domain::money::Money;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::attempt_keys::{AttemptKeys, ClosedKey};
use ticketing_core::ports::store::StoreError;

use crate::lock::Lock;

/// Keeps the keys of attempts in memory. A clone is a handle to the same keys.
#[derive(Debug, Clone, Default)]
pub struct MemoryAttemptKeys(Arc<Lock<HashMap<PaymentId, Key>>>);

#[derive(Debug, Clone, Copy, Default)]
struct Key {
    /// When it was opened last, and for how much.
    opened: Option<(Timestamp, Money)>,
    is_closed: bool,
}

#[async_trait]
impl AttemptKeys for MemoryAttemptKeys {
    async fn open(&self, payment: PaymentId, total: Money, now: Timestamp) -> Result<bool, StoreError> {
        let mut keys = self.0.lock();
        let key = keys.entry(payment).or_default();
        if !key.is_closed {
            let last = key.opened.map_or(now, |(at, _)| at.max(now));
            key.opened = Some((last, total));
        }
        Ok(!key.is_closed)
    }

    async fn close(&self, payment: PaymentId, opened_before: Timestamp) -> Result<bool, StoreError> {
        let mut keys = self.0.lock();
        let key = keys.entry(payment).or_default();
        key.is_closed |= key.opened.is_none_or(|(at, _)| at < opened_before);
        Ok(key.is_closed)
    }

    async fn closed(&self, payment: PaymentId) -> Result<Option<ClosedKey>, StoreError> {
        let key = self.0.lock().get(&payment).copied().filter(|key| key.is_closed);
        Ok(key.map(|key| ClosedKey { total: key.opened.map(|(_, total)| total) }))
    }
}
