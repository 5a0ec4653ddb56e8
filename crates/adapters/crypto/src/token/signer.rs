//! Signs tokens, with the key whose time it is.

use std::fmt;
use std::time::Duration;

use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::identity::{Claims, TokenSigner};

use crate::ConfigError;

use super::key::Key;
use super::key_set::{KeySet, PublishedKey};
use super::link::LinkKey;
use super::pass::PassKey;
use super::payload::Payload;

/// Signs access tokens, passes and links of letters, and publishes the public keys that verify them.
///
/// Keys follow each other: each signs from its own time until that of the next, and is over once the tokens that it
/// signed are. All are published, those that do not sign yet too, so that verifiers know a key before it signs.
///
/// A token names its key by the key's RFC 7638 thumbprint.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ticketing_core::domain::time::Timestamp;
/// use ticketing_core::ports::identity::TokenSigner;
/// use ticketing_crypto::{Ed25519Signer, KeyPhase};
///
/// let signer = Ed25519Signer::from_seed(&[7; 32]);
/// assert_eq!(signer.jwks(), Ed25519Signer::from_seed(&[7; 32]).jwks(), "one seed, one key");
/// assert_ne!(signer.jwks(), Ed25519Signer::generate().jwks());
///
/// let now = Timestamp::from_millis(1_700_000_000_000);
/// let rotated = signer.rotated(now, Duration::from_secs(600))?;
/// let phases: Vec<_> = rotated.keys(now).into_iter().map(|key| key.phase).collect();
/// assert!(matches!(phases[..], [KeyPhase::Current, KeyPhase::Next { .. }]));
/// # Ok::<(), ticketing_crypto::ConfigError>(())
/// ```
pub struct Ed25519Signer {
    /// In the order in which they sign. Invariant: there is one at least.
    pub(super) keys: Vec<DatedKey>,
    /// Secrets come from this one, so that they stay when keys follow each other.
    pub(super) root: Key,
    /// Signs passes; from the root, so that it stays too.
    pub(super) passes: PassKey,
    /// Signs links of letters; from the root as well.
    pub(super) links: LinkKey,
    pub(super) token_lifetime: Duration,
    jwks: String,
}

/// A key and its time.
#[derive(Clone)]
pub(super) struct DatedKey {
    pub(super) key: Key,
    pub(super) signs_from: Timestamp,
    /// Nothing that it signed is valid from then on; `None` while no key follows.
    pub(super) ends: Option<Timestamp>,
}

/// What a key of an [`Ed25519Signer`] is for at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPhase {
    /// Published and not used, so that everybody knows it by the time it signs.
    Next {
        /// When it begins to sign.
        signs_from: Timestamp,
    },
    /// Signs.
    Current,
    /// Signs nothing more, and verifies what it signed.
    Retired {
        /// When it is over.
        verifies_until: Timestamp,
    },
    /// Verifies nothing more; the next rotation removes it.
    Over,
}

/// A key of an [`Ed25519Signer`], without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyState {
    /// The thumbprint.
    pub id: String,
    /// What it is for.
    pub phase: KeyPhase,
}

impl Ed25519Signer {
    /// Clocks of two processes differ by less, and so do the times at which they read a changed file.
    const CLOCKS: Duration = Duration::from_secs(5 * 60);

    /// Draws a new key; tokens of an earlier one are worth nothing to it.
    #[must_use]
    pub fn generate() -> Self {
        Self::from_seed(&rand::random())
    }

