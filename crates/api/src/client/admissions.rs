//! Passes, and the door that they open.

use http::Method;
use ticketing_core::domain::ids::{OrderId, TicketId};

use crate::admissions::{CheckInBody, DoorPage, PassBody, PassList};
use crate::page::PageQuery;
use crate::paths;

use super::Client;
use super::error::ClientError;

impl Client {
    /// The passes of an order of the account.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `passes_not_found` among others.
    pub async fn passes_of(&self, order: OrderId) -> Result<PassList, ClientError> {
        self.get(paths::passes_of(order)).read().await
    }

    /// Lets somebody in who shows the code or the token of a pass.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `pass_already_used`, `pass_voided` and `pass_not_found` among others.
    pub async fn check_in(&self, ticket: TicketId, shown: &CheckInBody) -> Result<PassBody, ClientError> {
        self.call(Method::POST, paths::admissions_to(ticket)).json(shown).read().await
    }

    /// A page of the door of a ticket that the account sells.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `not_your_door` among others.
    pub async fn door(&self, ticket: TicketId, page: &PageQuery) -> Result<DoorPage, ClientError> {
        self.get_with(&paths::admissions_to(ticket), page).read().await
    }
}
