//! The accounts service: who somebody is.

mod change_password;
mod manage_sessions;
mod refresh;
mod sign_in;
mod sign_up;
mod token;

use std::sync::Arc;

use crate::domain::account::{Account, EmailAddress};
use crate::domain::ids::{AccountId, SessionId};
use crate::domain::text;
use crate::domain::time::Timestamp;
use crate::ports::account_store::AccountStore;
use crate::ports::identity::{
    Claims, PasswordHasher, Session, SessionKey, SessionLifetimes, SessionStore, TokenSigner,
};

use super::error::Error;
use crate::ports::clock::ClockAndIds;

pub use change_password::{ChangePassword, Renewal};
pub use refresh::Refreshed;
pub use sign_in::SignIn;
pub use sign_up::SignUp;
pub use token::RefreshToken;

/// What the accounts service works with. A clone is the same service.
///
/// [`ServiceContext::accounts`](crate::assembly::ServiceContext::accounts) puts it together.
#[derive(Debug, Clone)]
pub struct Accounts {
    /// Keeps accounts.
    pub store: Arc<dyn AccountStore>,
    /// Keeps sessions.
    pub sessions: Arc<dyn SessionStore>,
    /// Hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Signs access tokens.
    pub signer: Arc<dyn TokenSigner>,
    /// Time and chance.
    pub env: ClockAndIds,
    /// How long tokens and sessions last.
    pub lifetimes: SessionLifetimes,
}

/// What somebody who signed in takes along.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub account: AccountId,
    /// Their address.
    pub email: EmailAddress,
    /// Shown with each request.
    pub access: AccessToken,
    /// Shown once, for the next pair of tokens.
    pub refresh: RefreshToken,
    /// When the session ends unless refreshed before.
    pub session_expires_at: Timestamp,
}

/// A signed access token and what it says.
#[derive(Clone)]
pub struct AccessToken {
    /// The JSON Web Token. Never printed.
    pub token: String,
    /// What it says.
    pub claims: Claims,
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessToken").field("claims", &self.claims).finish_non_exhaustive()
    }
}

impl Accounts {
    /// An account by its name.
    ///
    /// # Errors
    ///
    /// [`Error::AccountNotFound`] if there is none, or a failure of the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::usecase::{accounts::SignUp, error::Error};
    /// # use ticketing_core::domain::ids::AccountId;
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
    /// let ada = accounts.sign_up(SignUp::new(email, password), origin).await?;
    /// assert_eq!(accounts.account(ada.account).await?.email.as_str(), "ada@example.org");
    /// assert!(matches!(accounts.account(AccountId::from_u128(1)).await, Err(Error::AccountNotFound)));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn account(&self, id: AccountId) -> Result<Account, Error> {
        let stored = self.store.account(id).await?;
        stored.map(|stored| stored.record).ok_or(Error::AccountNotFound)
    }

    /// Begins a session on a device.
    async fn begin_session(&self, account: &Account, device: &str, now: Timestamp) -> Result<SignedIn, Error> {
        let id = SessionId::new(self.env.uuid(now));
        let key = SessionKey(self.env.ids.secret());
        let refresh = RefreshToken::draw(id, &key, &self.env);
        let session = Session {
            id,
            account: account.id,
            device: text::shown(device, MAX_DEVICE_CHARS),
            created_at: now,
            refreshed_at: now,
            expires_at: self.session_end(now, now),
            password: account.password.version(),
            key,
            current: refresh.digest(),
            spent: Vec::new(),
        };
        self.sessions.create(session.clone()).await?;
        let Refreshed { access, refresh, session_expires_at } = self.pair(&session, refresh, now);
        Ok(SignedIn { account: account.id, email: account.email.clone(), access, refresh, session_expires_at })
    }

    /// When a session ends that is refreshed now and never again.
    fn session_end(&self, created_at: Timestamp, now: Timestamp) -> Timestamp {
        now.after(self.lifetimes.idle).min(created_at.after(self.lifetimes.longest))
    }

    /// Signs a token that does not outlive its session.
    fn sign(&self, session: &Session, now: Timestamp) -> AccessToken {
        let expires_at = now.after(self.lifetimes.access).min(session.expires_at);
        let claims = Claims { account: session.account, session: session.id, issued_at: now, expires_at };
        AccessToken { token: self.signer.sign(claims), claims }
    }
}

const MAX_DEVICE_CHARS: usize = 200;
