//! Replaces a password and ends all other sessions.

use crate::domain::account::{Account, Password, PasswordAttempt};
use crate::domain::ids::{AccountId, SessionId};
use crate::domain::invalid::Invalid;
use crate::ports::error_chain;
use crate::ports::identity::{Session, SessionKey};
use crate::usecase::error::Error;
use crate::usecase::{DECISIONS, retry_on_conflict};
use crate::wire::Origin;

use super::{Accounts, RefreshToken, Refreshed};

/// Asks for another password.
#[derive(Clone)]
pub struct ChangePassword {
    /// Whose.
    pub account: AccountId,
    /// The session that stays.
    pub session: SessionId,
    /// The password so far.
    pub current: String,
    /// The password from now on.
    pub new: String,
}

impl std::fmt::Debug for ChangePassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChangePassword").field("account", &self.account).finish_non_exhaustive()
    }
}

/// What becomes of the session that asked for another password.
#[derive(Debug, Clone)]
pub enum Renewal {
    /// It goes on with these tokens, and no earlier ones.
    Tokens(Refreshed),
    /// The same change was sent twice and renewed it before: the tokens of that answer are good.
    Kept,
    /// It is over, or the session store did not answer: sign in with the new password.
    Over,
}

impl Accounts {
    /// Replaces a password, renews the session that asks and ends all others of the account.
    ///
    /// The change is what ends the others: they carry the version of the password that they began with, and none is
    /// refreshed once the account has another. So they end even if the session store cannot be asked, at the latest
    /// when their access tokens run out.
    ///
    /// Whatever becomes of the session, the password is the new one.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] names `currentPassword`, also where somebody else replaced the password meanwhile, or
    /// `password`. Or a failure of a port: the password may be the new one all the same.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the old password or the new one. With the new one all sessions of the old one end
    /// as above, that of the caller with them: run it in a separate task.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::usecase::{accounts::{ChangePassword, Renewal, SignIn, SignUp}, error::Error};
    /// # use ticketing_core::domain::account::EmailAddress;
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
    /// # let (email, password): (EmailAddress, _) = ("ada@example.org".parse()?, "correct horse battery staple");
    /// # let ada = accounts.sign_up(SignUp::new(email.clone(), password).device("a browser"), origin.clone()).await?;
    /// let command = ChangePassword {
    ///     account: ada.account,
    ///     session: ada.access.claims.session,
    ///     current: password.to_owned(),
    ///     new: "another horse battery staple".to_owned(),
    /// };
    /// assert!(matches!(accounts.change_password(command, origin.clone()).await?, Renewal::Tokens(_)));
    /// assert!(matches!(accounts.sign_in(SignIn::new(email, password), origin).await, Err(Error::WrongCredentials)));
    /// assert!(accounts.refresh(&ada.refresh).await.is_err(), "tokens of the old password are over");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn change_password(&self, command: ChangePassword, origin: Origin) -> Result<Renewal, Error> {
        let verified = self.store.account(command.account).await?.ok_or(Error::AccountNotFound)?;
        let attempt = PasswordAttempt::new(command.current).ok_or_else(wrong_password)?;
        // Before the new one is rated: that is work, and not for just anybody who asks.
        if !self.hasher.verify(attempt, Some(verified.record.password.clone())).await? {
            return Err(wrong_password());
        }
        let password = self.strong_password(command.new, &verified.record.email).await?;
        let account = self.replace_password(&verified.record, &password, &origin).await?;
        Ok(self.go_on_alone(&account, command.session).await)
    }

    /// Puts another password in the place of the one that was verified, and of no other.
    async fn replace_password(
        &self,
        verified: &Account,
        password: &Password,
        origin: &Origin,
    ) -> Result<Account, Error> {
        let hash = self.hasher.hash(password).await?;
        retry_on_conflict(|| async {
            let stored = self.store.account(verified.id).await?.ok_or(Error::AccountNotFound)?;
            if stored.record.password != verified.password {
                return self.replaced_already(stored.record, password.clone()).await;
            }
            let (account, event) = stored.record.clone().change_password(hash.clone());
            self.commit(stored.replace(account.clone()), vec![event], origin).await?;
            Ok(account)
        })
        .await
    }

    /// A change that was sent twice, as by a double click, is made once and acknowledged twice.
    async fn replaced_already(&self, account: Account, password: Password) -> Result<Account, Error> {
        let attempt = PasswordAttempt::from(password);
        match self.hasher.verify(attempt, Some(account.password.clone())).await? {
            true => Ok(account),
            false => Err(wrong_password()),
        }
    }

    /// Ends all other sessions and renews this one, as far as the session store answers.
    async fn go_on_alone(&self, account: &Account, session: SessionId) -> Renewal {
        self.end_sessions(account.id, Some(session)).await;
        self.renew_session(account, session).await.unwrap_or_else(|error| {
            tracing::warn!(account = %account.id, cause = error_chain(&error), "a session of {} was not renewed", account.id);
            Renewal::Over
        })
    }

    /// Gives a session the account's password of now, and tokens that come out of none of its old ones.
    async fn renew_session(&self, account: &Account, id: SessionId) -> Result<Renewal, Error> {
        for _ in 0..DECISIONS {
            let now = self.env.now();
            let session = self.sessions.session(id).await?.filter(|session| session.account == account.id);
            let Some(session) = session else { return Ok(Renewal::Over) };
            if session.password == account.password.version() {
                return Ok(Renewal::Kept);
            }
            let key = SessionKey(self.env.ids.secret());
            let refresh = RefreshToken::draw(id, &key, &self.env);
            let next = Session {
                refreshed_at: now,
                expires_at: self.session_end(session.created_at, now),
                password: account.password.version(),
                key,
                current: refresh.digest(),
                spent: Vec::new(),
                ..session.clone()
            };
            if self.sessions.refresh(session.current, next.clone()).await? {
                return Ok(Renewal::Tokens(self.pair(account, &next, refresh, now)));
            }
        }
        Ok(Renewal::Over)
    }
}

fn wrong_password() -> Error {
    Invalid::new("currentPassword", "is not the password of this account").into()
}
