//! Refresh tokens: which session, and a secret that is used once.
//!
//! The secret of the next token comes out of the one before and the key of the session, so an exchange that is
//! repeated gives the same token, in whatever process. The seal shows that a token was once the session's: a
//! client with one that was used long ago is a thief, and one that guesses has no valid seal.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::ids::SessionId;
use crate::ports::clock::ClockAndIds;
use crate::ports::identity::{SessionKey, TokenDigest};
use crate::usecase::error::Error;

/// Exchanges for the next pair of tokens, once. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    session: SessionId,
    secret: [u8; SECRET],
    seal: [u8; SEAL],
}

const SECRET: usize = 32;
const SEAL: usize = 16;

impl RefreshToken {
    /// A token that comes out of no other.
    pub(super) fn draw(session: SessionId, key: &SessionKey, env: &ClockAndIds) -> Self {
        Self::sealed(session, env.ids.secret(), key)
    }

    /// The token that this one is exchanged for; always the same.
    pub(super) fn next(&self, key: &SessionKey) -> Self {
        let secret = keyed(key, b"next", self.session, &self.secret).finalize().into_bytes();
        Self::sealed(self.session, secret.into(), key)
    }

    fn sealed(session: SessionId, secret: [u8; SECRET], key: &SessionKey) -> Self {
        let digest: [u8; 32] = keyed(key, b"seal", session, &secret).finalize().into_bytes().into();
        let mut seal = [0; SEAL];
        seal.copy_from_slice(digest.split_at(SEAL).0);
        Self { session, secret, seal }
    }

    /// Whether the session of this key issued it, now or before.
    pub(super) fn is_of(&self, key: &SessionKey) -> bool {
        keyed(key, b"seal", self.session, &self.secret).verify_truncated_left(&self.seal).is_ok()
    }

    pub(super) const fn session(&self) -> SessionId {
        self.session
    }

    /// What is kept of it.
    pub(super) fn digest(&self) -> TokenDigest {
        TokenDigest(Sha256::digest(self.secret).into())
    }

    /// The token as text, for its owner's browser.
    #[must_use]
    pub fn expose(&self) -> String {
        let secret: String = self.secret.iter().chain(&self.seal).map(|byte| format!("{byte:02x}")).collect();
        format!("{}.{secret}", self.session.uuid().simple())
    }
}

fn keyed(key: &SessionKey, what: &[u8], session: SessionId, secret: &[u8]) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("a key of any length will do");
    mac.chain_update(what).chain_update(session.uuid().as_bytes()).chain_update(secret)
}

impl FromStr for RefreshToken {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text).ok_or(Error::SessionOver)
    }
}

fn parse(text: &str) -> Option<RefreshToken> {
    let (session, secret) = text.split_once('.')?;
    let session = SessionId::new(Uuid::try_parse(session).ok()?);
    let (secret, seal) = secret.split_at_checked(2 * SECRET)?;
    Some(RefreshToken { session, secret: bytes(secret)?, seal: bytes(seal)? })
}

/// So many bytes, each as two digits.
fn bytes<const N: usize>(digits: &str) -> Option<[u8; N]> {
    if digits.len() != 2 * N || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefreshToken({}, …)", self.session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: SessionKey = SessionKey([7; 32]);

    fn token() -> RefreshToken {
        RefreshToken::sealed(SessionId::new(Uuid::from_u128(7)), [0xA5; 32], &KEY)
    }

    #[test]
    fn a_token_is_read_back_from_its_text_and_never_printed() {
        assert_eq!(token().expose().parse::<RefreshToken>().unwrap(), token());
        assert!(!format!("{:?}", token()).contains("a5a5"));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in ["", ".", "tomato", "00000000000000000000000000000007.", "00000000000000000000000000000007.zz"] {
            assert!(text.parse::<RefreshToken>().is_err(), "{text:?}");
        }
        for secret in ["ä".repeat(48), "+a".repeat(48), "a".repeat(64), "a".repeat(95), "a".repeat(97)] {
            let text = format!("00000000000000000000000000000007.{secret}");
            assert!(text.parse::<RefreshToken>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_next_token_is_always_the_same_and_another_under_another_key() {
        let next = token().next(&KEY);

        assert_eq!(next, token().next(&KEY));
        assert_ne!(next.secret, token().secret);
        assert_ne!(next.secret, token().next(&SessionKey([8; 32])).secret);
        assert_ne!(next.secret, next.next(&KEY).secret);
    }

    #[test]
    fn a_session_recognises_its_tokens_and_no_others() {
        assert!(token().is_of(&KEY) && token().next(&KEY).is_of(&KEY));

        assert!(!token().is_of(&SessionKey([8; 32])));
        assert!(!RefreshToken { secret: [1; 32], ..token() }.is_of(&KEY));
        assert!(!RefreshToken { seal: [0; 16], ..token() }.is_of(&KEY));
        assert!(!RefreshToken { session: SessionId::new(Uuid::from_u128(8)), ..token() }.is_of(&KEY));
    }
}
