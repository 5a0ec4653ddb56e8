//! Sellers: what buyers are told of who sells.

use super::account::{DisplayName, PublicAccount};
use super::ids::AccountId;

/// What the tickets service knows of an account that has a display name, or once had one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seller {
    /// The account.
    pub account: AccountId,
    /// What its owner is called; nothing once the account is deleted.
    pub name: Option<DisplayName>,
    /// The version of the account that this is of.
    pub version: u64,
}

impl Seller {
    /// What an account says.
    #[must_use]
    pub fn of(account: &PublicAccount) -> Self {
        Self { account: account.id, name: account.display_name.clone(), version: account.version }
    }

    /// Applies a newer version of the account; `None` if this one is not newer.
    #[must_use]
    pub fn follow(&self, account: &PublicAccount) -> Option<Self> {
        (account.version > self.version).then(|| Self::of(account))
    }
}

/// Somebody of whom no more is known.
impl From<AccountId> for Seller {
    fn from(account: AccountId) -> Self {
        Self { account, name: None, version: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    fn account(name: &str, version: u64) -> PublicAccount {
        PublicAccount {
            id: AccountId::from_u128(1),
            registered_at: Timestamp::EPOCH,
            display_name: DisplayName::parse(name).unwrap(),
            confirmed_at: None,
            deleted_at: None,
            version,
        }
    }

    #[test]
    fn only_a_newer_version_of_the_account_counts() {
        let ada = Seller::of(&account("Ada", 2));

        assert_eq!(ada.follow(&account("Eve", 1)), None);
        assert_eq!(ada.follow(&account("Eve", 2)), None);
        assert_eq!(ada.follow(&account("Ada Ltd", 3)), Some(Seller::of(&account("Ada Ltd", 3))));
        assert_eq!(ada.follow(&account("", 3)).map(|seller| seller.name), Some(None));
    }
}
