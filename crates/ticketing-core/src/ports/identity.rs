//! Proves who somebody is: passwords, tokens and sessions.

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
    /// Too much to do or no answer: the same call may succeed later.
    #[error("identity checks are unavailable")]
    Unavailable(#[source] BoxError),
    /// The token is not ours, was changed, or ran out: sign in again.
    #[error("the token is not valid")]
    InvalidToken,
}

/// Turns passwords into what may be kept of them.
///
/// Hashing is slow on purpose, and judging a password may be slow, so both run beside the requests, and only so
/// many at a time. Stopping to wait does not stop the work.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `identity`.
///
/// - A password proves itself, and no other does: `a_password_proves_itself_alone`.
/// - However it is typed, it is the same password: `a_password_proves_itself_however_it_is_typed`.
/// - Two hashes of one password differ: `two_hashes_of_one_password_differ`.
/// - A weak password is told so, a strong one is not: `a_weak_password_is_told_so`.
/// - No password keeps the judge, or anybody beside it, for long: `no_password_is_long_judged`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync + fmt::Debug + 'static {
    /// Hashes a password with a salt of its own.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unavailable`]: try again later.
    async fn hash(&self, password: &Password) -> Result<PasswordHash, IdentityError>;

    /// Whether a hash was made of this password, in any of the attempt's spellings.
    ///
    /// With no hash it takes as long and answers `false`, so that timing does
    /// not tell which accounts exist.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unavailable`]: try again later.
    async fn verify(&self, attempt: PasswordAttempt, hash: Option<PasswordHash>) -> Result<bool, IdentityError>;

    /// What makes a password easy to guess, in a sentence; `None` if nothing does.
    ///
    /// `hints` are texts that an attacker would try, the e-mail address for one.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unavailable`]: try again later.
    async fn weakness(&self, password: &Password, hints: &[String]) -> Result<Option<String>, IdentityError>;
}

/// What an access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    /// Who.
    pub account: AccountId,
    /// In which session.
    pub session: SessionId,
    /// From when.
    pub issued_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Signs access tokens; for the accounts service alone.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `identity`.
///
/// - A signed token says what was signed: `a_token_says_what_was_signed`.
/// - Who has the public keys verifies it: `a_token_is_verified_with_public_keys_alone`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait TokenSigner: Send + Sync + fmt::Debug + 'static {
    /// Signs, to whole seconds.
    fn sign(&self, claims: Claims) -> String;

    /// The public keys as a JSON Web Key Set (RFC 7517).
    fn jwks(&self) -> String;
}

/// Reads access tokens; for every service.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `identity`.
///
/// - A token is valid until it expires: `a_token_is_valid_until_it_expires`.
/// - A token that was changed or signed by another is refused: `a_forged_token_is_refused`.
/// - A token is not valid before the time it names: `a_token_is_not_valid_before_its_time`.
/// - A token for another audience, issuer or use is refused: `a_token_for_something_else_is_refused`.
/// - A token that demands what the verifier does not know is refused: `an_unknown_demand_is_refused`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait TokenVerifier: Send + Sync + fmt::Debug + 'static {
    /// Reads a token that is valid at `now`.
    ///
    /// # Errors
    ///
    /// [`IdentityError::InvalidToken`]: sign in again.
    fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, IdentityError>;
}

/// What is kept of a refresh token: its SHA-256, so that who reads the store cannot use it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenDigest(pub [u8; 32]);

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(…)")
    }
}

/// Makes the refresh tokens of one session, each out of the one before, and recognises them.
///
/// Kept beside the session, so that every process has it. By itself it gives no token that is worth anything:
/// that takes a token of the session, of which a digest alone is kept.
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
    /// Which one.
    pub token: TokenDigest,
    /// When it was exchanged first.
    pub at: Timestamp,
}

/// One sign-in on one device, kept alive by refresh tokens that are used once each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// What the browser calls itself; at most 200 characters.
    pub device: String,
    /// When the owner signed in.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub refreshed_at: Timestamp,
    /// When it ends unless refreshed before.
    pub expires_at: Timestamp,
    /// The password that its owner proved to know: once the account has another, the session is over.
    pub password: PasswordVersion,
    /// Makes and recognises its refresh tokens.
    pub key: SessionKey,
    /// The refresh token that is valid now.
    pub current: TokenDigest,
    /// Those that were exchanged a moment ago, newest first; at most [`Session::MAX_SPENT`].
    pub spent: Vec<SpentToken>,
}

impl Session {
    /// How many sessions an account may have; the one that began first gives way to one too many.
    pub const MAX_PER_ACCOUNT: usize = 100;
    /// How many exchanged tokens are remembered, so that a store has a bound.
    pub const MAX_SPENT: usize = 8;
}

/// Keeps sessions. What it cannot find is signed out.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `sessions`.
///
/// - A session is found until it is revoked: `a_session_is_found_until_revoked`.
/// - A session that expired is gone: `an_expired_session_is_gone`.
/// - Of two refreshes with one token, one wins: `one_of_two_racing_refreshes_wins`.
/// - An owner finds their own sessions and no others: `an_owner_finds_their_sessions`.
/// - All sessions of an owner but one may be revoked at once: `all_sessions_but_one_may_be_revoked`.
/// - An owner has so many sessions and no more; the oldest gives way: `the_oldest_of_too_many_sessions_gives_way`.
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

    /// Puts `next` in the place of the session, if its token is still `used`; tells whether it was.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unavailable`]: try again later.
    async fn refresh(&self, used: TokenDigest, next: Session) -> Result<bool, IdentityError>;

    /// Ends a session; tells whether it was alive and the account's own.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unavailable`]: try again, it does no harm.
    async fn revoke(&self, account: AccountId, id: SessionId) -> Result<bool, IdentityError>;

    /// Ends all sessions of an account, but for `keep`.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unavailable`]: try again, it does no harm.
    async fn revoke_all(&self, account: AccountId, keep: Option<SessionId>) -> Result<(), IdentityError>;

    /// The sessions of an account that are alive, newest first.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unavailable`]: try again later.
    async fn sessions_of(&self, account: AccountId) -> Result<Vec<Session>, IdentityError>;
}

/// How long tokens and sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLifetimes {
    /// An access token; a service that cannot ask believes it so long.
    pub access: Duration,
    /// A session that nobody refreshes.
    pub idle: Duration,
    /// A session, however often it is refreshed.
    pub longest: Duration,
    /// How long after its exchange a refresh token gives the same pair again, to a second tab or to whom the answer
    /// did not reach; later it is a thief's. Five seconds more are granted, because clocks differ.
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
