//! Signs somebody in who has an account.

use crate::domain::account::{Account, EmailAddress, PasswordAttempt};
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::{Accounts, SignedIn};

/// Asks for a session.
#[derive(Clone)]
#[non_exhaustive]
pub struct SignIn {
    /// Whose account.
    pub email: EmailAddress,
    /// As the owner typed it.
    pub password: String,
    /// What the browser calls itself.
    pub device: String,
    /// Whether the browser never signed in to this account before, so that the owner is told.
    pub is_new_browser: bool,
}

impl SignIn {
    /// From a device that does not say what it is.
    #[must_use]
    pub fn new(email: EmailAddress, password: impl Into<String>) -> Self {
        Self { email, password: password.into(), device: String::new(), is_new_browser: false }
    }

    /// From a device that calls itself so, shown in the list of sessions.
    #[must_use]
    pub fn device(self, device: impl Into<String>) -> Self {
        Self { device: device.into(), ..self }
    }

    /// From a browser that never signed in to this account before: its owner is told.
    #[must_use]
    pub fn from_new_browser(self) -> Self {
        Self { is_new_browser: true, ..self }
    }
}

/// Somebody who proved the password of an account and has no session of it yet.
#[derive(Debug, Clone)]
#[must_use = "nobody is signed in by it"]
pub struct Proved {
    account: Account,
    device: String,
    is_new_browser: bool,
}

impl Proved {
    /// With a browser that never signed in to this account before: its owner is told.
    pub fn with_new_browser(self) -> Self {
        Self { is_new_browser: true, ..self }
    }
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").field("email", &self.email).finish_non_exhaustive()
    }
}

impl Accounts {
    /// Begins a session on a device.
    ///
    /// That a new browser signed in is an event, committed before the session begins: nobody is in whose owner is not
    /// told.
    ///
    /// # Errors
    ///
    /// [`Error::WrongCredentials`] without saying which of them is wrong, also where the password was replaced
    /// meanwhile; or a failure of a port.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::usecase::{accounts::{SignIn, SignUp}, error::Error};
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
    /// # accounts.sign_up(SignUp::new(email.clone(), password), origin.clone()).await?;
    /// let signed_in = accounts.sign_in(SignIn::new(email.clone(), password).device("a phone"), origin.clone()).await?;
    /// assert_eq!(accounts.sessions(signed_in.account).await?.len(), 2, "beside the one of the sign-up");
    ///
    /// let wrong = accounts.sign_in(SignIn::new(email, "correct horse"), origin).await;
    /// assert!(matches!(wrong, Err(Error::WrongCredentials)));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sign_in(&self, command: SignIn, origin: Origin) -> Result<SignedIn, Error> {
        self.let_in(self.prove(command).await?, origin).await
    }

    /// Verifies a password and begins nothing: what is to be counted only of those who know it is counted then.
    ///
    /// # Errors
    ///
    /// As [`Accounts::sign_in`].
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::usecase::accounts::{SignIn, SignUp};
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
    /// let proved = accounts.prove(SignIn::new(email, password)).await?;
    /// assert_eq!(accounts.sessions(ada).await?.len(), 1, "the one of the sign-up");
    /// # accounts.let_in(proved, origin).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn prove(&self, command: SignIn) -> Result<Proved, Error> {
        let SignIn { email, password, device, is_new_browser } = command;
        let attempt = PasswordAttempt::new(password).ok_or(Error::WrongCredentials)?;
        let account = self.store.account_by_email(&email).await?.map(|stored| stored.record);
        let hash = account.as_ref().map(|account| account.password.clone());
        // Without an account this takes as long, so timing does not reveal who has one.
        let proven = self.hasher.verify(attempt, hash).await?;
        let account = account.filter(|_| proven).ok_or(Error::WrongCredentials)?;
        Ok(Proved { account, device, is_new_browser })
    }

    /// Begins a session for somebody who proved a password.
    ///
    /// # Errors
    ///
    /// [`Error::WrongCredentials`] where the password was replaced meanwhile; or a failure of a port.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::usecase::accounts::{SignIn, SignUp};
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
    /// let proved = accounts.prove(SignIn::new(email, password).device("a phone")).await?;
    /// let signed_in = accounts.let_in(proved.with_new_browser(), origin).await?;
    /// assert_eq!(signed_in.account, ada);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn let_in(&self, proved: Proved, origin: Origin) -> Result<SignedIn, Error> {
        let Proved { account, device, is_new_browser } = proved;
        if is_new_browser {
            self.tell_of_browser(&account, &device, &origin).await?;
        }
        let signed_in = self.begin_session(&account, &device, self.env.now()).await?;
        // A change of password ends the sessions that it finds; one that it came too early for is found here.
        if !self.has_still(&account).await? {
            self.sessions.revoke(account.id, signed_in.access.claims.session).await?;
            return Err(Error::WrongCredentials);
        }
        Ok(signed_in)
    }

    /// Tells the owner of an account that a new browser proved its password.
    async fn tell_of_browser(&self, proved: &Account, device: &str, origin: &Origin) -> Result<(), Error> {
        let tell = |account: Account| (account.password == proved.password).then(|| account.add_browser(device));
        match self.change(proved.id, origin, tell).await {
            // It was deleted meanwhile.
            Err(Error::AccountNotFound) => Err(Error::WrongCredentials),
            told => told,
        }
    }

    /// Whether the account still has the password that was proved.
    async fn has_still(&self, proved: &Account) -> Result<bool, Error> {
        let account = self.store.account(proved.id).await?;
        Ok(account.is_some_and(|stored| stored.record.password == proved.password))
    }
}
