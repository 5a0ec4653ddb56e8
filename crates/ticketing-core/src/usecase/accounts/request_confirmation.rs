//! Asks for another letter that confirms the address of an account.

use crate::domain::account::Account;
use crate::domain::ids::AccountId;
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::Accounts;

/// Asks for another letter to the address of an account.
#[derive(Debug, Clone, Copy)]
pub struct RequestConfirmation {
    /// Whose.
    pub account: AccountId,
}

impl Accounts {
    /// Lets the owner of an account be sent another link that confirms its address; nothing if it is confirmed.
    ///
    /// How often is for the caller to limit: each call is a letter.
    ///
    /// # Errors
    ///
    /// [`Error::AccountNotFound`], or a failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::usecase::accounts::{RequestConfirmation, SignUp};
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
    /// accounts.request_confirmation(RequestConfirmation { account: ada }, origin).await?;
    /// assert_eq!(accounts.account(ada).await?.version, 2, "it was told of");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn request_confirmation(&self, command: RequestConfirmation, origin: Origin) -> Result<(), Error> {
        self.change(command.account, &origin, Account::request_confirmation).await
    }
}
