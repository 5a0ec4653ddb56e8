//! Identifies people: passwords, tokens and sessions.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::account::{Password, PasswordAttempt, PasswordHash, PasswordVersion};
use crate::domain::ids::{AccountId, SessionId};
use crate::domain::time::Timestamp;

use super::BoxError;

/// Why an identity port did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Overloaded or no response: the same call may succeed later.
    #[error("identity checks are unavailable")]
    Unavailable(#[source] BoxError),
    /// The token is foreign, was changed, or expired: sign in again.
    #[error("the token is not valid")]
    InvalidToken,
}

/// Hashes, verifies and rates passwords.
///
/// Hashing is slow on purpose, and rating may be slow, so both run off the calling task, and only a few at a
/// time. Dropping the future does not stop the work.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `identity`.
///
/// - A password verifies only against its own hash: `a_password_proves_itself_alone`.
/// - All spellings of a password are equal: `a_password_proves_itself_however_it_is_typed`.
/// - Two hashes of one password differ: `two_hashes_of_one_password_differ`.
/// - A weak password is reported, a strong one is not: `a_weak_password_is_told_so`.
/// - No password takes long to rate or delays others for long: `no_password_is_long_judged`.
///
/// # Examples
///
/// For tests, where hashing would only take time:
///
/// ```
/// use ticketing_core::domain::account::{Password, PasswordAttempt, PasswordHash};
/// use ticketing_core::ports::identity::{IdentityError, PasswordHasher};
///
/// #[derive(Debug)]
/// struct Plain;
///
/// #[async_trait::async_trait]
/// impl PasswordHasher for Plain {
///     async fn hash(&self, password: &Password) -> Result<PasswordHash, IdentityError> {
///         Ok(PasswordHash::new(password.expose().to_owned()))
///     }
///
///     async fn verify(&self, attempt: PasswordAttempt, hash: Option<PasswordHash>) -> Result<bool, IdentityError> {
///         Ok(hash.is_some_and(|hash| attempt.spellings().any(|spelling| hash.expose() == spelling)))
///     }
///
///     async fn weakness(&self, _: &Password, _: &[String]) -> Result<Option<String>, IdentityError> {
///         Ok(None)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hash = Plain.hash(&Password::new("brass lantern".to_owned())?).await?;
/// let attempt = |typed: &str| PasswordAttempt::new(typed.to_owned()).ok_or("is no password");
/// assert!(Plain.verify(attempt("brass lantern")?, Some(hash.clone())).await?);
/// assert!(!Plain.verify(attempt("brass lamp")?, Some(hash)).await?);
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync + fmt::Debug + 'static {
    /// Hashes a password with a new salt.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unavailable`]: try again later.
    async fn hash(&self, password: &Password) -> Result<PasswordHash, IdentityError>;

    /// Whether the hash matches this password, in any of the attempt's spellings.
    ///
    /// Without a hash it takes as long and returns `false`, so that timing does
    /// not reveal which accounts exist.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unavailable`]: try again later.
    async fn verify(&self, attempt: PasswordAttempt, hash: Option<PasswordHash>) -> Result<bool, IdentityError>;

    /// Why a password is easy to guess, as a sentence; `None` if it is not.
    ///
    /// `hints` are texts that an attacker would try, such as the e-mail address.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unavailable`]: try again later.
    async fn weakness(&self, password: &Password, hints: &[String]) -> Result<Option<String>, IdentityError>;
}

/// The claims of an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    /// The account.
    pub account: AccountId,
    /// The session.
    pub session: SessionId,
    /// Whether the owner has proved that the address is theirs, when the token was signed.
    pub confirmed: bool,
    /// Valid from.
    pub issued_at: Timestamp,
    /// Valid until.
    pub expires_at: Timestamp,
}

