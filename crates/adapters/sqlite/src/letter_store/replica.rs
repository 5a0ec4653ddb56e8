//! What letters tell of: orders and tickets as their services last said they are.

use serde::{Deserialize, Serialize};
use ticketing_core::domain::order::Order;
use ticketing_core::domain::ticket::Ticket;
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};
use uuid::Uuid;

use crate::commit::Change;
use crate::document::{Record, Wrong, blob, encoded};
use crate::order_store::OrderDocument;
use crate::ticket_store::{ListingDocument, ticket_replica};

#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct OrderReplica(OrderDocument);

#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct TicketReplica(ListingDocument);

pub(super) fn of_order(order: &Order, replaces: Option<Revision>) -> Result<Change, StoreError> {
    Ok(Change {
        table: OrderReplica::TABLE,
        key: RecordKey::OrderReplica(order.id),
        id: order.id.uuid(),
        replaces,
        record: encoded(&OrderReplica(OrderDocument::of(order)))?,
        columns: vec![("ticket", blob(order.ticket.id.uuid()))],
        guards: Vec::new(),
        before: Vec::new(),
        after: Vec::new(),
    })
}

pub(super) fn of_ticket(ticket: Ticket, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let id = ticket.id;
    Ok(Change {
        table: TicketReplica::TABLE,
        key: RecordKey::TicketReplica(id),
        id: id.uuid(),
        replaces,
        record: encoded(&TicketReplica(ticket_replica(ticket)))?,
        columns: Vec::new(),
        guards: Vec::new(),
        before: Vec::new(),
        after: Vec::new(),
    })
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
