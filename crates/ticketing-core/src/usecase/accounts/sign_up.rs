//! Opens an account and signs its owner in.

use tracing::Instrument;

use crate::domain::account::{Account, EmailAddress, Password};
use crate::domain::ids::AccountId;
use crate::domain::invalid::Invalid;
use crate::messaging::spans;
use crate::ports::store::{StoreError, Write};
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::{Accounts, SignedIn};

/// Asks for an account.
#[derive(Clone)]
#[non_exhaustive]
pub struct SignUp {
    /// Where to reach its owner.
    pub email: EmailAddress,
    /// As the owner typed it.
    pub password: String,
    /// What the browser calls itself.
    pub device: String,
}

impl SignUp {
    /// From a device that does not say what it is.
    #[must_use]
    pub fn new(email: EmailAddress, password: impl Into<String>) -> Self {
        Self { email, password: password.into(), device: String::new() }
    }

    /// From a device that calls itself so, shown in the list of sessions.
    #[must_use]
    pub fn device(self, device: impl Into<String>) -> Self {
        Self { device: device.into(), ..self }
    }
}

impl std::fmt::Debug for SignUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignUp").field("email", &self.email).finish_non_exhaustive()
    }
}

impl Accounts {
    /// Opens an account and signs its owner in.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a weak password, [`Error::EmailTaken`], or a failure of a port.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::usecase::{accounts::SignUp, error::Error};
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
    /// # let (email, password) = ("ada@example.org".parse()?, "correct horse battery staple");
    /// let command = SignUp::new(email, "correct horse battery staple").device("a browser");
    /// let ada = accounts.sign_up(command.clone(), origin.clone()).await?;
    /// assert_eq!(ada.email.as_str(), "ada@example.org");
    ///
    /// assert!(matches!(accounts.sign_up(command, origin.clone()).await, Err(Error::EmailTaken)));
    /// let weak = SignUp::new("bob@example.org".parse()?, "password1");
    /// assert!(matches!(accounts.sign_up(weak, origin).await, Err(Error::Invalid(_))));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sign_up(&self, command: SignUp, origin: Origin) -> Result<SignedIn, Error> {
        let span = spans::command("sign up", &origin);
        self.register(command, &origin).instrument(span).await
    }

    async fn register(&self, command: SignUp, origin: &Origin) -> Result<SignedIn, Error> {
        // Judging and hashing are dear, so an address that is taken is refused before them.
        if self.store.account_by_email(&command.email).await?.is_some() {
            return Err(Error::EmailTaken);
        }
        let password = self.strong_password(command.password, &command.email).await?;
        let hash = self.hasher.hash(&password).await?;
        let now = self.env.now();
        let id = AccountId::new(self.env.uuid(now));
        let (account, event) = Account::register(id, command.email, hash, now);
        match self.commit(Write::insert(account.clone()), vec![event], origin).await {
            Ok(()) => self.begin_session(&account, &command.device, now).await,
            Err(StoreError::Conflict(_)) => Err(Error::EmailTaken),
            Err(error) => Err(error.into()),
        }
    }

    /// Accepts a new password that is hard to guess.
    pub(super) async fn strong_password(&self, password: String, email: &EmailAddress) -> Result<Password, Error> {
        let password = Password::new(password)?;
        match self.hasher.weakness(&password, &[email.as_str().to_owned()]).await? {
            Some(weakness) => Err(Invalid::new("password", weakness).into()),
            None => Ok(password),
        }
    }
}
