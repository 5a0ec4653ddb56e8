//! Hands out all that the accounts service knows about somebody.

use crate::domain::account::Account;
use crate::domain::ids::AccountId;
use crate::ports::identity::Session;
use crate::usecase::error::Error;

use super::Accounts;

/// All that the accounts service knows about somebody, but for what proves that it is them.
#[derive(Debug, Clone)]
pub struct ExportedData {
    /// The account.
    pub account: Account,
    /// The sessions, newest first.
    pub sessions: Vec<Session>,
}

impl Accounts {
    /// All that this service knows about the owner of an account.
    ///
    /// # Errors
    ///
    /// [`Error::AccountNotFound`], or a failure of a port: a list without the sessions would not be all.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::usecase::accounts::SignUp;
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
    /// # let ada = accounts.sign_up(SignUp::new(email.clone(), password), origin).await?.account;
    /// let known = accounts.export_data(ada).await?;
    /// assert_eq!((known.account.email, known.sessions.len()), (email, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn export_data(&self, account: AccountId) -> Result<ExportedData, Error> {
        Ok(ExportedData { account: self.account(account).await?, sessions: self.sessions(account).await? })
    }
}