/// Signs access tokens; only for the accounts service.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `identity`.
///
/// - A verified token carries the signed claims: `a_token_says_what_was_signed`.
/// - The public keys are enough to verify it: `a_token_is_verified_with_public_keys_alone`.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::identity::{Claims, TokenSigner, TokenVerifier};
/// # use std::time::Duration;
/// # use ticketing_core::domain::{ids::{AccountId, SessionId}, time::Timestamp};
/// # use ticketing_crypto::{Ed25519Signer, JwtVerifier};
///
/// # let (account, session, issued_at) = (AccountId::from_u128(1), SessionId::from_u128(2), Timestamp::EPOCH);
/// # let expires_at = issued_at.after(Duration::from_mins(5));
/// let signer: &dyn TokenSigner = &Ed25519Signer::generate();
/// let claims = Claims { account, session, confirmed: true, issued_at, expires_at };
/// let token = signer.sign(claims);
///
/// // In another process, which has the public keys alone.
/// let verifier = JwtVerifier::from_jwks(&signer.jwks())?;
/// assert_eq!(verifier.verify(&token, issued_at)?, claims);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait TokenSigner: Send + Sync + fmt::Debug + 'static {
    /// Signs a token, with times in whole seconds.
    fn sign(&self, claims: Claims) -> String;

    /// The public keys as a JSON Web Key Set (RFC 7517).
    fn jwks(&self) -> String;
}

/// Verifies access tokens; for every service.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `identity`.
///
/// - A token is valid until it expires: `a_token_is_valid_until_it_expires`.
/// - A changed token, or one signed with another key, is refused: `a_forged_token_is_refused`.
/// - A token is not valid before the time it names: `a_token_is_not_valid_before_its_time`.
/// - A token for another audience, issuer or use is refused: `a_token_for_something_else_is_refused`.
/// - A token with a critical header that the verifier does not know is refused: `an_unknown_demand_is_refused`.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::identity::{Claims, IdentityError, TokenSigner, TokenVerifier};
/// # use std::time::Duration;
/// # use ticketing_core::domain::{ids::{AccountId, SessionId}, time::Timestamp};
/// # use ticketing_crypto::{Ed25519Signer, JwtVerifier};
///
/// # let (account, session, issued_at) = (AccountId::from_u128(1), SessionId::from_u128(2), Timestamp::EPOCH);
/// # let expires_at = issued_at.after(Duration::from_mins(5));
/// # let signer = Ed25519Signer::generate();
/// # let token = signer.sign(Claims { account, session, confirmed: true, issued_at, expires_at });
/// let verifier: &dyn TokenVerifier = &JwtVerifier::from_jwks(&signer.jwks())?;
/// assert_eq!(verifier.verify(&token, issued_at)?.account, account);
/// assert!(matches!(verifier.verify(&token, expires_at), Err(IdentityError::InvalidToken)));
///
/// let stranger = JwtVerifier::from_jwks(&Ed25519Signer::generate().jwks())?;
/// assert!(matches!(stranger.verify(&token, issued_at), Err(IdentityError::InvalidToken)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait TokenVerifier: Send + Sync + fmt::Debug + 'static {
    /// Verifies a token at the time `now`.
    ///
    /// # Errors
    ///
    /// [`IdentityError::InvalidToken`]: sign in again.
    fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, IdentityError>;
}

/// The stored form of a refresh token: its SHA-256, so that reading the store is not enough to use it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenDigest(pub [u8; 32]);

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(…)")
    }
}

/// Derives the refresh tokens of one session, each from the one before, and recognises them.
///
/// Stored with the session, so that every process has it. By itself it yields no valid token:
/// that also takes a token of the session, of which only a digest is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionKey(pub [u8; 32]);

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(…)")
    }
}

/// A refresh token that was exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpentToken {
    /// The token.
    pub token: TokenDigest,
    /// When it was first exchanged.
    pub at: Timestamp,
}

/// One sign-in on one device, kept alive by refresh tokens that are each used once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Unique id.
    pub id: SessionId,
    /// The account.
    pub account: AccountId,
    /// The browser's `User-Agent`; at most 200 characters.
    pub device: String,
    /// When the owner signed in.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub refreshed_at: Timestamp,
    /// When it expires unless refreshed.
    pub expires_at: Timestamp,
    /// The password that was proved at sign-in: once the account has another, the session is over.
    pub password: PasswordVersion,
    /// Derives and recognises its refresh tokens.
    pub key: SessionKey,
    /// The current refresh token.
    pub current: TokenDigest,
    /// Recently exchanged tokens, newest first; at most [`Session::MAX_SPENT`].
    pub spent: Vec<SpentToken>,
}

