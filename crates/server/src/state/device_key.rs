//! What known browsers are signed with.

use std::fmt;
use std::sync::Arc;

use parking_lot::RwLock;

/// Signs the cookies of known browsers. Clones share the key.
#[derive(Clone)]
pub struct DeviceKey(Arc<RwLock<Arc<[u8]>>>);

impl DeviceKey {
    /// Takes a secret that processes which know the same browsers share.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(Arc::new(RwLock::new(secret.into())))
    }

    /// Takes another secret, for all clones; browsers that are known by the one before are strangers again.
    pub fn replace(&self, secret: &[u8]) {
        *self.0.write() = secret.into();
    }

    pub(crate) fn secret(&self) -> Arc<[u8]> {
        Arc::clone(&self.0.read())
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceKey(…)")
    }
}
