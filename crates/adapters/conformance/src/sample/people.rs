//! Accounts and their sessions.

use std::time::Duration;

use ticketing_core::domain::account::{
    Account, EmailAddress, Password, PasswordAttempt, PasswordHash, PasswordVersion,
};
use ticketing_core::domain::ids::{AccountId, SessionId};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::identity::{Session, SessionKey, TokenDigest};

use super::{NOW, uuid};

/// An address that nobody has.
#[must_use]
pub fn email() -> EmailAddress {
    format!("{}@example.org", uuid().simple()).parse().expect("an address")
}

/// A password of some strength.
#[must_use]
pub fn password(text: &str) -> Password {
    Password::new(text.to_owned()).expect("a password within its bounds")
}

/// What somebody types to prove a password.
#[must_use]
pub fn attempt(text: &str) -> PasswordAttempt {
    PasswordAttempt::new(text.to_owned()).expect("no longer than a password")
}

/// An account with a unique address.
#[must_use]
pub fn account() -> Account {
    let hash = PasswordHash::new("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g".to_owned());
    Account::register(AccountId::new(uuid()), email(), hash, NOW).0
}

/// What would be kept of some refresh token.
#[must_use]
pub fn digest() -> TokenDigest {
    TokenDigest(rand::random())
}

/// A session of an account that began at `now` and lasts `span`.
#[must_use]
pub fn session(account: AccountId, now: Timestamp, span: Duration) -> Session {
    Session {
        id: SessionId::new(uuid()),
        account,
        device: "Firefox on Linux, Grüße ☃".to_owned(),
        created_at: now,
        refreshed_at: now,
        expires_at: now.after(span),
        current: digest(),
        password: PasswordVersion::from_bytes(rand::random()),
        key: SessionKey(rand::random()),
        spent: Vec::new(),
    }
}
