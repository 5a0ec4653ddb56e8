//! Links of letters: who may do what, until when, and what makes them void before that.

use std::fmt;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::domain::ids::AccountId;
use crate::domain::time::Timestamp;

use super::Account;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// To prove that the address is one's own.
    ConfirmAddress,
    /// To choose another password.
    ResetPassword,
}

impl LinkPurpose {
    /// How long a link works; as long as its letter is of use.
    #[must_use]
    pub const fn lasts_for(self) -> Duration {
        match self {
            Self::ConfirmAddress | Self::ResetPassword => Duration::from_hours(1),
        }
    }

    /// What a link for it is bound to: once the account has another, the link is void.
    ///
    /// A link that resets a password is bound to the password, so it works once;
    /// one that confirms an address is bound to the address.
    #[must_use]
    pub fn binding(self, account: &Account) -> LinkBinding {
        match self {
            Self::ConfirmAddress => LinkBinding::of(account.email.as_str().as_bytes()),
            Self::ResetPassword => LinkBinding::of(account.password.version().bytes()),
        }
    }
}

/// A digest of what a link is bound to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LinkBinding([u8; 16]);

impl LinkBinding {
    /// Wraps a value that was read from a token.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The value to sign.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    fn of(what: &[u8]) -> Self {
        let digest = Sha256::new().chain_update("what a link is bound to").chain_update(what).finalize();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest).for_each(|(byte, of_digest)| *byte = of_digest);
        Self(bytes)
    }
}

impl fmt::Debug for LinkBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkBinding(…)")
    }
}

/// What the token of a link says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkClaims {
    /// Whose account.
    pub account: AccountId,
    /// What for.
    pub purpose: LinkPurpose,
    /// Valid until.
    pub expires_at: Timestamp,
    /// Void once the account is bound to something else.
    pub binding: LinkBinding,
}

impl LinkClaims {
    /// A link to an account that works from `now` on.
    #[must_use]
    pub fn new(account: &Account, purpose: LinkPurpose, now: Timestamp) -> Self {
        let (expires_at, binding) = (now.after(purpose.lasts_for()), purpose.binding(account));
        Self { account: account.id, purpose, expires_at, binding }
    }

    /// Whether it is for this and its time is not over; the account may still have made it void.
    #[must_use]
    pub fn is_for(&self, purpose: LinkPurpose, now: Timestamp) -> bool {
        // A link from further ahead was signed by a clock that nobody can trust.
        self.purpose == purpose && now < self.expires_at && self.expires_at <= now.after(2 * purpose.lasts_for())
    }

    /// Whether the account is what it was when the link was made.
    #[must_use]
    pub fn fits(&self, account: &Account) -> bool {
        self.account == account.id && self.binding == self.purpose.binding(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::PasswordHash;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn account() -> Account {
        let hash = PasswordHash::new("$argon2id$a".to_owned());
        Account::register(AccountId::from_u128(1), "ada@example.org".parse().unwrap(), hash, Timestamp::EPOCH).0
    }

    #[test]
    fn a_link_works_for_its_purpose_and_until_its_time_is_over() {
        let link = LinkClaims::new(&account(), LinkPurpose::ResetPassword, NOW);

        assert!(link.is_for(LinkPurpose::ResetPassword, NOW));
        assert!(!link.is_for(LinkPurpose::ConfirmAddress, NOW));
        assert!(link.is_for(LinkPurpose::ResetPassword, Timestamp::from_millis(link.expires_at.millis() - 1)));
        assert!(!link.is_for(LinkPurpose::ResetPassword, link.expires_at));
        assert!(!link.is_for(LinkPurpose::ResetPassword, NOW.before(2 * Duration::from_hours(1))), "a wrong clock");
    }

    #[test]
    fn another_password_makes_a_reset_void_and_leaves_a_confirmation() {
        let [confirm, reset] = [LinkPurpose::ConfirmAddress, LinkPurpose::ResetPassword]
            .map(|purpose| LinkClaims::new(&account(), purpose, NOW));
        let (changed, _) = account().change_password(PasswordHash::new("$argon2id$b".to_owned()));

        assert!(confirm.fits(&account()) && reset.fits(&account()));
        assert!(confirm.fits(&changed) && !reset.fits(&changed));
        let moved = Account { email: "ada@example.com".parse().unwrap(), ..account() };
        assert!(!confirm.fits(&moved) && reset.fits(&moved));
        assert!(!reset.fits(&Account { id: AccountId::from_u128(2), ..account() }));
    }
}
