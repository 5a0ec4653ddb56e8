//! The accounts service: who somebody is.

mod change_password;
mod confirm_address;
mod contacts;
mod delete_account;
mod export_data;
mod manage_sessions;
mod refresh;
mod rename;
mod request_confirmation;
mod request_reset;
mod reset_password;
mod sign_in;
mod sign_up;
mod token;

use std::sync::Arc;

use tracing::Instrument;

use crate::domain::account::{
    Account, AccountRecord, DisplayName, EmailAddress, LinkClaims, LinkPurpose, shown_device,
};
use crate::domain::event::Event;
use crate::domain::ids::{AccountId, SessionId};
use crate::domain::time::Timestamp;
use crate::messaging::spans;
use crate::ports::account_store::AccountStore;
use crate::ports::contacts::LinkToken;
use crate::ports::identity::{
    Claims, PasswordHasher, Session, SessionKey, SessionLifetimes, SessionStore, TokenSigner,
};

use crate::ports::error_chain;
use crate::ports::link_signer::LinkSigner;
use crate::ports::store::{StoreError, Stored, UnitOfWork, Write};
use crate::wire::Origin;

use super::error::Error;
use super::retry_on_conflict;
use crate::ports::clock::ClockAndIds;

pub use change_password::{ChangePassword, Renewal};
pub use confirm_address::ConfirmAddress;
pub use delete_account::DeleteAccount;
pub use export_data::ExportedData;
pub use refresh::Refreshed;
pub use rename::Rename;
pub use request_confirmation::RequestConfirmation;
pub use request_reset::RequestReset;
pub use reset_password::ResetPassword;
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
    /// Signs the links of letters.
    pub links: Arc<dyn LinkSigner>,
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
    /// What they want to be called.
    pub display_name: Option<DisplayName>,
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
            device: shown_device(device),
            created_at: now,
            refreshed_at: now,
            expires_at: self.session_end(now, now),
            password: account.password.version(),
            key,
            current: refresh.digest(),
            spent: Vec::new(),
        };
        self.sessions.create(session.clone()).await?;
        let Refreshed { access, refresh, session_expires_at } = self.pair(account, &session, refresh, now);
        let (email, display_name) = (account.email.clone(), account.display_name.clone());
        Ok(SignedIn { account: account.id, email, display_name, access, refresh, session_expires_at })
    }

    /// When a session ends that is refreshed now and never again.
    fn session_end(&self, created_at: Timestamp, now: Timestamp) -> Timestamp {
        now.after(self.lifetimes.idle).min(created_at.after(self.lifetimes.longest))
    }

    /// Signs a token that does not outlive its session.
    fn sign(&self, account: &Account, session: &Session, now: Timestamp) -> AccessToken {
        let expires_at = now.after(self.lifetimes.access).min(session.expires_at);
        let claims = Claims {
            account: session.account,
            session: session.id,
            confirmed: account.confirmed_at.is_some(),
            issued_at: now,
            expires_at,
        };
        AccessToken { token: self.signer.sign(claims), claims }
    }

    /// Loads an account, lets it decide, and commits what it becomes with its event, or nothing.
    async fn change(
        &self,
        id: AccountId,
        origin: &Origin,
        decide: impl Fn(Account) -> Option<(Account, Event)> + Send + Sync,
    ) -> Result<(), Error> {
        retry_on_conflict(|| async {
            let stored = self.store.account(id).await?.ok_or(Error::AccountNotFound)?;
            let Some((next, event)) = decide(stored.record.clone()) else { return Ok(()) };
            Ok(self.commit(stored.replace(next), vec![event], origin).await?)
        })
        .await
    }

    /// Commits what became of an account, with the events that report it.
    async fn commit(&self, write: Write<AccountRecord>, events: Vec<Event>, origin: &Origin) -> Result<(), StoreError> {
        let now = self.env.now();
        let work = UnitOfWork::default().with(write);
        let work = events.iter().fold(work, |work, event| work.telling(self.env.seal(event, now, origin)));
        let span = spans::commit(&work);
        self.store.commit(work).instrument(span).await.map(drop)
    }

    /// What a token says, if it is for this and its time is not over.
    fn read_link(&self, token: &LinkToken, purpose: LinkPurpose) -> Result<LinkClaims, Error> {
        let claims = self.links.verify_link(token).map_err(|_| Error::LinkOver)?;
        if claims.is_for(purpose, self.env.now()) { Ok(claims) } else { Err(Error::LinkOver) }
    }

    /// The account that a link is for, unless the link is void by now.
    async fn linked(&self, claims: &LinkClaims) -> Result<Stored<Account>, Error> {
        let stored = self.store.account(claims.account).await?.ok_or(Error::LinkOver)?;
        if claims.fits(&stored.record) { Ok(stored) } else { Err(Error::LinkOver) }
    }

    /// Ends all sessions of an account, as far as the session store answers: none is refreshed in any case.
    async fn end_sessions(&self, account: AccountId, keep: Option<SessionId>) {
        if let Err(error) = self.sessions.revoke_all(account, keep).await {
            tracing::warn!(account = %account, cause = error_chain(&error), "sessions of {account} end when their access tokens run out, and not at once");
        }
    }
}
