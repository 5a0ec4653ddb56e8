//! Passwords by argon2id, a few at a time, beside the requests.

mod memory;
mod strength;

use std::sync::Arc;

use argon2::Params;
use argon2::password_hash::phc;
use argon2::password_hash::{Error as HashError, PasswordHasher as _, PasswordVerifier as _};
use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use ticketing_core::domain::account::{Password, PasswordAttempt, PasswordHash};
use ticketing_core::ports::BoxError;
use ticketing_core::ports::identity::{IdentityError, PasswordHasher};

use crate::{Argon2Config, ConfigError};

use memory::Hashing;

/// Hashes passwords on Tokio's blocking threads. A clone is a handle to the same line.
///
/// A storm of sign-ins starves nothing else: [`Argon2Config`] bounds how many
/// hashes are made at a time and how many wait. A caller that
/// finds the line full gets an error at once. The memory of as many hashes as are made at a time is kept
/// from the first of them on.
///
/// # Examples
///
/// ```
/// use ticketing_core::domain::account::{Password, PasswordAttempt};
/// use ticketing_core::ports::identity::PasswordHasher;
/// use ticketing_crypto::{Argon2Config, Argon2Hasher};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hasher = Argon2Hasher::new(Argon2Config::default())?;
/// let password = Password::new("correct horse battery".into()).map_err(|wrong| wrong.message)?;
/// let hash = hasher.hash(&password).await?;
///
/// let attempt = PasswordAttempt::new("correct horse battery".into()).ok_or("too long")?;
/// assert!(hasher.verify(attempt.clone(), Some(hash)).await?);
/// assert!(!hasher.verify(attempt, None).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Argon2Hasher {
    hashing: Hashing,
    nobody: PasswordHash,
    /// How many have room in the line.
    places: usize,
    line: Arc<Semaphore>,
    slots: Arc<Semaphore>,
}

impl Argon2Hasher {
    /// Prepares to hash at a cost.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if argon2 cannot work at this cost, or nothing may be done at a time.
    pub fn new(config: Argon2Config) -> Result<Self, ConfigError> {
        let Argon2Config { memory_kib, passes, lanes, max_concurrent, max_waiting } = config;
        if max_concurrent == 0 {
            return Err(ConfigError::new("at least one password must be hashed at a time"));
        }
        let params = Params::new(memory_kib, passes, lanes, None)
            .map_err(|error| ConfigError::because("argon2 cannot work at this cost", error.to_string()))?;
        let places = (max_concurrent + max_waiting).min(Semaphore::MAX_PERMITS);
        Ok(Self {
            hashing: Hashing::argon2id(params),
            places,
            nobody: hash_of_nobody(memory_kib, passes, lanes),
            line: Arc::new(Semaphore::new(places)),
            slots: Arc::new(Semaphore::new(max_concurrent.min(Semaphore::MAX_PERMITS))),
        })
    }

    /// How many passwords are hashed, or wait to be.
    #[must_use]
    pub fn in_hand(&self) -> usize {
        self.places - self.line.available_permits()
    }

    async fn in_line<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, IdentityError> + Send + 'static,
    ) -> Result<T, IdentityError> {
        let place = Arc::clone(&self.line).try_acquire_owned().map_err(unavailable)?;
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(unavailable)?;
        let job = spawn_blocking(move || {
            let outcome = work();
            // Not given back by the caller: who stops waiting does not stop the work.
            drop((slot, place));
            outcome
        });
        job.await.map_err(unavailable)?
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, IdentityError> {
        let hashing = self.hashing.clone();
        let password = password.clone();
        self.in_line(move || {
            let hash = hashing.hash_password(password.expose().as_bytes()).map_err(unavailable)?;
            Ok(PasswordHash::new(hash.to_string()))
        })
        .await
    }

    async fn verify(&self, attempt: PasswordAttempt, hash: Option<PasswordHash>) -> Result<bool, IdentityError> {
        let hashing = self.hashing.clone();
        let somebody = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        self.in_line(move || {
            let hash = phc::PasswordHash::new(hash.expose()).map_err(unavailable)?;
            for spelling in attempt.spellings() {
                match hashing.verify_password(spelling.as_bytes(), &hash) {
                    Ok(()) => return Ok(somebody),
                    Err(HashError::PasswordInvalid) => {}
                    Err(error) => return Err(unavailable(error)),
                }
            }
            Ok(false)
        })
        .await
    }

    async fn weakness(&self, password: &Password, hints: &[String]) -> Result<Option<String>, IdentityError> {
        let (password, hints) = (password.clone(), hints.to_vec());
        self.in_line(move || Ok(strength::weakness(&password, &hints))).await
    }
}

