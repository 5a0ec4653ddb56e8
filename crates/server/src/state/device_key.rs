//! What known browsers are signed with.

use std::fmt;
use std::sync::Arc;

/// Signs the cookies of known browsers. A clone holds the same key.
#[derive(Clone)]
pub struct DeviceKey(Arc<[u8]>);

impl DeviceKey {
    /// Takes a secret that processes which know the same browsers share.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(secret.into())
    }

    pub(crate) fn secret(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceKey(…)")
    }
}
