//! Changes what the owner of an account is called.

use crate::domain::account::DisplayName;
use crate::domain::ids::AccountId;
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::Accounts;

/// Asks to be called something else.
#[derive(Debug, Clone)]
pub struct Rename {
    /// Who.
    pub account: AccountId,
    /// What; nothing in particular if absent.
    pub name: Option<DisplayName>,
}

impl Accounts {
    /// Changes what the owner of an account is called. Doing so twice does no harm.
    ///
    /// # Errors
    ///
    /// [`Error::AccountNotFound`], or a failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::domain::account::DisplayName;
    /// use ticketing_core::usecase::accounts::{Rename, SignUp};
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
    /// let name = DisplayName::parse("Ada Lovelace")?;
    /// accounts.rename(Rename { account: ada, name: name.clone() }, origin).await?;
    /// assert_eq!(accounts.account(ada).await?.display_name, name);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn rename(&self, command: Rename, origin: Origin) -> Result<(), Error> {
        self.change(command.account, &origin, |account| account.rename(command.name.clone())).await
    }
}
