//! How much a password hash costs, and how many are made at a time.

use std::num::NonZeroUsize;
use std::thread;

/// The cost of a password hash.
///
/// The default is what OWASP asks for argon2id: 19 MiB, 2 passes, 1 lane; half
/// the cores at a time. A hash keeps the cost it was made with, so a change
/// holds for new passwords alone.
///
/// # Examples
///
/// ```
/// use ticketing_crypto::{Argon2Config, Argon2Hasher};
///
/// let hasher = Argon2Hasher::new(Argon2Config { memory_kib: 64 * 1024, ..Argon2Config::default() })?;
/// assert!(Argon2Hasher::new(Argon2Config { passes: 0, ..Argon2Config::default() }).is_err());
/// # let _ = hasher;
/// # Ok::<(), ticketing_crypto::ConfigError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Config {
    /// Memory of one hash, in KiB.
    pub memory_kib: u32,
    /// How often that memory is gone over.
    pub passes: u32,
    /// Into how many lanes it is divided.
    pub lanes: u32,
    /// How many hashes are made at a time.
    pub max_concurrent: usize,
    /// How many more may wait; the next is refused at once.
    pub max_waiting: usize,
}

impl Argon2Config {
    /// The cheapest hash there is, for tests: it protects nothing.
    #[must_use]
    pub fn weak() -> Self {
        Self { memory_kib: 8, passes: 1, ..Self::default() }
    }
}

impl Default for Argon2Config {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let max_concurrent = (cores / 2).max(1);
        // About two seconds of work: a client that would wait longer had better come back.
        Self { memory_kib: 19 * 1024, passes: 2, lanes: 1, max_concurrent, max_waiting: 64 * max_concurrent }
    }
}