    /// Takes the 32 bytes that an Ed25519 private key is (RFC 8032, section 5.1.5).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self::of(Key::from_seed(seed))
    }

    /// Reads a key as a configuration holds it: PKCS#8 in PEM, or in base64 a PKCS#8 document or the bare seed.
    ///
    /// `openssl genpkey -algorithm ed25519` makes the first, `openssl rand -base64 32` the last.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if the text is none of these.
    pub fn from_text(text: &str) -> Result<Self, ConfigError> {
        Key::from_text(text).map(Self::of)
    }

    fn of(key: Key) -> Self {
        let only = DatedKey { key: key.clone(), signs_from: Timestamp::EPOCH, ends: None };
        Self::new(vec![only], key, Duration::ZERO)
    }

    pub(super) fn new(mut keys: Vec<DatedKey>, root: Key, token_lifetime: Duration) -> Self {
        keys.sort_by_key(|key| key.signs_from);
        let followers: Vec<_> = keys.iter().skip(1).map(|key| key.signs_from).collect();
        for (key, follower) in keys.iter_mut().zip(followers) {
            key.ends = Some(follower.after(token_lifetime).after(Self::CLOCKS));
        }
        let (passes, links) = (PassKey::of(&root), LinkKey::of(&root));
        let published = keys.iter().map(|key| PublishedKey::new(key.key.public().clone(), key.ends));
        let published = published.chain([PublishedKey::new(passes.published(), None)]).collect();
        let jwks = serde_json::to_string(&KeySet { keys: published }).expect("a public key is text all through");
        Self { keys, root, passes, links, token_lifetime, jwks }
    }

    /// The same, with a new key that signs once `after` has passed, and without those that are over.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if a key that is to sign next is there already.
    pub fn rotated(&self, now: Timestamp, after: Duration) -> Result<Self, ConfigError> {
        if self.keys.iter().any(|key| now < key.signs_from) {
            return Err(ConfigError::new("a new key is there already and does not sign yet"));
        }
        // In whole seconds, as a file holds it.
        let signs_from = Timestamp::from_millis((now.after(after).millis() + 999) / 1000 * 1000);
        let next = DatedKey { key: Key::from_seed(&rand::random()), signs_from, ends: None };
        let kept = self.keys.iter().filter(|key| !key.is_over(now)).cloned();
        Ok(Self::new(kept.chain([next]).collect(), self.root.clone(), self.token_lifetime))
    }

    /// All keys, in the order in which they sign.
    #[must_use]
    pub fn keys(&self, now: Timestamp) -> Vec<KeyState> {
        let current = self.signing_at(now).key.name();
        let state = |key: &DatedKey| KeyState { id: key.key.name().to_owned(), phase: key.phase(current, now) };
        self.keys.iter().map(state).collect()
    }

    /// The last one whose time has come; the first if a clock is so late that none has.
    fn signing_at(&self, now: Timestamp) -> &DatedKey {
        let begun = self.keys.iter().rfind(|key| key.signs_from <= now);
        begun.or_else(|| self.keys.first()).expect("a signer has a key")
    }

    /// A secret that only holders of these keys can know, another for each purpose; it outlasts the single key.
    #[must_use]
    pub fn secret_for(&self, purpose: &str) -> [u8; 64] {
        self.root.secret_for(purpose)
    }
}

impl DatedKey {
    fn is_over(&self, now: Timestamp) -> bool {
        self.ends.is_some_and(|ends| ends <= now)
    }

    fn phase(&self, current: &str, now: Timestamp) -> KeyPhase {
        match self.ends {
            _ if self.key.name() == current => KeyPhase::Current,
            _ if now < self.signs_from => KeyPhase::Next { signs_from: self.signs_from },
            Some(verifies_until) if now < verifies_until => KeyPhase::Retired { verifies_until },
            Some(_) | None => KeyPhase::Over,
        }
    }
}

impl TokenSigner for Ed25519Signer {
    fn sign(&self, claims: Claims) -> String {
        self.signing_at(claims.issued_at).key.sign(&Payload::from(claims))
    }

    fn jwks(&self) -> String {
        self.jwks.clone()
    }
}

