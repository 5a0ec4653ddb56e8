//! Asks for a letter with which a forgotten password can be replaced.

use crate::domain::account::{Account, EmailAddress};
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::Accounts;

/// Asks for a letter to the owner of an address.
#[derive(Debug, Clone)]
pub struct RequestReset {
    /// Where the letter is to go; it goes there only if it is the address of an account.
    pub email: EmailAddress,
}

impl Accounts {
    /// Lets the owner of an address be sent a link with which they choose another password, if they have an account.
    ///
    /// The answer is the same for every address, but the time that it takes is not: a commit takes longer than none.
    /// So an edge that answers strangers runs this in a separate task and answers before it.
    ///
    /// How often is for the caller to limit: each call may be a letter.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::usecase::accounts::{RequestReset, SignUp};
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
    /// accounts.request_reset(RequestReset { email }, origin.clone()).await?;
    /// accounts.request_reset(RequestReset { email: "nobody@example.org".parse()? }, origin).await?;
    /// assert_eq!(engines.accounts.outbox().len(), 2, "the sign-up, and one request");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn request_reset(&self, command: RequestReset, origin: Origin) -> Result<(), Error> {
        let Some(stored) = self.store.account_by_email(&command.email).await? else { return Ok(()) };
        match self.change(stored.record.id, &origin, |account| Some(Account::request_reset(account))).await {
            // It was deleted meanwhile.
            Err(Error::AccountNotFound) => Ok(()),
            asked => asked,
        }
    }
}
