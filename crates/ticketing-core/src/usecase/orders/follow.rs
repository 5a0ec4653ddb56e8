//! Takes over the events of tickets, payments, expiration and admissions.
//!
//! Every event becomes a command of the batcher that decides its ticket, so events
//! and buyers never race within a process. What an event wants may be so
//! already: each of these is guarded by the state it changes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::event::{Event, Topic};
use crate::domain::ids::{OrderId, TicketId};
use crate::domain::ticket::ChangedTicket;
use crate::messaging::consumer::{EventHandler, HandleError, Incoming};
use crate::ports::order_store::OrderNeeds;
use crate::ports::store::StoreError;
use crate::ports::transport::Kinds;
use crate::usecase::error::{Error, ErrorKind};
use crate::wire::Origin;

use super::Orders;
use super::batcher::{BatcherClosed, OrderAction, OrderCommand};

/// Feeds ticket, payment, expiration and admission events to the orders service.
#[derive(Debug, Clone)]
pub struct OrdersFollow(pub Orders);

#[async_trait]
impl EventHandler for OrdersFollow {
    fn name(&self) -> &str {
        "orders"
    }

    fn topics(&self) -> &[Topic] {
        &[Topic::Tickets, Topic::Payments, Topic::Expirations, Topic::Admissions]
    }

    /// A payment that failed leaves its order as it is, and passes are of no interest before one is used.
    fn kinds(&self) -> Kinds {
        Kinds::AllBut(&["payment.failed", "payment.refunded", "pass.issued", "pass.voided"])
    }

    async fn handle(&self, events: &[Incoming]) -> Result<(), HandleError> {
        let mut unhandled = BTreeMap::new();
        let tickets = self.tickets_of_expired(events, &mut unhandled).await;
        let mut answers = Vec::with_capacity(events.len());
        // Order matters: what follows an event that is put back is put back with it, and may be handed in all the same.
        for (index, incoming) in events.iter().enumerate() {
            let Some((ticket, action)) = command_of(&incoming.event, &tickets) else { continue };
            let command = OrderCommand { ticket, action, origin: Origin::caused_by(&incoming.envelope) };
            match self.0.batchers.submit(command) {
                Ok(answer) => answers.push((index, incoming, answer)),
                // One queue is full or closed: the other batchers take their own commands.
                Err(error) => drop(unhandled.insert(index, handle_error(error))),
            }
        }
        for (index, incoming, answer) in answers {
            match answer.await.unwrap_or_else(|_| Err(Error::unavailable(BatcherClosed))) {
                Ok(_) => self.after(incoming, index, &mut unhandled).await,
                // The order came to another end first. Money for it goes back by itself, and what is
                // not due yet by this clock is found by the sweep.
                Err(Error::Order(refusal)) => tracing::debug!(?refusal, "an order had come to its end"),
                Err(error) => drop(unhandled.insert(index, handle_error(error))),
            }
        }
        if unhandled.is_empty() { Ok(()) } else { Err(HandleError::Partly(unhandled)) }
    }
}

impl OrdersFollow {
    /// What follows from an event that the batcher of its ticket has taken over. From here on nobody orders a ticket
    /// that was called off, so all its orders are found. A crash here ends the rest when the event comes again.
    async fn after(&self, incoming: &Incoming, index: usize, unhandled: &mut Unhandled) {
        if let Event::TicketCalledOff(ChangedTicket { ticket, .. }) = &incoming.event {
            let ended = self.0.end_orders_of(ticket.id, &Origin::caused_by(&incoming.envelope)).await;
            unhandled.extend(ended.err().map(|error| (index, handle_error(error))));
        }
    }

    /// An expiration has the id of its order alone, and the batcher is chosen by the ticket. Each one whose ticket
    /// cannot be found is recorded as unhandled.
    async fn tickets_of_expired(&self, events: &[Incoming], unhandled: &mut Unhandled) -> HashMap<OrderId, TicketId> {
        let expired: Vec<_> = events.iter().enumerate().filter_map(expired_order).collect();
        match self.tickets_of(expired.iter().map(|(_, order)| *order).collect()).await {
            Ok(tickets) => return tickets,
            Err(error) if error.is_transient() => {
                let error = Arc::new(error);
                let unavailable = |(index, _)| (index, HandleError::Unavailable(Arc::clone(&error).into()));
                unhandled.extend(expired.into_iter().map(unavailable));
                return HashMap::new();
            }
            // One of them cannot be read: the others are looked up alone.
            Err(_) => {}
        }
        let mut tickets = HashMap::new();
        for (index, order) in expired {
            match self.tickets_of(vec![order]).await {
                Ok(found) => tickets.extend(found),
                Err(error) => drop(unhandled.insert(index, error.into())),
            }
        }
        tickets
    }

    async fn tickets_of(&self, orders: Vec<OrderId>) -> Result<HashMap<OrderId, TicketId>, StoreError> {
        let needs = OrderNeeds { orders, ..OrderNeeds::default() };
        if needs.is_empty() {
            return Ok(HashMap::new());
        }
        let found = self.0.store.load(&needs).await?.orders;
        Ok(found.into_iter().map(|stored| (stored.record.id, stored.record.ticket.id)).collect())
    }
}

/// Why some events were not handled, by their places.
type Unhandled = BTreeMap<usize, HandleError>;

fn expired_order((index, incoming): (usize, &Incoming)) -> Option<(usize, OrderId)> {
    match incoming.event {
        Event::ExpirationCompleted { order, .. } => Some((index, order)),
        _ => None,
    }
}

/// What an event asks a batcher to do, and about which ticket; `None` if nothing.
fn command_of(event: &Event, tickets: &HashMap<OrderId, TicketId>) -> Option<(TicketId, OrderAction)> {
    match event {
        Event::TicketCreated(ChangedTicket { ticket, .. })
        | Event::TicketUpdated(ChangedTicket { ticket, .. })
        | Event::TicketRescheduled(ChangedTicket { ticket, .. })
        | Event::TicketCalledOff(ChangedTicket { ticket, .. })
        | Event::TicketWithdrawn(ChangedTicket { ticket, .. }) => {
            Some((ticket.id, OrderAction::Follow(ticket.clone())))
        }
        Event::PaymentCaptured(payment) => Some((payment.ticket, OrderAction::Complete(payment.order, payment.id))),
        Event::ExpirationCompleted { order, .. } => {
            tickets.get(order).map(|ticket| (*ticket, OrderAction::Expire(*order)))
        }
        Event::PassUsed(pass) => Some((pass.ticket, OrderAction::LetIn(pass.order))),
        Event::PaymentFailed(_)
        | Event::PaymentRefunded(_)
        | Event::PassIssued(_)
        | Event::PassVoided(_)
        | Event::AccountRegistered(_)
        | Event::AccountAddressConfirmed(_)
        | Event::AccountConfirmationRequested(_)
        | Event::AccountResetRequested(_)
        | Event::AccountPasswordChanged(_)
        | Event::AccountBrowserAdded { .. }
        | Event::AccountRenamed(_)
        | Event::AccountDeleted(_)
        | Event::OrderCreated(_)
        | Event::OrderCancelled(_)
        | Event::OrderCompleted(_)
        | Event::OrderRefunded(_) => None,
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
        | ErrorKind::Paused
        | ErrorKind::Broken => HandleError::Failed(error.into()),
    }
}
