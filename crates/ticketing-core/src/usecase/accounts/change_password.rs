//! Replaces a password and ends all other sessions.

use crate::domain::ids::{AccountId, SessionId};
use crate::domain::invalid::Invalid;
use crate::ports::store::{StoreError, UnitOfWork};
use crate::usecase::DECISIONS;
use crate::usecase::error::Error;

use super::Accounts;

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

impl Accounts {
    /// Replaces a password and ends all other sessions of the account.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] names `currentPassword` or `password`; or a failure of a port.
    pub async fn change_password(&self, command: ChangePassword) -> Result<(), Error> {
        let stored = self.store.account(command.account).await?.ok_or(Error::AccountNotFound)?;
        let password = self.strong_password(command.new, &stored.record.email)?;
        if !self.hasher.verify(command.current, Some(stored.record.password)).await? {
            return Err(Invalid::new("currentPassword", "is not the password of this account").into());
        }
        let hash = self.hasher.hash(&password).await?;
        for _ in 0..DECISIONS {
            let stored = self.store.account(command.account).await?.ok_or(Error::AccountNotFound)?;
            let write = stored.replace(stored.record.clone().with_password(hash.clone()));
            match self.store.commit(UnitOfWork::default().with(write)).await {
                Ok(()) => {
                    // A crash here leaves other sessions alive; their owner sees and ends them.
                    self.sessions.revoke_all(command.account, Some(command.session)).await?;
                    return Ok(());
                }
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict(Vec::new()).into())
    }
}