/// The hash that an unknown account is checked against: real cost, and no password matches.
fn hash_of_nobody(memory_kib: u32, passes: u32, lanes: u32) -> PasswordHash {
    let salt = "A".repeat(22);
    let output = "A".repeat(43);
    PasswordHash::new(format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${output}"))
}

fn unavailable(cause: impl Into<BoxError>) -> IdentityError {
    IdentityError::Unavailable(cause.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher() -> Argon2Hasher {
        Argon2Hasher::new(Argon2Config { max_concurrent: 1, max_waiting: 1, ..Argon2Config::weak() }).unwrap()
    }

    fn attempt(text: &str) -> PasswordAttempt {
        PasswordAttempt::new(text.into()).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::new(text.into()).unwrap()
    }

    #[tokio::test]
    async fn a_hash_is_argon2id_at_the_cost_asked_for() {
        let hash = hasher().hash(&password("correct horse battery")).await.unwrap();

        assert!(hash.expose().starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{}", hash.expose());
    }

    #[test]
    fn an_unknown_account_costs_as_much_as_a_known_one() {
        let config = Argon2Config::default();
        let nobody = Argon2Hasher::new(config).unwrap().nobody;
        let phc = phc::PasswordHash::new(nobody.expose()).unwrap();
        let params = Params::try_from(&phc).unwrap();

        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (config.memory_kib, config.passes, config.lanes)
        );
        assert_eq!(params.output_len(), Some(Params::DEFAULT_OUTPUT_LEN));
    }

    #[tokio::test]
    async fn a_full_line_refuses_at_once_and_recovers() {
        let hasher = hasher();
        let crowd = Arc::clone(&hasher.line).try_acquire_many_owned(2).unwrap();

        let refused = hasher.hash(&password("correct horse battery")).await;
        assert!(matches!(refused, Err(IdentityError::Unavailable(_))));
        drop(crowd);
        assert!(hasher.hash(&password("correct horse battery")).await.is_ok());
    }

    #[tokio::test]
    async fn a_caller_who_stops_waiting_gives_their_place_back() {
        let hasher = hasher();
        let slot = Arc::clone(&hasher.slots).try_acquire_owned().unwrap();
        let waiting = password("correct horse battery");
        assert!(tokio::time::timeout(std::time::Duration::ZERO, hasher.hash(&waiting)).await.is_err());
        drop(slot);

        assert_eq!((hasher.line.available_permits(), hasher.slots.available_permits()), (2, 1));
        assert!(hasher.hash(&waiting).await.is_ok());
    }

    #[tokio::test]
    async fn a_hash_that_is_none_is_not_taken_for_a_wrong_password() {
        let broken = PasswordHash::new("not a hash".to_owned());

        assert!(matches!(hasher().verify(attempt("x"), Some(broken)).await, Err(IdentityError::Unavailable(_))));
    }

    #[tokio::test]
    async fn a_hash_of_a_password_as_it_was_typed_still_proves_it() {
        let typed = "Cre\u{300}me bru\u{302}le\u{301}e\u{A0}1";
        let hash = hasher().hashing.hash_password(typed.as_bytes()).unwrap().to_string();

        assert!(hasher().verify(attempt(typed), Some(PasswordHash::new(hash))).await.unwrap());
    }

    #[tokio::test]
    async fn a_full_line_judges_nobody() {
        let hasher = hasher();
        let crowd = Arc::clone(&hasher.line).try_acquire_many_owned(2).unwrap();

        let refused = hasher.weakness(&password("correct horse battery"), &[]).await;
        assert!(matches!(refused, Err(IdentityError::Unavailable(_))));
        drop(crowd);
        assert!(hasher.weakness(&password("correct horse battery"), &[]).await.is_ok());
    }

    #[test]
    fn a_cost_that_cannot_be_is_refused() {
        assert!(Argon2Hasher::new(Argon2Config { memory_kib: 1, ..Argon2Config::default() }).is_err());
        assert!(Argon2Hasher::new(Argon2Config { max_concurrent: 0, ..Argon2Config::default() }).is_err());
    }
}
