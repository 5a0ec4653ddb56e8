//! Lists and ends sessions.

use crate::domain::ids::{AccountId, SessionId};
use crate::ports::identity::Session;
use crate::usecase::error::Error;

use super::Accounts;

impl Accounts {
    /// The sessions of an account, newest first.
    ///
    /// # Errors
    ///
    /// A failure of the session store.
    pub async fn sessions(&self, account: AccountId) -> Result<Vec<Session>, Error> {
        Ok(self.sessions.sessions_of(account).await?)
    }

    /// Ends one session of an account, everywhere.
    ///
    /// # Errors
    ///
    /// [`Error::SessionNotFound`] if it is over or somebody else's, or a failure of the session store.
    pub async fn revoke_session(&self, account: AccountId, session: SessionId) -> Result<(), Error> {
        match self.sessions.revoke(account, session).await? {
            true => Ok(()),
            false => Err(Error::SessionNotFound),
        }
    }

    /// Ends every session of an account but the one somebody is in. Doing so twice does no harm.
    ///
    /// # Errors
    ///
    /// A failure of the session store.
    pub async fn revoke_other_sessions(&self, account: AccountId, keep: SessionId) -> Result<(), Error> {
        Ok(self.sessions.revoke_all(account, Some(keep)).await?)
    }

    /// Ends the session somebody is in, everywhere. Doing so twice does no harm.
    ///
    /// # Errors
    ///
    /// A failure of the session store.
    pub async fn sign_out(&self, account: AccountId, session: SessionId) -> Result<(), Error> {
        self.sessions.revoke(account, session).await?;
        Ok(())
    }
}
