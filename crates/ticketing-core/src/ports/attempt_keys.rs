//! Which attempts to pay may still be sent to a provider that cannot refuse them.

use std::fmt;

use async_trait::async_trait;

use crate::domain::ids::PaymentId;
use crate::domain::money::Money;
use crate::domain::time::Timestamp;

use super::store::StoreError;

/// A key under which nothing may be captured any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedKey {
    /// What was to be captured under it before it was closed, if anything was.
    pub total: Option<Money>,
}

/// Keeps which keys were used and which are closed, permanently.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `attempt_keys`.
///
/// - A closed key is never opened again: `a_closed_key_stays_closed`.
/// - A key is not closed shortly after it was opened, or opened again: `a_key_in_use_is_not_closed`.
/// - Of opening and closing a key at once, one happens: `opening_and_closing_exclude_each_other`.
/// - A closed key stays closed after a restart: `a_key_stays_closed_after_a_restart`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ticketing_core::ports::attempt_keys::AttemptKeys;
/// # use ticketing_core::domain::{ids::PaymentId, money::Money, time::Timestamp};
/// # use ticketing_memory::MemoryAttemptKeys;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (payment, total) = (PaymentId::from_u128(1), Money { amount: 4500, currency: "EUR".parse()? });
/// # let now = Timestamp::EPOCH;
/// let keys: &dyn AttemptKeys = &MemoryAttemptKeys::default();
/// assert!(keys.open(payment, total, now).await?);
/// assert!(!keys.close(payment, now).await?, "a capture may be under way");
///
/// assert!(keys.close(payment, now.after(Duration::from_mins(1))).await?);
/// assert!(!keys.open(payment, total, now).await?, "nothing may be sent any more");
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait AttemptKeys: Send + Sync + fmt::Debug + 'static {
    /// Notes that a capture is about to be sent under a key; `false` if the key is closed and nothing may be sent.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: it may have been noted, and nothing may be sent.
    async fn open(&self, payment: PaymentId, total: Money, now: Timestamp) -> Result<bool, StoreError>;

    /// Closes a key permanently, unless it was last opened at `opened_before` or later; returns whether it is closed.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: it may have been closed.
    async fn close(&self, payment: PaymentId, opened_before: Timestamp) -> Result<bool, StoreError>;

    /// A closed key; `None` if it is open or was never used.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    async fn closed(&self, payment: PaymentId) -> Result<Option<ClosedKey>, StoreError>;
}
