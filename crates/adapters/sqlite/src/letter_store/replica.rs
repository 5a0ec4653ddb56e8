//! What letters tell of: orders and tickets as their services last said they are.

use serde::{Deserialize, Serialize};
use ticketing_core::domain::order::Order;
use ticketing_core::domain::ticket::Ticket;
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};
use uuid::Uuid;

use crate::commit::Change;
use crate::document::{Record, Wrong, blob};
use crate::order_store::OrderDocument;
use crate::ticket_store::{ListingDocument, ticket_replica};

#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct OrderReplica(OrderDocument);

#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct TicketReplica(ListingDocument);

pub(super) fn of_order(order: &Order, replaces: Option<Revision>) -> Result<Change, StoreError> {
    Ok(Change {
        columns: vec![("ticket", blob(order.ticket.id.uuid()))],
        ..Change::of(
            RecordKey::OrderReplica(order.id),
            order.id.uuid(),
            replaces,
            &OrderReplica(OrderDocument::of(order)),
        )?
    })
}

pub(super) fn of_ticket(ticket: Ticket, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let id = ticket.id;
    Change::of(RecordKey::TicketReplica(id), id.uuid(), replaces, &TicketReplica(ticket_replica(ticket)))
}

impl Record for OrderReplica {
    type Domain = Order;
    const TABLE: &'static str = "order_replicas";

    fn into_domain(self, id: Uuid) -> Result<Order, Wrong> {
        self.0.into_domain(id)
    }
}

impl Record for TicketReplica {
    type Domain = Ticket;
    const TABLE: &'static str = "ticket_replicas";

    fn into_domain(self, id: Uuid) -> Result<Ticket, Wrong> {
        self.0.into_domain(id).map(|listing| listing.ticket)
    }
}
