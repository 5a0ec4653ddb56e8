//! Signs somebody in who has an account.

use crate::domain::account::EmailAddress;
use crate::usecase::error::Error;

use super::{Accounts, SignedIn};

/// Asks for a session.
#[derive(Clone)]
pub struct SignIn {
    /// Whose account.
    pub email: EmailAddress,
    /// As the owner typed it.
    pub password: String,
    /// What the browser calls itself.
    pub device: String,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").field("email", &self.email).finish_non_exhaustive()
    }
}

impl Accounts {
    /// Begins a session on a device.
    ///
    /// # Errors
    ///
    /// [`Error::WrongCredentials`] without telling which of them is wrong, or a failure of a port.
    pub async fn sign_in(&self, command: SignIn) -> Result<SignedIn, Error> {
        let account = self.store.account_by_email(&command.email).await?.map(|stored| stored.record);
        let hash = account.as_ref().map(|account| account.password.clone());
        // Without an account this takes as long, so timing does not tell who has one.
        let proven = self.hasher.verify(command.password, hash).await?;
        match account {
            Some(account) if proven => self.begin_session(&account, &command.device, self.world.now()).await,
            Some(_) | None => Err(Error::WrongCredentials),
        }
    }
}
