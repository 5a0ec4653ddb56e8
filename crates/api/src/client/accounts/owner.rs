//! Letters of an account, its name, a copy of what is known, and its end.

use http::Method;

use crate::accounts::{Confirmation, Deletion, ExportBody, ForgottenPassword, PasswordReset, Renaming};
use crate::client::Client;
use crate::client::error::ClientError;
use crate::paths;

impl Client {
    /// Confirms the address of an account by the token of a letter. Nobody needs to be signed in.
    ///
    /// Tokens of before do not know it: refresh them.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `link_over` among others.
    pub async fn confirm_address(&self, confirmation: &Confirmation) -> Result<(), ClientError> {
        self.call(Method::POST, paths::CONFIRM).json(confirmation).done().await.map(drop)
    }

    /// Has another letter sent that confirms the address of the account.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `rate_limited` among others.
    pub async fn request_confirmation(&self) -> Result<(), ClientError> {
        self.call(Method::POST, paths::CONFIRM_AGAIN).done().await.map(drop)
    }

    /// Has a letter sent with which a forgotten password is replaced, if the address has an account.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `rate_limited` among others.
    pub async fn forgot_password(&self, forgotten: &ForgottenPassword) -> Result<(), ClientError> {
        self.call(Method::POST, paths::FORGOT).json(forgotten).done().await.map(drop)
    }

    /// Replaces a forgotten password by the token of a letter, which ends every session of the account.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `link_over` and `invalid` among others.
    pub async fn reset_password(&self, reset: &PasswordReset) -> Result<(), ClientError> {
        self.call(Method::POST, paths::RESET).json(reset).done().await.map(drop)
    }

    /// Changes what the owner of the account is called.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `invalid` among others.
    pub async fn rename(&self, renaming: &Renaming) -> Result<(), ClientError> {
        self.call(Method::PUT, paths::NAME).json(renaming).done().await.map(drop)
    }

    /// All that the accounts service knows about the owner of the account.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn export(&self) -> Result<ExportBody, ClientError> {
        self.get(paths::EXPORT).read().await
    }

    /// Deletes the account for good, and ends its sessions.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `invalid` names `password`.
    pub async fn delete_account(&self, deletion: &Deletion) -> Result<(), ClientError> {
        self.call(Method::POST, paths::DELETE_ACCOUNT).json(deletion).done().await.map(drop)
    }
}
