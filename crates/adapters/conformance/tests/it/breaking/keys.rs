//! Keys of attempts that do not stay closed, or are closed too soon.

use std::sync::Arc;

use async_trait::async_trait;
use ticketing_conformance::attempt_keys::{ATTEMPT_KEYS, AttemptKeysFixture};
use ticketing_core::domain::ids::PaymentId;
use ticketing_core::domain::money::Money;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::attempt_keys::{AttemptKeys, ClosedKey};
use ticketing_core::ports::store::StoreError;
use ticketing_memory::MemoryAttemptKeys;

use super::assert_notices;

/// What is wrong with the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    OpensAnyKey,
    ClosesWhatIsInUse,
    ClosesInWordsAlone,
    ForgetsAtARestart,
}

#[derive(Debug)]
struct Keys(MemoryAttemptKeys, Flaw);

#[async_trait]
impl AttemptKeys for Keys {
    async fn open(&self, payment: PaymentId, total: Money, now: Timestamp) -> Result<bool, StoreError> {
        let opened = self.0.open(payment, total, now).await?;
        Ok(opened || self.1 == Flaw::OpensAnyKey)
    }

    async fn close(&self, payment: PaymentId, opened_before: Timestamp) -> Result<bool, StoreError> {
        match self.1 {
            Flaw::ClosesWhatIsInUse => self.0.close(payment, Timestamp::from_millis(i64::MAX)).await,
            Flaw::ClosesInWordsAlone => self.0.close(payment, opened_before).await.map(|_| true),
            _ => self.0.close(payment, opened_before).await,
        }
    }

    async fn closed(&self, payment: PaymentId) -> Result<Option<ClosedKey>, StoreError> {
        self.0.closed(payment).await
    }
}

struct Kept(Arc<Keys>);

impl Kept {
    fn with(flaw: Flaw) -> Self {
        Self(Arc::new(Keys(MemoryAttemptKeys::default(), flaw)))
    }
}

#[async_trait]
impl AttemptKeysFixture for Kept {
    fn keys(&self) -> Arc<dyn AttemptKeys> {
        self.0.clone()
    }

    async fn reopened(&self) -> Arc<dyn AttemptKeys> {
        match self.0.1 {
            Flaw::ForgetsAtARestart => Self::with(Flaw::None).keys(),
            _ => self.keys(),
        }
    }
}

#[tokio::test]
async fn keys_that_do_not_stay_closed_or_close_too_soon() {
    for (rule, flaw) in [
        ("a_closed_key_stays_closed", Flaw::OpensAnyKey),
        ("a_key_in_use_is_not_closed", Flaw::ClosesWhatIsInUse),
        ("opening_and_closing_exclude_each_other", Flaw::ClosesInWordsAlone),
        ("a_key_stays_closed_after_a_restart", Flaw::ForgetsAtARestart),
    ] {
        assert_notices(&ATTEMPT_KEYS, rule, &Kept::with(Flaw::None), &Kept::with(flaw)).await;
    }
}
