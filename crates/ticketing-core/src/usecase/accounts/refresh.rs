//! Exchanges a refresh token for the next pair of tokens.

use std::time::Duration;

use crate::domain::account::Account;
use crate::domain::time::Timestamp;
use crate::ports::identity::{Session, SpentToken};
use crate::usecase::DECISIONS;
use crate::usecase::error::Error;

use super::{AccessToken, Accounts, RefreshToken};

/// So far apart the clocks of two processes may be.
const CLOCKS_APART: Duration = Duration::from_secs(5);

/// What an exchange gives.
#[derive(Debug, Clone)]
pub struct Refreshed {
    /// Shown with each request.
    pub access: AccessToken,
    /// The next refresh token.
    pub refresh: RefreshToken,
    /// When the session ends unless refreshed before.
    pub session_expires_at: Timestamp,
}

impl Accounts {
    /// Exchanges a refresh token for the next pair of tokens.
    ///
    /// A token works once. For a moment after its exchange it gives the same pair again, because an answer may be
    /// lost and tabs share a token. Later it was copied, so its session ends. A token that was never the session's
    /// ends nothing. Of more than [`Session::MAX_SPENT`] exchanges in that moment the later ones give the current
    /// token again.
    ///
    /// # Errors
    ///
    /// [`Error::SessionOver`]: sign in; also where the password was replaced since. Or a failure of a port.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::usecase::accounts::SignUp;
    /// # use std::sync::Arc;
    /// # use ticketing_core::{assembly::Settings, wire::Origin};
    /// # use ticketing_crypto::{Argon2Config, Argon2Hasher, Ed25519Signer};
    /// # use ticketing_memory::MemoryEngines;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let engines = MemoryEngines::default();
    /// # let (hasher, signer) = (Arc::new(Argon2Hasher::new(Argon2Config::weak())?), Arc::new(Ed25519Signer::generate()));
    /// # let (accounts, _loops) = engines.service_context(Settings::default()).accounts(engines.account_ports(hasher, signer))?;
    /// # let origin = Origin::new(engines.env.uuid(engines.env.now()));
    /// # let (email, password) = ("ada@example.org".parse()?, "correct horse battery staple");
    /// # let ada = accounts.sign_up(SignUp::new(email, password).device("a browser"), origin).await?;
    /// let refreshed = accounts.refresh(&ada.refresh).await?;
    /// assert_ne!(refreshed.refresh, ada.refresh);
    ///
    /// // The response was lost, or another tab was faster: the same pair again.
    /// assert_eq!(accounts.refresh(&ada.refresh).await?.refresh, refreshed.refresh);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn refresh(&self, token: &RefreshToken) -> Result<Refreshed, Error> {
        let now = self.env.now();
        // A later round sees the session as the winner of a race left it.
        for _ in 0..DECISIONS {
            let session = self.sessions.session(token.session()).await?.ok_or(Error::SessionOver)?;
            if !token.is_of(&session.key) {
                return Err(Error::SessionOver);
            }
            let account = self.owner_of(&session).await?;
            if session.current != token.digest() {
                return self.second_use(&account, &session, token).await;
            }
            if self.is_full(&session, now) {
                return Ok(self.pair(&account, &session, token.clone(), now));
            }
            let next = self.refreshed(&session, token, now);
            if self.sessions.refresh(session.current, next.clone()).await? {
                return Ok(self.pair(&account, &next, token.next(&session.key), now));
            }
        }
        Err(Error::SessionOver)
    }

    /// The account of a session; a session whose account has another password by now, or is gone, ends.
    ///
    /// A change of password ends the others by itself; this holds whatever became of that.
    async fn owner_of(&self, session: &Session) -> Result<Account, Error> {
        let account = self.store.account(session.account).await?.map(|stored| stored.record);
        if let Some(account) = account.filter(|account| account.password.version() == session.password) {
            return Ok(account);
        }
        self.sessions.revoke(session.account, session.id).await?;
        Err(Error::SessionOver)
    }

    /// The session after the exchange of its token.
    fn refreshed(&self, session: &Session, used: &RefreshToken, now: Timestamp) -> Session {
        let fresh = session.spent.iter().filter(|spent| self.is_fresh(spent, now));
        let mut spent = vec![SpentToken { token: used.digest(), at: now }];
        spent.extend(fresh.take(Session::MAX_SPENT - 1));
        Session {
            refreshed_at: now,
            expires_at: self.session_end(session.created_at, now),
            current: used.next(&session.key).digest(),
            spent,
            ..session.clone()
        }
    }

    /// Whether a spent token may come again, by a clock that may be a little off either way.
    fn is_fresh(&self, spent: &SpentToken, now: Timestamp) -> bool {
        let SpentToken { at, .. } = *spent;
        now.since(at) <= self.lifetimes.overlap + CLOCKS_APART && at.since(now) <= CLOCKS_APART
    }

    /// Whether one exchange more would forget a token that may still come again: then the pair stays as it is.
    fn is_full(&self, session: &Session, now: Timestamp) -> bool {
        session.spent.iter().filter(|spent| self.is_fresh(spent, now)).count() >= Session::MAX_SPENT
    }

    async fn second_use(&self, account: &Account, session: &Session, token: &RefreshToken) -> Result<Refreshed, Error> {
        let now = self.env.now();
        let spent = session.spent.iter().find(|spent| spent.token == token.digest());
        if spent.is_some_and(|spent| self.is_fresh(spent, now)) {
            let refresh = newest(session, token).ok_or(Error::SessionOver)?;
            return Ok(self.pair(account, session, refresh, now));
        }
        tracing::warn!(session = %session.id, account = %session.account, "a refresh token of {} came again: its session ends", session.id);
        self.sessions.revoke(session.account, session.id).await?;
        Err(Error::SessionOver)
    }

    pub(super) fn pair(
        &self,
        account: &Account,
        session: &Session,
        refresh: RefreshToken,
        now: Timestamp,
    ) -> Refreshed {
        Refreshed { access: self.sign(account, session, now), refresh, session_expires_at: session.expires_at }
    }
}

/// The current token of a session, out of one that was exchanged before it.
fn newest(session: &Session, token: &RefreshToken) -> Option<RefreshToken> {
    let later = std::iter::successors(Some(token.next(&session.key)), |token| Some(token.next(&session.key)));
    later.take(Session::MAX_SPENT).find(|token| token.digest() == session.current)
}