impl fmt::Debug for Ed25519Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.keys.iter().map(|key| key.key.name()).collect();
        f.debug_struct("Ed25519Signer").field("keys", &names).finish_non_exhaustive()
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, phase } = self;
        match phase {
            KeyPhase::Next { signs_from } => write!(f, "{id}  next     signs from {signs_from}"),
            KeyPhase::Current => write!(f, "{id}  current"),
            KeyPhase::Retired { verifies_until } => write!(f, "{id}  retired  verifies until {verifies_until}"),
            KeyPhase::Over => write!(f, "{id}  over"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ticketing_core::domain::ids::{AccountId, SessionId};
    use ticketing_core::ports::identity::{IdentityError, TokenVerifier as _};
    use uuid::Uuid;

    use crate::JwtVerifier;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
    const MINUTE: Duration = Duration::from_secs(60);
    /// Of a token.
    const LIFETIME: Duration = Duration::from_secs(5 * 60);

    fn token(signer: &Ed25519Signer, issued_at: Timestamp) -> String {
        let (account, session) = (AccountId::new(Uuid::nil()), SessionId::new(Uuid::nil()));
        let confirmed = false;
        signer.sign(Claims { account, session, confirmed, issued_at, expires_at: issued_at.after(LIFETIME) })
    }

    fn signed_by(token: &str) -> String {
        jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
    }

    fn first() -> Ed25519Signer {
        Ed25519Signer::from_file(&Ed25519Signer::generate().to_file(), LIFETIME).unwrap()
    }

    fn is_believed(signer: &Ed25519Signer, token: &str, now: Timestamp) -> bool {
        match JwtVerifier::from_jwks(&signer.jwks()).unwrap().verify(token, now) {
            Ok(_) => true,
            Err(IdentityError::InvalidToken) => false,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_new_key_is_published_before_it_signs() {
        let before = first();
        let after = before.rotated(NOW, 10 * MINUTE).unwrap();
        let change = NOW.after(10 * MINUTE);
        let [old, new] = &after.keys(NOW)[..] else { panic!("two keys") };

        assert_eq!((old.phase, new.phase), (KeyPhase::Current, KeyPhase::Next { signs_from: change }));
        assert!(after.jwks().contains(&new.id) && !before.jwks().contains(&new.id));
        assert_eq!(signed_by(&token(&after, change.before(Duration::from_millis(1)))), old.id);
        assert_eq!(signed_by(&token(&after, change)), new.id);
    }

    #[test]
    fn an_old_key_verifies_until_its_tokens_are_over() {
        let old = first();
        let new = old.rotated(NOW, 10 * MINUTE).unwrap();
        // By a clock that is two minutes late, the last token that the old key signed.
        let last = NOW.after(12 * MINUTE).before(Duration::from_secs(1));
        let signed = token(&old, last);
        let verifies_until = NOW.after(10 * MINUTE + LIFETIME + 5 * MINUTE);

        assert!(is_believed(&new, &signed, last.after(LIFETIME).before(Duration::from_secs(1))));
        assert_eq!(new.keys(last)[0].phase, KeyPhase::Retired { verifies_until });
        // A thief of the key writes any end they like.
        let (account, session) = (AccountId::new(Uuid::nil()), SessionId::new(Uuid::nil()));
        let (issued_at, expires_at) = (NOW, NOW.after(1000 * MINUTE));
        let forged = old.sign(Claims { account, session, confirmed: true, issued_at, expires_at });
        let verifier = JwtVerifier::from_jwks(&new.jwks()).unwrap();
        assert!(verifier.verify(&forged, verifies_until.before(Duration::from_millis(1))).is_ok());
        assert!(verifier.verify(&forged, verifies_until).is_err(), "though it was verified before");
        assert!(!is_believed(&new, &forged, verifies_until));
        assert_eq!(new.keys(verifies_until)[0].phase, KeyPhase::Over);
    }

    #[test]
    fn a_rotation_removes_what_is_over_and_waits_for_the_one_before() {
        let twice = first().rotated(NOW, 10 * MINUTE).unwrap();
        assert!(twice.rotated(NOW.after(9 * MINUTE), MINUTE).is_err());

        let soon = twice.rotated(NOW.after(10 * MINUTE), MINUTE).unwrap();
        let late = twice.rotated(NOW.after(20 * MINUTE), MINUTE).unwrap();

        assert_eq!((soon.keys.len(), late.keys.len()), (3, 2));
    }

    #[test]
    fn a_clock_that_is_far_too_late_signs_with_the_oldest_key() {
        let many = first().rotated(NOW, MINUTE).unwrap().rotated(NOW.after(60 * MINUTE), MINUTE).unwrap();

        assert_eq!(signed_by(&token(&many, Timestamp::EPOCH)), many.keys(NOW)[0].id);
    }

    #[test]
    fn other_secrets_outlast_a_rotation() {
        let before = first();

        let after = before.rotated(NOW, MINUTE).unwrap();

        assert_eq!(before.secret_for("hats"), after.secret_for("hats"));
        assert_ne!(after.secret_for("hats"), after.secret_for("coats"));
        assert_ne!(after.secret_for("hats"), first().secret_for("hats"));
    }

    #[test]
    fn a_key_is_never_printed() {
        let signer = first().rotated(NOW, MINUTE).unwrap();
        let [old, new] = &signer.keys(NOW)[..] else { panic!("two keys") };

        assert_eq!(format!("{signer:?}"), format!("Ed25519Signer {{ keys: [{:?}, {:?}], .. }}", old.id, new.id));
    }
}
