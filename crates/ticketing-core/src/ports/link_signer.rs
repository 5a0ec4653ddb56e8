//! Signs the links of letters, so that nothing about them has to be stored.

use std::fmt;

use crate::domain::account::LinkClaims;

use super::contacts::LinkToken;

/// The token is not one of ours: ask for another letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token of the link is not valid")]
pub struct InvalidLinkToken;

/// Signs the links of letters, and recognises what it signed.
///
/// A token says until when it is valid; it is the caller who looks at the clock and at the account.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `identity`.
///
/// - A token says what was signed: `a_link_token_says_what_was_signed`.
/// - A changed token, or one signed with another key, is refused: `a_forged_link_is_refused`.
/// - A token fits a line of a letter, and holds only letters, digits, `-`, `_` and `.`: `a_link_token_fits_a_letter`.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::link_signer::{InvalidLinkToken, LinkSigner};
/// # use ticketing_core::domain::account::{Account, LinkClaims, LinkPurpose, PasswordHash};
/// # use ticketing_core::domain::{ids::AccountId, time::Timestamp};
/// # use ticketing_crypto::Ed25519Signer;
///
/// # let hash = PasswordHash::new("…".to_owned());
/// # let account = Account::register(AccountId::from_u128(1), "ada@example.org".parse()?, hash, Timestamp::EPOCH).0;
/// let signer: &dyn LinkSigner = &Ed25519Signer::generate();
/// let claims = LinkClaims::new(&account, LinkPurpose::ResetPassword, Timestamp::from_millis(1_700_000_000_000));
/// let token = signer.sign_link(claims);
/// assert_eq!(signer.verify_link(&token), Ok(claims));
/// assert_eq!(Ed25519Signer::generate().verify_link(&token), Err(InvalidLinkToken));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait LinkSigner: Send + Sync + fmt::Debug + 'static {
    /// The token of a link, with its time in whole seconds.
    fn sign_link(&self, claims: LinkClaims) -> LinkToken;

    /// What a token says. Takes as long for one that is nearly right as for any other.
    ///
    /// # Errors
    ///
    /// [`InvalidLinkToken`]: it was signed by nobody we know, or changed.
    fn verify_link(&self, token: &LinkToken) -> Result<LinkClaims, InvalidLinkToken>;
}
