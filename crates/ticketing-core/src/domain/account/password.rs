//! Passwords: as they are typed, and as they are kept.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::domain::invalid::Invalid;
use crate::domain::text;

/// A password as its owner typed it, in its normal form. Never printed, never stored.
///
/// The normal form is that of RFC 8265, section 4.2.2 (`OpaqueString`): spaces of every kind are one, and
/// composed and decomposed letters are the same, because one person's keyboards differ in both.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The shortest that is accepted, as NIST SP 800-63B-4 (section 3.1.1.2) asks where another factor may be absent.
    pub const MIN_CHARS: usize = 10;
    /// The longest that is accepted, which bounds the cost of hashing.
    pub const MAX_CHARS: usize = 128;
    /// The maximum size in bytes: enough for the longest password in any encoding.
    pub const MAX_BYTES: usize = 2048;

    /// Accepts a new password that is long enough, not absurdly long and free of control characters.
    ///
    /// # Errors
    ///
    /// [`Invalid`] names the bound; show it to the user.
    pub fn new(text: String) -> Result<Self, Invalid> {
        let too_long = || Invalid::new("password", format!("must be at most {} characters long", Self::MAX_CHARS));
        // First, so that unbounded input costs nothing else.
        if text.len() > Self::MAX_BYTES {
            return Err(too_long());
        }
        let text = normal_form(text);
        match text.chars().count() {
            n if n > Self::MAX_CHARS => Err(too_long()),
            n if n < Self::MIN_CHARS => {
                Err(Invalid::new("password", format!("must be at least {} characters long", Self::MIN_CHARS)))
            }
            _ if text.chars().any(char::is_control) => {
                Err(Invalid::new("password", "must not contain control characters"))
            }
            _ => Ok(Self(text)),
        }
    }

    /// The plain text, to hash or compare it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// RFC 8265, section 4.2.2: other spaces become the one of the space bar, and the text is composed.
fn normal_form(text: String) -> String {
    if text.is_ascii() {
        return text;
    }
    let spaced: String = text.chars().map(|c| if text::is_foreign_space(c) { ' ' } else { c }).collect();
    text::composed(&spaced).into_owned()
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A password as typed to sign in. Never printed, never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordAttempt {
    normal: String,
    /// The text as typed, if it differs from the normal form.
    typed: Option<String>,
}

impl PasswordAttempt {
    /// Accepts the typed text; `None` if it is longer than any password can be.
    #[must_use]
    pub fn new(typed: String) -> Option<Self> {
        if typed.len() > Password::MAX_BYTES {
            return None;
        }
        let normal = normal_form(typed.clone());
        let typed = (typed != normal).then_some(typed);
        Some(Self { normal, typed })
    }

    /// The texts to compare, in order: the normal form, and the text as typed if that differs,
    /// since a hash may be older than the normal form.
    pub fn spellings(&self) -> impl Iterator<Item = &str> {
        [Some(&self.normal), self.typed.as_ref()].into_iter().flatten().map(String::as_str)
    }
}

impl From<Password> for PasswordAttempt {
    fn from(password: Password) -> Self {
        Self { normal: password.0, typed: None }
    }
}

impl fmt::Debug for PasswordAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordAttempt(…)")
    }
}

/// The stored form of a password: a salted, slow hash in PHC string format.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps the output of a password hasher.
    #[must_use]
    pub const fn new(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Identifies this password among all that the account had or will have, since each hash has its own salt.
    #[must_use]
    pub fn version(&self) -> PasswordVersion {
        PasswordVersion(Sha256::digest(&self.0).into())
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Identifies an account's current password: changes with every new password and never repeats a value.
///
/// Not a counter, because a restored backup would repeat its numbers.
/// Without the hash it reveals nothing about the password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PasswordVersion([u8; 32]);

impl PasswordVersion {
    /// Wraps a stored value.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The value to store.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for PasswordVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordVersion(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_bounds_and_is_never_printed() {
        assert!(Password::new("short".into()).is_err());
        assert!(Password::new("x".repeat(129)).is_err());
        assert!(Password::new("x".repeat(10_000_000)).is_err());
        assert!(Password::new("a\u{301}".repeat(128)).is_ok(), "what looks like 128 characters is not more");
        assert!(Password::new("five!\u{301}\u{0}\n67".into()).is_err());
        let password = Password::new("correct horse battery".into()).unwrap();

        assert_eq!(format!("{password:?}"), "Password(…)");
    }

    #[test]
    fn two_spellings_of_a_password_are_one() {
        let plain = Password::new("Crème brûlée 1".into()).unwrap();

        for text in
            ["Cre\u{300}me bru\u{302}le\u{301}e 1", "Crème\u{A0}brûlée\u{3000}1", "Crème\u{2003}brûlée\u{202F}1"]
        {
            assert_eq!(Password::new(text.into()), Ok(plain.clone()), "{text:?}");
            let attempt = PasswordAttempt::new(text.into()).unwrap();
            assert_eq!(attempt.spellings().collect::<Vec<_>>(), [plain.expose(), text]);
        }
        assert_ne!(Password::new("crème brûlée 1".into()), Ok(plain.clone()), "case counts");
        assert_ne!(Password::new(" Crème brûlée 1".into()), Ok(plain.clone()), "spaces count");
        let attempt = PasswordAttempt::new(plain.expose().into()).unwrap();
        assert_eq!(attempt.spellings().collect::<Vec<_>>(), [plain.expose()]);
    }

    #[test]
    fn what_is_longer_than_any_password_is_no_attempt_and_no_attempt_is_printed() {
        assert_eq!(PasswordAttempt::new("x".repeat(10_000_000)), None);
        let attempt = PasswordAttempt::new("correct horse".into()).unwrap();

        assert_eq!(format!("{attempt:?}"), "PasswordAttempt(…)");
    }

    #[test]
    fn another_password_is_another_version() {
        let [first, second] = ["$argon2id$a", "$argon2id$b"].map(|phc| PasswordHash::new(phc.to_owned()));

        assert_ne!(first.version(), second.version());
        assert_eq!(first.version(), first.clone().version());
        assert_eq!(PasswordVersion::from_bytes(*first.version().bytes()), first.version());
    }
}
