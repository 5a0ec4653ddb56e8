//! An async function that says who acts.

use async_trait::async_trait;
use http::request::Parts;

use ticketing_core::domain::ids::AccountId;
use ticketing_core::usecase::error::Error;

use crate::state::{Actor, Identify};

/// An `async fn(&Parts) -> Result<Option<AccountId>, E>`, or a closure like it.
///
/// A closure that captures something takes what it needs out of the request before its `async move` block.
/// `E` is an [`Error`], or [`IdentityError`](ticketing_core::ports::identity::IdentityError).
pub trait IdentifyBy<'a>: Send + Sync + 'static {
    /// Why it is not known who acts.
    type Error: Into<Error>;
    /// Finds it out.
    type Future: Future<Output = Result<Option<AccountId>, Self::Error>> + Send + 'a;

    /// Begins to find out who acts.
    fn identify_by(&self, request: &'a Parts) -> Self::Future;
}

impl<'a, F, T, E> IdentifyBy<'a> for F
where
    F: Fn(&'a Parts) -> T + Send + Sync + 'static,
    T: Future<Output = Result<Option<AccountId>, E>> + Send + 'a,
    E: Into<Error>,
{
    type Error = E;
    type Future = T;

    fn identify_by(&self, request: &'a Parts) -> T {
        self(request)
    }
}

#[async_trait]
impl<F> Identify for F
where
    F: for<'a> IdentifyBy<'a>,
{
    async fn identify(&self, request: &Parts) -> Result<Option<Actor>, Error> {
        let account = self.identify_by(request).await.map_err(Into::into)?;
        Ok(account.map(Actor::from))
    }
}
