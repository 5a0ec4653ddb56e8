//! Tickets: finding them and selling them.

use http::Method;
use http::header::IF_MATCH;
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::order::IdempotencyKey;

use crate::page::PageQuery;
use crate::paths;
use crate::tickets::{
    OfferBody, OtherOffers, ScheduleBody, Suggestions, TicketBody, TicketPage, TicketSearch, TicketsFound, TypedText,
};

use super::Client;
use super::error::ClientError;

impl Client {
    /// A page of the tickets on sale that match a search.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `invalid` and `bad_cursor` among others.
    pub async fn search_tickets(&self, search: &TicketSearch) -> Result<TicketsFound, ClientError> {
        self.get_with(paths::TICKETS, search).read().await
    }

    /// Titles of tickets on sale that somebody may mean who has typed this much; at most eight.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `invalid` if it is longer than a search may be.
    pub async fn suggestions(&self, typed: &str) -> Result<Suggestions, ClientError> {
        self.get_with(paths::SUGGESTIONS, &TypedText { text: Some(typed.to_owned()) }).read().await
    }

    /// What else is on sale of the event of a ticket, in the same currency, cheapest first.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `ticket_not_found` among others.
    pub async fn other_offers(&self, ticket: TicketId) -> Result<OtherOffers, ClientError> {
        self.get(paths::other_offers(ticket)).read().await
    }

    /// A ticket, on sale or not.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `ticket_not_found` among others.
    pub async fn ticket(&self, id: TicketId) -> Result<TicketBody, ClientError> {
        self.get(paths::ticket(id)).read().await
    }

    /// A page of what the account ever put on sale, newest first, with its sales.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn my_tickets(&self, page: &PageQuery) -> Result<TicketPage, ClientError> {
        self.get_with(paths::MY_TICKETS, page).read().await
    }

    /// Puts a ticket on sale.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `invalid` names the fields that are wrong.
    pub async fn create_ticket(
        &self,
        offer: &OfferBody,
        key: Option<&IdempotencyKey>,
    ) -> Result<TicketBody, ClientError> {
        self.call(Method::POST, paths::TICKETS).under(key).json(offer).read().await
    }

    /// Replaces the offer of a ticket as it was seen: one that changed since is left as it is.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `stale_version` and `quantity_below_sales` among others.
    pub async fn update_ticket(&self, seen: &TicketBody, offer: &OfferBody) -> Result<TicketBody, ClientError> {
        let call = self.call(Method::PUT, paths::ticket(seen.id)).header(IF_MATCH, tag_of(seen));
        call.json(offer).read().await
    }

    /// Changes the facts of an event as it was seen, although places are held or sold: who paid may give them back.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `stale_version` and `ticket_called_off` among others.
    pub async fn reschedule_ticket(&self, seen: &TicketBody, to: &ScheduleBody) -> Result<TicketBody, ClientError> {
        let call = self.call(Method::POST, paths::reschedule(seen.id)).header(IF_MATCH, tag_of(seen));
        call.json(to).read().await
    }

    /// Says that an event does not take place: nobody orders it any more, and every paid order is refunded.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `not_seller` among others.
    pub async fn call_off_ticket(&self, id: TicketId) -> Result<TicketBody, ClientError> {
        self.call(Method::POST, paths::call_off(id)).read().await
    }

    /// Takes a ticket off sale as it was seen: one that changed since stays.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `stale_version` among others.
    pub async fn withdraw_ticket(&self, seen: &TicketBody) -> Result<(), ClientError> {
        let call = self.call(Method::DELETE, paths::ticket(seen.id)).header(IF_MATCH, tag_of(seen));
        call.done().await.map(drop)
    }
}

fn tag_of(TicketBody { version, sales_version, .. }: &TicketBody) -> String {
    format!("\"{version}.{sales_version}\"")
}