impl Session {
    /// The most sessions per account; one too many ends the oldest.
    pub const MAX_PER_ACCOUNT: usize = 100;
    /// The most exchanged tokens that are remembered.
    pub const MAX_SPENT: usize = 8;
}

/// Keeps sessions. A session that it cannot find is signed out.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `sessions`.
///
/// - A session is found until it is revoked: `a_session_is_found_until_revoked`.
/// - An expired session is gone: `an_expired_session_is_gone`.
/// - Of two refreshes with one token, one wins: `one_of_two_racing_refreshes_wins`.
/// - An owner finds their own sessions and no others: `an_owner_finds_their_sessions`.
/// - All sessions of an owner but one may be revoked at once: `all_sessions_but_one_may_be_revoked`.
/// - The sessions of an owner are bounded; one too many ends the oldest: `the_oldest_of_too_many_sessions_gives_way`.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::identity::{Session, SessionStore, TokenDigest};
/// # use ticketing_core::domain::{account::PasswordHash, ids::{AccountId, SessionId}};
/// # use ticketing_core::ports::identity::SessionKey;
/// # use ticketing_memory::MemoryEngines;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let engines = MemoryEngines::default();
/// # let now = engines.env.now();
/// # let session = Session {
/// #     id: SessionId::from_u128(1),
/// #     account: AccountId::from_u128(2),
/// #     device: "a browser".to_owned(),
/// #     created_at: now,
/// #     refreshed_at: now,
/// #     expires_at: now.after(std::time::Duration::from_hours(1)),
/// #     password: PasswordHash::new("…".to_owned()).version(),
/// #     key: SessionKey([0; 32]),
/// #     current: TokenDigest([1; 32]),
/// #     spent: Vec::new(),
/// # };
/// let store: &dyn SessionStore = &engines.sessions;
/// store.create(session.clone()).await?;
/// let next = Session { current: TokenDigest([2; 32]), ..session.clone() };
/// assert!(store.refresh(session.current, next.clone()).await?);
/// assert!(!store.refresh(session.current, next).await?, "a token is used once");
///
/// assert!(store.revoke(session.account, session.id).await?);
/// assert_eq!(store.session(session.id).await?, None);
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait SessionStore: Send + Sync + fmt::Debug + 'static {
    /// Keeps a new session until it expires, and ends the oldest of the account's if there are
    /// more than [`Session::MAX_PER_ACCOUNT`].
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unavailable`]: try again later.
    async fn create(&self, session: Session) -> Result<(), IdentityError>;

    /// The session, if it is alive.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unavailable`]: treat everybody as signed out.
    async fn session(&self, id: SessionId) -> Result<Option<Session>, IdentityError>;

    /// Replaces the session with `next` if its token is still `used`; returns whether it did.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unavailable`]: try again later.
    async fn refresh(&self, used: TokenDigest, next: Session) -> Result<bool, IdentityError>;

    /// Ends a session; returns whether it was alive and belonged to the account.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unavailable`]: try again, it does no harm.
    async fn revoke(&self, account: AccountId, id: SessionId) -> Result<bool, IdentityError>;

    /// Ends all sessions of an account except `keep`.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unavailable`]: try again, it does no harm.
    async fn revoke_all(&self, account: AccountId, keep: Option<SessionId>) -> Result<(), IdentityError>;

    /// The live sessions of an account, newest first.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unavailable`]: try again later.
    async fn sessions_of(&self, account: AccountId) -> Result<Vec<Session>, IdentityError>;
}

/// How long tokens and sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLifetimes {
    /// An access token; a service that cannot check its session accepts it for this long.
    pub access: Duration,
    /// A session that is not refreshed.
    pub idle: Duration,
    /// A session, however often it is refreshed.
    pub longest: Duration,
    /// How long after its exchange a refresh token returns the same pair again, for a second tab or a lost response;
    /// later use means theft. Five more seconds are granted, because clocks differ.
    pub overlap: Duration,
}

impl Default for SessionLifetimes {
    fn default() -> Self {
        Self {
            access: Duration::from_secs(5 * 60),
            idle: Duration::from_secs(30 * 24 * 3600),
            longest: Duration::from_secs(90 * 24 * 3600),
            overlap: Duration::from_secs(10),
        }
    }
}
