//! Takes over what tickets, payments and expirations tell.
//!
//! Every event becomes a matter of the desk that decides its ticket, so events
//! and buyers never race within a process. What an event wants may be so
//! already: each of these is guarded by the state it changes.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::domain::event::{Event, Topic};
use crate::domain::ids::{OrderId, TicketId};
use crate::flow::consumer::{EventHandler, HandleError, Incoming};
use crate::flow::desk::{Matter, Wish};
use crate::ports::order_store::OrderNeeds;
use crate::usecase::error::{Error, ErrorKind};
use crate::wire::Origin;

use super::Orders;

/// Feeds ticket, payment and expiration events to the orders service.
#[derive(Debug, Clone)]
pub struct OrdersFollow(pub Orders);

#[async_trait]
impl EventHandler for OrdersFollow {
    fn name(&self) -> &str {
        "orders"
    }

    fn topics(&self) -> &[Topic] {
        &[Topic::Tickets, Topic::Payments, Topic::Expirations]
    }

    async fn handle(&self, events: &[Incoming]) -> Result<(), HandleError> {
        let tickets = self.tickets_of_expired(events).await?;
        let mut answers = Vec::with_capacity(events.len());
        for incoming in events {
            if let Some((ticket, wish)) = matter_of(&incoming.event, &tickets) {
                let matter = Matter { ticket, wish, origin: Origin::caused_by(&incoming.envelope) };
                answers.push(self.0.desks.hand_in(matter).map_err(handle_error)?);
            }
        }
        for answer in answers {
            match answer.await.unwrap_or_else(|_| Err(Error::unavailable(crate::flow::desk::Closed))) {
                Ok(_) => {}
                // The order came to another end first. Money for it goes back by itself, and what is
                // not due yet by this clock is found by the sweep.
                Err(Error::Order(refusal)) => tracing::debug!(?refusal, "an order had come to its end"),
                Err(error) => return Err(handle_error(error)),
            }
        }
        Ok(())
    }
}

impl OrdersFollow {
    /// An expiration names its order alone; the desk is chosen by the ticket.
    async fn tickets_of_expired(&self, events: &[Incoming]) -> Result<HashMap<OrderId, TicketId>, HandleError> {
        let expired = events.iter().filter_map(|incoming| match incoming.event {
            Event::ExpirationCompleted { order, .. } => Some(order),
            _ => None,
        });
        let needs = OrderNeeds { orders: expired.collect(), ..OrderNeeds::default() };
        if needs.is_empty() {
            return Ok(HashMap::new());
        }
        let found = self.0.store.load(&needs).await?.orders;
        Ok(found.into_iter().map(|stored| (stored.record.id, stored.record.ticket.id)).collect())
    }
}

/// What an event wants of which desk, if anything.
fn matter_of(event: &Event, tickets: &HashMap<OrderId, TicketId>) -> Option<(TicketId, Wish)> {
    match event {
        Event::TicketCreated(ticket) | Event::TicketUpdated(ticket) | Event::TicketWithdrawn(ticket) => {
            Some((ticket.id, Wish::Follow(ticket.clone())))
        }
        Event::PaymentCaptured(payment) => Some((payment.ticket, Wish::Complete(payment.order, payment.id))),
        Event::ExpirationCompleted { order, .. } => tickets.get(order).map(|ticket| (*ticket, Wish::Expire(*order))),
        Event::PaymentFailed(_)
        | Event::PaymentRefunded(_)
        | Event::AccountRegistered { .. }
        | Event::OrderCreated(_)
        | Event::OrderCancelled(_)
        | Event::OrderCompleted(_) => None,
    }
}

fn handle_error(error: Error) -> HandleError {
    match error.kind() {
        ErrorKind::Unavailable => HandleError::Unavailable(error.into()),
        ErrorKind::Invalid
        | ErrorKind::NotSignedIn
        | ErrorKind::CardDeclined
        | ErrorKind::Forbidden
        | ErrorKind::NotFound
        | ErrorKind::Refused
        | ErrorKind::Stale
        | ErrorKind::Broken => HandleError::Failed(error.into()),
    }
}
