//! Deletes an account.

use crate::domain::account::{AccountRecord, PasswordAttempt};
use crate::domain::ids::AccountId;
use crate::domain::invalid::Invalid;
use crate::ports::store::Write;
use crate::usecase::error::Error;
use crate::usecase::retry_on_conflict;
use crate::wire::Origin;

use super::Accounts;

/// Asks that an account be deleted.
#[derive(Clone)]
pub struct DeleteAccount {
    /// Whose.
    pub account: AccountId,
    /// The password, as the owner typed it: a session that was left open is not enough.
    pub password: String,
}

impl std::fmt::Debug for DeleteAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeleteAccount").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Accounts {
    /// Deletes an account for good, with all that is known about its owner, and ends its sessions.
    ///
    /// Its id and its version are kept, so that nobody else ever has them; its address is free.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] names `password`; [`Error::AccountNotFound`], also where it was deleted before.
    /// Or a failure of a port: the account may be gone all the same.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the account or none; with none, no session of it is refreshed.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::usecase::{accounts::{DeleteAccount, SignUp}, error::Error};
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
    /// # let ada = accounts.sign_up(SignUp::new(email.clone(), password), origin.clone()).await?.account;
    /// let command = DeleteAccount { account: ada, password: password.to_owned() };
    /// accounts.delete_account(command, origin.clone()).await?;
    /// assert!(matches!(accounts.account(ada).await, Err(Error::AccountNotFound)));
    ///
    /// let another = accounts.sign_up(SignUp::new(email, password), origin).await?;
    /// assert_ne!(another.account, ada, "the address is free");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_account(&self, command: DeleteAccount, origin: Origin) -> Result<(), Error> {
        let verified = self.account(command.account).await?;
        let attempt = PasswordAttempt::new(command.password).ok_or_else(wrong_password)?;
        if !self.hasher.verify(attempt, Some(verified.password.clone())).await? {
            return Err(wrong_password());
        }
        retry_on_conflict(|| async {
            let stored = self.store.account(verified.id).await?.ok_or(Error::AccountNotFound)?;
            // With the authority of the password that was verified, and of no other.
            if stored.record.password != verified.password {
                return Err(wrong_password());
            }
            let (deleted, event) = stored.record.delete(self.env.now());
            let write = Write { record: AccountRecord::Deleted(deleted), replaces: Some(stored.revision) };
            Ok(self.commit(write, vec![event], &origin).await?)
        })
        .await?;
        self.end_sessions(verified.id, None).await;
        Ok(())
    }
}

fn wrong_password() -> Error {
    Invalid::new("password", "is not the password of this account").into()
}
