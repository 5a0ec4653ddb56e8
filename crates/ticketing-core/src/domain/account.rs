//! Accounts: who somebody is, and the secret that proves it.

mod display_name;
mod email;
mod link;
mod password;

use std::sync::Arc;

use super::event::Event;
use super::ids::AccountId;
use super::text;
use super::time::Timestamp;

pub use display_name::DisplayName;
pub use email::EmailAddress;
pub use link::{LinkBinding, LinkClaims, LinkPurpose};
pub use password::{Password, PasswordAttempt, PasswordHash, PasswordVersion};

/// A person who buys, sells or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Unique id (UUID version 7).
    pub id: AccountId,
    /// Unique over all accounts.
    pub email: EmailAddress,
    /// The hash that verifies the owner's password.
    pub password: PasswordHash,
    /// When the account was opened.
    pub registered_at: Timestamp,
    /// What its owner wants to be called.
    pub display_name: Option<DisplayName>,
    /// When its owner proved that the address is theirs.
    pub confirmed_at: Option<Timestamp>,
    /// The number of events so far.
    pub version: u64,
}

/// What is left of an account that its owner deleted: nothing about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeletedAccount {
    /// Its id, which nobody else gets.
    pub id: AccountId,
    /// When it was opened.
    pub registered_at: Timestamp,
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// The number of events, the last one included.
    pub version: u64,
}

/// What the store of the accounts service keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountRecord {
    /// An account.
    Open(Account),
    /// What is left of one.
    Deleted(DeletedAccount),
}

impl AccountRecord {
    /// The id of the account.
    #[must_use]
    pub const fn id(&self) -> AccountId {
        match self {
            Self::Open(account) => account.id,
            Self::Deleted(account) => account.id,
        }
    }

    /// The account, unless it was deleted.
    #[must_use]
    pub fn open(self) -> Option<Account> {
        match self {
            Self::Open(account) => Some(account),
            Self::Deleted(_) => None,
        }
    }
}

impl From<Account> for AccountRecord {
    fn from(account: Account) -> Self {
        Self::Open(account)
    }
}

/// What other services and followers may know of an account: neither its address nor its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicAccount {
    /// Unique id.
    pub id: AccountId,
    /// When the account was opened.
    pub registered_at: Timestamp,
    /// What its owner wants to be called; nothing once it is deleted.
    pub display_name: Option<DisplayName>,
    /// When its owner proved that the address is theirs.
    pub confirmed_at: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// The number of events so far.
    pub version: u64,
}

/// The most of what a browser calls itself that is kept.
const MAX_DEVICE_CHARS: usize = 200;

impl Account {
    /// Opens an account. The store guarantees that the address is unique.
    #[must_use]
    pub fn register(id: AccountId, email: EmailAddress, password: PasswordHash, now: Timestamp) -> (Self, Event) {
        let account =
            Self { id, email, password, registered_at: now, display_name: None, confirmed_at: None, version: 1 };
        let event = Event::AccountRegistered(account.to_public());
        (account, event)
    }

    /// Asks for another letter to confirm the address; `None` if it is confirmed.
    #[must_use]
    pub fn request_confirmation(self) -> Option<(Self, Event)> {
        let is_open = self.confirmed_at.is_none();
        is_open.then(|| self.changed(|account| account, Event::AccountConfirmationRequested))
    }

    /// Notes that the address is the owner's; `None` if that is known.
    #[must_use]
    pub fn confirm_address(self, now: Timestamp) -> Option<(Self, Event)> {
        let confirm = |account| Self { confirmed_at: Some(now), ..account };
        self.confirmed_at.is_none().then(|| self.changed(confirm, Event::AccountAddressConfirmed))
    }

    /// Asks for a letter with which another password can be chosen.
    #[must_use]
    pub fn request_reset(self) -> (Self, Event) {
        self.changed(|account| account, Event::AccountResetRequested)
    }

    /// Replaces the password.
    #[must_use]
    pub fn change_password(self, password: PasswordHash) -> (Self, Event) {
        self.changed(|account| Self { password, ..account }, Event::AccountPasswordChanged)
    }

    /// Notes that a browser signed in that never did before.
    #[must_use]
    pub fn add_browser(self, device: &str) -> (Self, Event) {
        let device: Arc<str> = shown_device(device).into();
        self.changed(|account| account, |account| Event::AccountBrowserAdded { account, device })
    }

