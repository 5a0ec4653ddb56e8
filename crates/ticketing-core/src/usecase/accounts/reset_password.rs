//! Replaces a forgotten password by the link of a letter.

use crate::domain::account::{Account, LinkClaims, LinkPurpose, Password, PasswordAttempt, PasswordHash};
use crate::domain::event::Event;
use crate::domain::time::Timestamp;
use crate::ports::contacts::LinkToken;
use crate::usecase::error::Error;
use crate::usecase::retry_on_conflict;
use crate::wire::Origin;

use super::Accounts;

/// Chooses another password without the one so far.
#[derive(Clone)]
pub struct ResetPassword {
    /// What the link of the letter holds.
    pub token: LinkToken,
    /// The password from now on.
    pub password: String,
}

impl std::fmt::Debug for ResetPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResetPassword").finish_non_exhaustive()
    }
}

impl Accounts {
    /// Replaces the password of the account that a link is for, and ends all its sessions.
    ///
    /// The link works once, because it is bound to the password that it replaces. Who has it reads the mail of the
    /// address, so the address is confirmed as well. The same change that is sent twice is made once and
    /// acknowledged twice.
    ///
    /// # Errors
    ///
    /// [`Error::LinkOver`], or [`Error::Invalid`] for a weak password, which leaves the link as it is.
    /// Or a failure of a port: the password may be the new one all the same.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the old password or the new one; with the new one no session of before is refreshed.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::ports::contacts::{ContactPurpose, Contacts};
    /// use ticketing_core::usecase::{accounts::{ResetPassword, SignIn, SignUp}, error::Error};
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
    /// let contact = accounts.contact(ada, ContactPurpose::ResetPassword).await?.ok_or("nobody")?;
    /// let token = contact.token.ok_or("no link")?;
    /// let reset = |password: &str| ResetPassword { token: token.clone(), password: password.to_owned() };
    /// accounts.reset_password(reset("another horse battery staple"), origin.clone()).await?;
    /// accounts.sign_in(SignIn::new(email, "another horse battery staple"), origin.clone()).await?;
    ///
    /// let again = accounts.reset_password(reset("a third horse battery staple"), origin).await;
    /// assert!(matches!(again, Err(Error::LinkOver)), "once");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn reset_password(&self, command: ResetPassword, origin: Origin) -> Result<(), Error> {
        let claims = self.read_link(&command.token, LinkPurpose::ResetPassword)?;
        let linked = match self.linked(&claims).await {
            Err(Error::LinkOver) => return self.reset_already(&claims, command.password).await,
            linked => linked?.record,
        };
        let password = self.strong_password(command.password, &linked.email).await?;
        let hash = self.hasher.hash(&password).await?;
        let reset = retry_on_conflict(|| async {
            let stored = self.linked(&claims).await?;
            let (next, events) = reset(stored.record.clone(), hash.clone(), self.env.now());
            Ok(self.commit(stored.replace(next), events, &origin).await?)
        })
        .await;
        match reset {
            // The same form, sent twice at once.
            Err(Error::LinkOver) => self.reset_already(&claims, password.expose().to_owned()).await,
            Err(error) => Err(error),
            Ok(()) => {
                self.end_sessions(claims.account, None).await;
                Ok(())
            }
        }
    }

    /// Acknowledges a change that is made; a client that does not know the password that it is now has an old link.
    async fn reset_already(&self, claims: &LinkClaims, password: String) -> Result<(), Error> {
        let password = Password::new(password).map_err(|_| Error::LinkOver)?;
        let account = self.store.account(claims.account).await?.ok_or(Error::LinkOver)?.record;
        match self.hasher.verify(PasswordAttempt::from(password), Some(account.password)).await? {
            true => Ok(()),
            false => Err(Error::LinkOver),
        }
    }
}

/// The account with another password and an address that is confirmed, and an event for each.
fn reset(account: Account, password: PasswordHash, now: Timestamp) -> (Account, Vec<Event>) {
    let (account, changed) = account.change_password(password);
    match account.clone().confirm_address(now) {
        Some((account, confirmed)) => (account, vec![changed, confirmed]),
        None => (account, vec![changed]),
    }
}
