//! Refresh tokens: which session, and a secret that is used once.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::ids::SessionId;
use crate::ports::identity::TokenDigest;
use crate::usecase::World;
use crate::usecase::error::Error;

/// Exchanges for the next pair of tokens, once. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    session: SessionId,
    secret: [u8; 32],
}

impl RefreshToken {
    pub(super) fn draw(session: SessionId, world: &World) -> Self {
        Self { session, secret: world.ids.secret() }
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
        let secret: String = self.secret.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}.{secret}", self.session.uuid().simple())
    }
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
    if secret.len() != 64 || !secret.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(secret.get(at..at + 2)?, 16).ok()?;
    }
    Some(RefreshToken { session, secret: bytes })
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefreshToken({}, …)", self.session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_from_its_text_and_never_printed() {
        let token = RefreshToken { session: SessionId::new(Uuid::from_u128(7)), secret: [0xA5; 32] };

        assert_eq!(token.expose().parse::<RefreshToken>().unwrap(), token);
        assert!(!format!("{token:?}").contains("a5a5"));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in ["", ".", "tomato", "00000000000000000000000000000007.", "00000000000000000000000000000007.zz"] {
            assert!(text.parse::<RefreshToken>().is_err(), "{text:?}");
        }
        let umlauts = format!("00000000000000000000000000000007.{}", "ä".repeat(32));
        assert!(umlauts.parse::<RefreshToken>().is_err());
    }
}
