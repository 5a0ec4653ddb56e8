//! Sessions that the accounts service began.

use std::sync::Arc;

use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::identity::{IdentityError, SessionStore, TokenVerifier};

use super::DeviceKey;

/// What finds the account of one of our sessions.
#[derive(Debug)]
pub(crate) struct OwnSessions {
    /// Reads access tokens.
    pub(crate) verifier: Arc<dyn TokenVerifier>,
    /// Knows which sessions are alive.
    pub(crate) sessions: Arc<dyn SessionStore>,
    /// Knows browsers that signed in before.
    pub(crate) devices: DeviceKey,
    pub(crate) clock: Arc<dyn Clock>,
}

impl OwnSessions {
    /// Whether the keys are known by which tokens are read.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unavailable`]: not yet.
    pub(crate) fn keys(&self) -> Result<(), IdentityError> {
        match self.verifier.verify("", self.clock.now()) {
            Ok(_) | Err(IdentityError::InvalidToken) => Ok(()),
            Err(error @ IdentityError::Unavailable(_)) => Err(error),
        }
    }
}
