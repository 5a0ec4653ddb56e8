//! Lists and ends sessions.

use crate::domain::ids::{AccountId, SessionId};
use crate::ports::identity::Session;
use crate::usecase::error::Error;

use super::Accounts;

impl Accounts {
    /// The sessions of an account, newest first.
    ///
    /// # Errors
    ///
    /// A failure of the session store.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::usecase::accounts::SignUp;
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
    /// # let ada = accounts.sign_up(SignUp::new(email, password).device("a browser"), origin).await?;
    /// let sessions = accounts.sessions(ada.account).await?;
    /// assert_eq!(sessions.iter().map(|session| session.device.as_str()).collect::<Vec<_>>(), ["a browser"]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sessions(&self, account: AccountId) -> Result<Vec<Session>, Error> {
        Ok(self.sessions.sessions_of(account).await?)
    }

    /// Ends one session of an account, everywhere.
    ///
    /// # Errors
    ///
    /// [`Error::SessionNotFound`] if it is over or somebody else's, or a failure of the session store.
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
    /// # let ada = accounts.sign_up(SignUp::new(email, password).device("a browser"), origin).await?;
    /// let session = ada.access.claims.session;
    /// accounts.revoke_session(ada.account, session).await?;
    /// assert!(matches!(accounts.revoke_session(ada.account, session).await, Err(Error::SessionNotFound)));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn revoke_session(&self, account: AccountId, session: SessionId) -> Result<(), Error> {
        match self.sessions.revoke(account, session).await? {
            true => Ok(()),
            false => Err(Error::SessionNotFound),
        }
    }

    /// Ends every session of an account but the one somebody is in. Doing so twice does no harm.
    ///
    /// # Errors
    ///
    /// A failure of the session store.
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
    /// # let ada = accounts.sign_up(SignUp::new(email.clone(), password).device("a browser"), origin.clone()).await?;
    /// let phone = accounts.sign_in(SignIn::new(email, password).device("a phone"), origin).await?;
    /// accounts.revoke_other_sessions(ada.account, phone.access.claims.session).await?;
    /// assert_eq!(accounts.sessions(ada.account).await?.len(), 1);
    /// assert!(accounts.refresh(&ada.refresh).await.is_err(), "the browser is signed out");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn revoke_other_sessions(&self, account: AccountId, keep: SessionId) -> Result<(), Error> {
        Ok(self.sessions.revoke_all(account, Some(keep)).await?)
    }

    /// Ends the session somebody is in, everywhere. Doing so twice does no harm.
    ///
    /// # Errors
    ///
    /// A failure of the session store.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::usecase::accounts::SignUp;
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
    /// # let ada = accounts.sign_up(SignUp::new(email, password).device("a browser"), origin).await?;
    /// accounts.sign_out(ada.account, ada.access.claims.session).await?;
    /// assert!(accounts.sessions(ada.account).await?.is_empty());
    /// assert!(accounts.refresh(&ada.refresh).await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sign_out(&self, account: AccountId, session: SessionId) -> Result<(), Error> {
        self.sessions.revoke(account, session).await?;
        Ok(())
    }
}