    /// Changes what the owner is called; `None` if that is the name already.
    #[must_use]
    pub fn rename(self, name: Option<DisplayName>) -> Option<(Self, Event)> {
        let is_new = self.display_name != name;
        is_new.then(|| self.changed(|account| Self { display_name: name, ..account }, Event::AccountRenamed))
    }

    /// Deletes the account: what is left is nothing about a person, and the address is free.
    #[must_use]
    pub fn delete(self, now: Timestamp) -> (DeletedAccount, Event) {
        let Self { id, registered_at, version, .. } = self;
        let deleted = DeletedAccount { id, registered_at, deleted_at: now, version: version.saturating_add(1) };
        (deleted, Event::AccountDeleted(deleted.to_public()))
    }

    /// What others may know of it.
    #[must_use]
    pub fn to_public(&self) -> PublicAccount {
        PublicAccount {
            id: self.id,
            registered_at: self.registered_at,
            display_name: self.display_name.clone(),
            confirmed_at: self.confirmed_at,
            deleted_at: None,
            version: self.version,
        }
    }

    /// Invariant: the version moves here and in [`Account::delete`] alone, each time with an event.
    fn changed(self, change: impl FnOnce(Self) -> Self, tell: impl FnOnce(PublicAccount) -> Event) -> (Self, Event) {
        let version = self.version.saturating_add(1);
        let next = Self { version, ..change(self) };
        let event = tell(next.to_public());
        (next, event)
    }
}

impl DeletedAccount {
    /// What others may know of it.
    #[must_use]
    pub const fn to_public(self) -> PublicAccount {
        PublicAccount {
            id: self.id,
            registered_at: self.registered_at,
            display_name: None,
            confirmed_at: None,
            deleted_at: Some(self.deleted_at),
            version: self.version,
        }
    }
}

/// What a browser calls itself, as one short line.
pub(crate) fn shown_device(device: &str) -> String {
    text::shown(device, MAX_DEVICE_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000);

    fn account() -> Account {
        let hash = PasswordHash::new("$argon2id$a".to_owned());
        Account::register(AccountId::from_u128(1), "ada@example.org".parse().unwrap(), hash, Timestamp::EPOCH).0
    }

    #[test]
    fn each_change_is_one_version_and_one_event() {
        let (account, event) = account().change_password(PasswordHash::new("$argon2id$b".to_owned()));
        assert_eq!((account.version, event), (2, Event::AccountPasswordChanged(account.to_public())));
        let (account, event) = account.request_reset();
        assert_eq!((account.version, event), (3, Event::AccountResetRequested(account.to_public())));
        let (account, event) = account.request_confirmation().unwrap();
        assert_eq!((account.version, event), (4, Event::AccountConfirmationRequested(account.to_public())));
        let (account, event) = account.confirm_address(NOW).unwrap();
        assert_eq!((account.version, event), (5, Event::AccountAddressConfirmed(account.to_public())));
        let (account, event) = account.rename(DisplayName::parse("Ada").unwrap()).unwrap();
        assert_eq!((account.version, event), (6, Event::AccountRenamed(account.to_public())));
        let (account, event) = account.add_browser("Firefox\n\u{0}");
        let added = Event::AccountBrowserAdded { account: account.to_public(), device: "Firefox".into() };
        assert_eq!((account.version, event), (7, added));
    }

    #[test]
    fn what_changes_nothing_is_no_event() {
        let (confirmed, _) = account().confirm_address(NOW).unwrap();

        assert_eq!(confirmed.clone().confirm_address(NOW), None);
        assert_eq!(confirmed.clone().request_confirmation(), None);
        assert_eq!(confirmed.rename(None), None);
    }

    #[test]
    fn nothing_about_a_person_is_left_of_a_deleted_account() {
        let (named, _) = account().rename(DisplayName::parse("Ada").unwrap()).unwrap();

        let (deleted, event) = named.delete(NOW);

        let Event::AccountDeleted(told) = event else { panic!("another event") };
        assert_eq!((told.version, told.deleted_at, told.display_name), (3, Some(NOW), None));
        assert_eq!(deleted, DeletedAccount { version: 3, ..deleted });
        assert_eq!(AccountRecord::Deleted(deleted).open(), None);
    }
}
