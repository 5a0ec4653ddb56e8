//! Keys that the accounts service publishes, asked for beside the requests.
//!
//! No request waits for them. Until they are known, and while a token names a
//! key that is not known yet, the answer is "ask again".

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::RwLock;
use serde::Deserialize;
use tokio::sync::Notify;

use ticketing_api::paths;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::messaging::driver::Step;
use ticketing_core::ports::BoxError;
use ticketing_core::ports::identity::{Claims, IdentityError, TokenVerifier};
use ticketing_crypto::JwtVerifier;

use crate::remote::Upstream;

/// However many unknown tokens come, accounts is not asked more often.
const REST: Duration = Duration::from_secs(2);

/// Verifies with the keys that were fetched last.
#[derive(Debug, Default)]
pub(super) struct FetchedKeys {
    fetched: RwLock<Option<Fetched>>,
    wanted: Notify,
}

#[derive(Debug, Clone)]
struct Fetched {
    at: Instant,
    keys: Arc<KeySet>,
}

#[derive(Debug)]
struct KeySet {
    text: String,
    names: HashSet<String>,
    verifier: JwtVerifier,
}

impl FetchedKeys {
    fn fetched(&self) -> Option<Fetched> {
        self.fetched.read().clone()
    }

    fn learn(&self, text: String) -> Result<(), BoxError> {
        let keys = match self.fetched() {
            // The tokens that were verified so far stay remembered.
            Some(fetched) if fetched.keys.text == text => fetched.keys,
            _ => Arc::new(KeySet::read(text)?),
        };
        let fetched = Fetched { at: Instant::now(), keys };
        *self.fetched.write() = Some(fetched);
        Ok(())
    }
}

impl TokenVerifier for FetchedKeys {
    fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, IdentityError> {
        let Some(Fetched { at, keys }) = self.fetched() else { return Err(IdentityError::Unavailable(NotYet.into())) };
        let outcome = keys.verifier.verify(token, now);
        if outcome.is_ok() || !keys.lack_key_of(token) {
            return outcome;
        }
        self.wanted.notify_one();
        // Keys that were fetched a moment ago are all there are: the token is forged.
        if at.elapsed() < REST { outcome } else { Err(IdentityError::Unavailable(NotYet.into())) }
    }
}

impl KeySet {
    fn read(text: String) -> Result<Self, BoxError> {
        #[derive(Deserialize)]
        struct Keys {
            keys: Vec<Named>,
        }
        let verifier = JwtVerifier::from_jwks(&text)?;
        let Keys { keys } = serde_json::from_str(&text)?;
        let names = keys.into_iter().filter_map(|key| key.kid).collect();
        Ok(Self { text, names, verifier })
    }

    /// Whether a token names a key that is not among these.
    fn lack_key_of(&self, token: &str) -> bool {
        let header = token.split('.').next().and_then(|header| URL_SAFE_NO_PAD.decode(header).ok());
        let header = header.and_then(|header| serde_json::from_slice::<Named>(&header).ok());
        header.and_then(|header| header.kid).is_some_and(|kid| !self.names.contains(&kid))
    }
}

/// Whatever has a key's name: a key, or the header of a token.
#[derive(Deserialize)]
struct Named {
    kid: Option<String>,
}

/// Asks accounts for its keys.
#[derive(Debug)]
pub(super) struct FetchKeys {
    accounts: Upstream,
    keys: Arc<FetchedKeys>,
}

impl FetchKeys {
    pub(super) const fn new(accounts: Upstream, keys: Arc<FetchedKeys>) -> Self {
        Self { accounts, keys }
    }
}

#[async_trait]
impl Step for FetchKeys {
    fn name(&self) -> &'static str {
        "fetch-keys"
    }

    async fn step(&mut self) -> Result<usize, BoxError> {
        let text = self.accounts.read(paths::JWKS).await?;
        self.keys.learn(text)?;
        Ok(0)
    }

    async fn idle(&mut self) {
        tokio::time::sleep(REST).await;
        self.keys.wanted.notified().await;
    }

    async fn finish(self: Box<Self>) {}
}

#[derive(Debug, thiserror::Error)]
#[error("the keys of accounts are not known yet")]
struct NotYet;

#[cfg(test)]
mod tests {
    use super::*;
    use ticketing_core::domain::ids::{AccountId, SessionId};
    use ticketing_core::ports::identity::TokenSigner as _;
    use ticketing_crypto::Ed25519Signer;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn token_of(signer: &Ed25519Signer) -> String {
        let (account, session) = (AccountId::new(Uuid::nil()), SessionId::new(Uuid::nil()));
        let expires_at = Timestamp::from_millis(NOW.millis() + 60_000);
        signer.sign(Claims { account, session, confirmed: true, issued_at: NOW, expires_at })
    }

    /// The same keys, as if they had been fetched long ago.
    fn age(keys: &FetchedKeys) {
        let mut fetched = keys.fetched.write();
        let at = Instant::now().checked_sub(REST).unwrap();
        *fetched = fetched.take().map(|fetched| Fetched { at, ..fetched });
    }

    #[test]
    fn nobody_is_told_to_sign_in_while_the_keys_are_not_known() {
        let (fetched, first, second) = (FetchedKeys::default(), Ed25519Signer::generate(), Ed25519Signer::generate());
        let unavailable = |token: &str| matches!(fetched.verify(token, NOW), Err(IdentityError::Unavailable(_)));
        assert!(unavailable(&token_of(&first)));

        fetched.learn(first.jwks()).unwrap();
        assert!(fetched.verify(&token_of(&first), NOW).is_ok());
        age(&fetched);
        assert!(unavailable(&token_of(&second)), "accounts may have another key by now");

        fetched.learn(second.jwks()).unwrap();
        assert!(fetched.verify(&token_of(&second), NOW).is_ok());
        assert!(matches!(fetched.verify(&token_of(&first), NOW), Err(IdentityError::InvalidToken)), "it is over");
    }

    #[test]
    fn a_token_that_names_no_key_is_forged() {
        let (fetched, keys) = (FetchedKeys::default(), Ed25519Signer::generate());
        fetched.learn(keys.jwks()).unwrap();
        age(&fetched);

        for forged in ["", "tomato", "e30.e30.e30", &format!("{}x", token_of(&keys))] {
            assert!(matches!(fetched.verify(forged, NOW), Err(IdentityError::InvalidToken)), "{forged}");
        }
    }
}
