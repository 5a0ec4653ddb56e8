//! Signs passes for machines: what a door reads from the printed square.

use std::fmt;

use crate::domain::ids::{PassId, TicketId};

/// What a token says: which pass, of which ticket, for which place.
///
/// It never expires by itself; a door also needs to know which passes are void or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassClaims {
    /// The pass.
    pub pass: PassId,
    /// The ticket whose door it opens.
    pub ticket: TicketId,
    /// Which place of the order, from 1.
    pub place: u32,
}

/// The token is not one of ours: let nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token of the pass is not valid")]
pub struct InvalidPassToken;

/// Signs passes, and recognises what it signed.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `identity`.
///
/// - A token says what was signed: `a_pass_token_says_what_was_signed`.
/// - A changed token, or one signed with another key, is refused: `a_forged_pass_is_refused`.
/// - A token is the same each time, so that a pass is printed alike: `a_pass_has_one_token`.
/// - A token fits a code of people's phones, and holds only letters, digits, `-`, `_` and `.`: `a_pass_token_is_short`.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::pass_signer::{InvalidPassToken, PassClaims, PassSigner};
/// # use ticketing_core::domain::ids::{PassId, TicketId};
/// # use ticketing_crypto::Ed25519Signer;
///
/// let signer: &dyn PassSigner = &Ed25519Signer::generate();
/// let claims = PassClaims { pass: PassId::from_u128(1), ticket: TicketId::from_u128(2), place: 3 };
/// let token = signer.sign_pass(claims);
/// assert_eq!(signer.verify_pass(&token), Ok(claims));
/// assert_eq!(Ed25519Signer::generate().verify_pass(&token), Err(InvalidPassToken));
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait PassSigner: Send + Sync + fmt::Debug + 'static {
    /// The token of a pass.
    fn sign_pass(&self, claims: PassClaims) -> String;

    /// What a token says.
    ///
    /// # Errors
    ///
    /// [`InvalidPassToken`]: it was signed by nobody we know, or changed.
    fn verify_pass(&self, token: &str) -> Result<PassClaims, InvalidPassToken>;
}
