//! Tokens whose signature was checked, until there are too many.

use std::collections::HashMap;
use std::mem;

use parking_lot::RwLock;

use super::payload::Verified;

/// Remembers verified tokens in two generations.
///
/// When the young one is half of all that may be kept it becomes the old one,
/// and what was old is forgotten. Forgetting costs one more signature check.
#[derive(Debug)]
pub(super) struct TokenCache {
    generations: RwLock<Generations>,
    young_max: usize,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Box<str>, Verified>,
    old: HashMap<Box<str>, Verified>,
}

impl TokenCache {
    pub(super) fn new(capacity: usize) -> Self {
        Self { generations: RwLock::default(), young_max: (capacity / 2).max(1) }
    }

    pub(super) fn get(&self, token: &str) -> Option<Verified> {
        let known = self.generations.read();
        known.young.get(token).or_else(|| known.old.get(token)).copied()
    }

    pub(super) fn insert(&self, token: &str, verified: Verified) {
        let mut known = self.generations.write();
        if known.young.len() >= self.young_max {
            known.old = mem::take(&mut known.young);
        }
        known.young.insert(token.into(), verified);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ticketing_core::domain::ids::{AccountId, SessionId};
    use ticketing_core::domain::time::Timestamp;
    use ticketing_core::ports::identity::Claims;
    use uuid::Uuid;

    fn verified(n: u128) -> Verified {
        let claims = Claims {
            account: AccountId::new(Uuid::from_u128(n)),
            session: SessionId::new(Uuid::from_u128(n)),
            confirmed: false,
            issued_at: Timestamp::EPOCH,
            expires_at: Timestamp::EPOCH,
        };
        Verified { claims, not_before: None, key_ends: None }
    }

    #[test]
    fn the_newest_are_remembered_and_never_more_than_fit() {
        let cache = TokenCache::new(8);
        for n in 0..100 {
            cache.insert(&format!("token {n}"), verified(n));
        }
        let known = (0..100).filter(|n| cache.get(&format!("token {n}")).is_some()).collect::<Vec<_>>();

        assert!((4..=8).contains(&known.len()), "{known:?}");
        assert_eq!(known.last(), Some(&99));
        assert_eq!(cache.get("token 99"), Some(verified(99)));
    }
}
