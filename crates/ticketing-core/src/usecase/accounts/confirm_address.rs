//! Confirms the address of an account by the link of a letter.

use crate::domain::account::LinkPurpose;
use crate::domain::ids::AccountId;
use crate::ports::contacts::LinkToken;
use crate::usecase::error::Error;
use crate::usecase::retry_on_conflict;
use crate::wire::Origin;

use super::Accounts;

/// Says that the address of an account is the owner's.
#[derive(Debug, Clone)]
pub struct ConfirmAddress {
    /// What the link of the letter holds.
    pub token: LinkToken,
}

impl Accounts {
    /// Notes that the owner of an account reads the mail of its address. Doing so twice does no harm.
    ///
    /// Nobody needs to be signed in: the letter may be read on another device.
    ///
    /// # Errors
    ///
    /// [`Error::LinkOver`]: the link is not ours, an hour old, or for an address that the account no longer has.
    /// Or a failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::ports::contacts::{ContactPurpose, Contacts};
    /// use ticketing_core::usecase::accounts::{ConfirmAddress, SignUp};
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
    /// let contact = accounts.contact(ada, ContactPurpose::ConfirmAddress).await?.ok_or("nobody")?;
    /// let token = contact.token.ok_or("no link")?;
    /// assert_eq!(accounts.confirm_address(ConfirmAddress { token }, origin).await?, ada);
    /// assert!(accounts.account(ada).await?.confirmed_at.is_some());
    /// assert_eq!(accounts.contact(ada, ContactPurpose::ConfirmAddress).await?, None, "nothing is left to confirm");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn confirm_address(&self, command: ConfirmAddress, origin: Origin) -> Result<AccountId, Error> {
        let claims = self.read_link(&command.token, LinkPurpose::ConfirmAddress)?;
        retry_on_conflict(|| async {
            let stored = self.linked(&claims).await?;
            if let Some((next, event)) = stored.record.clone().confirm_address(self.env.now()) {
                self.commit(stored.replace(next), vec![event], &origin).await?;
            }
            Ok(claims.account)
        })
        .await
    }
}
