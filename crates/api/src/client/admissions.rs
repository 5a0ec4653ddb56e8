//! Passes, and the door that they open.

use http::Method;
use ticketing_core::domain::ids::{DoorLinkId, OrderId, TicketId};
use ticketing_core::domain::order::IdempotencyKey;

use crate::admissions::{CheckBody, CheckInBody, DoorLinkBody, DoorLinkList, DoorPage, MakeDoorLinkBody, PassList};
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

    /// Checks the code or the token of a pass at a door; under a key, a check whose answer was lost may be repeated.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `not_your_door` among others.
    pub async fn check_in(
        &self,
        ticket: TicketId,
        shown: &CheckInBody,
        key: Option<&IdempotencyKey>,
    ) -> Result<CheckBody, ClientError> {
        self.call(Method::POST, paths::door_checks(ticket)).under(key).json(shown).read().await
    }

    /// A page of the passes of a ticket that the account sells, for its door.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `not_your_door` among others.
    pub async fn door(&self, ticket: TicketId, page: &PageQuery) -> Result<DoorPage, ClientError> {
        self.get_with(&paths::door_passes(ticket), page).read().await
    }

    /// The links to the door of a ticket that the account sells.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `not_your_door` among others.
    pub async fn door_links(&self, ticket: TicketId) -> Result<DoorLinkList, ClientError> {
        self.get(paths::door_links(ticket)).read().await
    }

    /// Makes a link to the door of a ticket that the account sells; the answer alone has its key.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `too_many_door_links` among others.
    pub async fn make_door_link(&self, ticket: TicketId, label: &str) -> Result<DoorLinkBody, ClientError> {
        let body = MakeDoorLinkBody { label: label.to_owned() };
        self.call(Method::POST, paths::door_links(ticket)).json(&body).read().await
    }

    /// Revokes a link to the door of a ticket that the account sells. Doing so twice does no harm.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `not_your_door` among others.
    pub async fn revoke_door_link(&self, ticket: TicketId, link: DoorLinkId) -> Result<(), ClientError> {
        self.call(Method::DELETE, paths::door_link(ticket, link)).done().await.map(drop)
    }
}
