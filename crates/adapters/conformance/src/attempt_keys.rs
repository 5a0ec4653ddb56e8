//! Rules of [`AttemptKeys`].
#![expect(clippy::missing_panics_doc, reason = "rules panic by design")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use ticketing_core::domain::ids::PaymentId;
use ticketing_core::domain::money::Money;
use ticketing_core::ports::attempt_keys::{AttemptKeys, ClosedKey};
use ticketing_core::ports::store::StoreError;

use crate::outcome::Outcome;
use crate::report::Family;
use crate::sample::{self, NOW};
use crate::time::soon;

/// Every rule of this module.
pub const ATTEMPT_KEYS: Family<dyn AttemptKeysFixture> = crate::attempt_keys!(@ [family]);

/// Keys of attempts, kept somewhere.
#[async_trait]
pub trait AttemptKeysFixture: Send + Sync {
    /// The keys; always the same ones.
    fn keys(&self) -> Arc<dyn AttemptKeys>;

    /// The same keys, as another process finds them.
    async fn reopened(&self) -> Arc<dyn AttemptKeys>;
}

fn total() -> Money {
    sample::price(4250).money()
}

fn payment() -> PaymentId {
    PaymentId::new(sample::uuid())
}

async fn answered<T: Send>(call: impl Future<Output = Result<T, StoreError>> + Send) -> T {
    soon("the keys are answered for", call).await.expect("the keys are answered for")
}

/// A key that was closed, whether it was used or not, is never opened again.
pub async fn a_closed_key_stays_closed(fixture: &dyn AttemptKeysFixture) -> Outcome {
    let keys = fixture.keys();
    let (unused, used) = (payment(), payment());
    assert_eq!(answered(keys.closed(unused)).await, None, "a key that nobody closed");
    assert!(answered(keys.open(used, total(), NOW)).await, "a new key may be opened");
    let later = NOW.after(Duration::from_secs(60));
    for (key, total) in [(unused, None), (used, Some(total()))] {
        for _ in 0..2 {
            assert!(answered(keys.close(key, later)).await, "a key that is not in use may be closed");
            assert!(!answered(keys.open(key, self::total(), later)).await, "a closed key was opened again");
            assert_eq!(answered(keys.closed(key)).await, Some(ClosedKey { total }), "a closed key has its total");
        }
        assert!(answered(keys.close(key, NOW)).await, "a closed key is closed, whatever else is asked");
    }
    Outcome::Kept
}

/// A key that was opened lately, be it for the second time, is not closed.
pub async fn a_key_in_use_is_not_closed(fixture: &dyn AttemptKeysFixture) -> Outcome {
    let (keys, key) = (fixture.keys(), payment());
    let at = |seconds| NOW.after(Duration::from_secs(seconds));
    for opened_at in [0, 10, 5] {
        assert!(answered(keys.open(key, total(), at(opened_at))).await, "an open key may be opened again");
    }
    for before in [0, 6, 10] {
        assert!(
            !answered(keys.close(key, at(before))).await,
            "opened at 10 s, it was closed as unused before {before} s"
        );
        assert_eq!(answered(keys.closed(key)).await, None, "a key in use was closed");
    }
    assert!(answered(keys.close(key, at(11))).await, "a key that was opened earlier may be closed");
    Outcome::Kept
}

/// If a key is opened and closed at once, it is sent under or closed, and never both.
pub async fn opening_and_closing_exclude_each_other(fixture: &dyn AttemptKeysFixture) -> Outcome {
    for _ in 0..16 {
        let key = payment();
        let tries = (0..8).map(|n| {
            let keys = fixture.keys();
            tokio::spawn(async move {
                match n % 2 {
                    0 => (keys.open(key, total(), NOW).await, Ok(false)),
                    _ => (Ok(false), keys.close(key, NOW).await),
                }
            })
        });
        let ends = soon("keys are answered for", join_all(tries.collect::<Vec<_>>())).await;
        let ends: Vec<_> = ends.into_iter().map(|end| end.expect("a try does not panic")).collect();
        let opened = ends.iter().any(|(opened, _)| matches!(opened, Ok(true)));
        let closed = ends.iter().any(|(_, closed)| matches!(closed, Ok(true)));
        assert!(opened != closed, "of opening and closing at once: opened {opened}, closed {closed}");
    }
    Outcome::Kept
}

/// What was closed is closed for another process too.
pub async fn a_key_stays_closed_after_a_restart(fixture: &dyn AttemptKeysFixture) -> Outcome {
    let (closed, used) = (payment(), payment());
    assert!(answered(fixture.keys().close(closed, NOW)).await, "a new key may be closed");
    assert!(answered(fixture.keys().open(used, total(), NOW)).await, "a new key may be opened");

    let keys = fixture.reopened().await;
    assert!(!answered(keys.open(closed, total(), NOW)).await, "after a restart, a closed key was opened");
    assert!(!answered(keys.close(used, NOW)).await, "after a restart, a key in use was closed");
    Outcome::Kept
}
