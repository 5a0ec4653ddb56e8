//! Accounts: who somebody is, and the secret that proves it.

use std::fmt;
use std::str::FromStr;

use super::event::Event;
use super::ids::AccountId;
use super::invalid::Invalid;
use super::time::Timestamp;

/// An e-mail address in its normal form: trimmed and in lower case.
///
/// Two spellings of one address are one account.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// RFC 5321, section 4.5.3.1.3: a path is at most 256 octets, with its angle brackets.
    pub const MAX_BYTES: usize = 254;

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let address = text.trim().to_lowercase();
        match address.rsplit_once('@') {
            Some((local, domain)) if address.len() <= Self::MAX_BYTES && is_local(local) && is_domain(domain) => {
                Ok(Self(address))
            }
            _ => Err(Invalid::new("email", "must be an e-mail address such as ada@example.org")),
        }
    }
}

/// Only what every mail server takes: no quotes, comments or white space.
fn is_local(local: &str) -> bool {
    (1..=64).contains(&local.len())
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c))
}

fn is_domain(domain: &str) -> bool {
    domain.contains('.') && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_alphanumeric() || c == '-')
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An address names a person, so it stays out of logs.
        f.write_str("EmailAddress(…)")
    }
}

/// A password as its owner typed it. Never printed, never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The shortest that is accepted, as NIST SP 800-63B-4 (section 3.1.1.2) asks where another factor may be absent.
    pub const MIN_CHARS: usize = 10;
    /// The longest that is accepted, so that hashing has a bound.
    pub const MAX_CHARS: usize = 128;

    /// Accepts a new password that is long enough and not absurdly long.
    ///
    /// # Errors
    ///
    /// [`Invalid`] names the bound: tell the person.
    pub fn new(text: String) -> Result<Self, Invalid> {
        match text.chars().count() {
            Self::MIN_CHARS..=Self::MAX_CHARS => Ok(Self(text)),
            n if n < Self::MIN_CHARS => {
                Err(Invalid::new("password", format!("must be at least {} characters long", Self::MIN_CHARS)))
            }
            _ => Err(Invalid::new("password", format!("must be at most {} characters long", Self::MAX_CHARS))),
        }
    }

    /// The secret itself, for whoever hashes or compares it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What is kept of a password: a salted, slow hash in PHC string format.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes over what a password hasher made.
    #[must_use]
    pub const fn new(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Somebody who buys, sells or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name for ever.
    pub id: AccountId,
    /// Unique over all accounts.
    pub email: EmailAddress,
    /// Proves that who signs in is the owner.
    pub password: PasswordHash,
    /// When it was made.
    pub registered_at: Timestamp,
    /// How many events told of it.
    pub version: u64,
}

impl Account {
    /// Opens an account. That the address is free is for the store to guard.
    #[must_use]
    pub fn register(id: AccountId, email: EmailAddress, password: PasswordHash, now: Timestamp) -> (Self, Event) {
        let account = Self { id, email, password, registered_at: now, version: 1 };
        let event = Event::AccountRegistered { account: id, registered_at: now };
        (account, event)
    }

    /// Replaces the password. Nobody else needs to know, so no event tells it.
    #[must_use]
    pub fn with_password(self, password: PasswordHash) -> Self {
        Self { password, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_an_address_are_one() {
        let plain: EmailAddress = "ada@example.org".parse().unwrap();

        assert_eq!("  Ada@Example.ORG ".parse(), Ok(plain));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "ada",
            "ada@",
            "@example.org",
            "a b@example.org",
            "ada@localhost",
            "ada@-x.org",
            "a@b..org",
            ".a@b.org",
            "a\u{0}@b.org",
            "<a>@b.org",
        ] {
            assert!(text.parse::<EmailAddress>().is_err(), "{text:?}");
        }
        assert!(format!("{}@example.org", "a".repeat(300)).parse::<EmailAddress>().is_err());
    }

    #[test]
    fn a_password_has_bounds_and_is_never_printed() {
        assert!(Password::new("short".into()).is_err());
        assert!(Password::new("x".repeat(129)).is_err());
        let password = Password::new("correct horse battery".into()).unwrap();

        assert_eq!(format!("{password:?}"), "Password(…)");
    }
}
