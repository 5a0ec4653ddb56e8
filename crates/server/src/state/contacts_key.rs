//! What another process proves by that it may ask how to reach people.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use parking_lot::RwLock;
use sha2::Sha256;

/// Makes and recognises the bearer secret between processes of one marketplace, which read the same file of keys.
/// Clones share the key.
#[derive(Clone)]
pub struct ContactsKey(Arc<RwLock<Arc<[u8]>>>);

impl ContactsKey {
    /// Takes a secret that processes which ask each other share.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(Arc::new(RwLock::new(secret.into())))
    }

    /// Takes another secret, for all clones.
    pub fn replace(&self, secret: &[u8]) {
        *self.0.write() = secret.into();
    }

    /// What the process that asks shows.
    pub(crate) fn bearer(&self) -> String {
        self.mac().finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether a text is what such a process shows. Takes as long whatever it is, if it is as long.
    pub(crate) fn is_shown_by(&self, bearer: &str) -> bool {
        let bytes: Option<Vec<u8>> = (0..bearer.len())
            .step_by(2)
            .map(|at| bearer.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok()))
            .collect();
        bytes.is_some_and(|bytes| self.mac().verify_slice(&bytes).is_ok())
    }

    fn mac(&self) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0.read()).expect("HMAC takes keys of any length");
        mac.chain_update(b"may ask how to reach people")
    }
}

impl fmt::Debug for ContactsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContactsKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_holders_of_the_key_show_what_it_makes() {
        let (key, other) = (ContactsKey::new(b"secret"), ContactsKey::new(b"another"));
        let bearer = key.bearer();

        assert!(key.is_shown_by(&bearer));
        for shown in ["", "zz", "+a", "ä", &bearer[..62], &bearer[1..], &format!("{bearer}00"), &other.bearer()] {
            assert!(!key.is_shown_by(shown), "{shown}");
        }
        key.replace(b"another");
        assert!(!key.is_shown_by(&bearer) && key.is_shown_by(&other.bearer()));
    }
}
