//! What a batcher is asked to decide, and what it answers.

use futures_channel::oneshot;

use crate::domain::ids::{OrderId, PaymentId, TicketId};
use crate::domain::order::{Order, RefundReason};
use crate::domain::stock::OrderRequest;
use crate::domain::ticket::Ticket;
use crate::usecase::error::Error;
use crate::wire::Origin;

/// Something to decide about one ticket.
#[derive(Debug, Clone)]
pub struct OrderCommand {
    /// The ticket it is about.
    pub ticket: TicketId,
    /// What to decide.
    pub action: OrderAction,
    /// What set it off.
    pub origin: Origin,
}

/// What to decide.
#[derive(Debug, Clone)]
pub enum OrderAction {
    /// Hold places.
    Place(OrderRequest),
    /// Release held places: the buyer does not want them.
    Cancel(OrderId),
    /// Release held places: nobody paid in time.
    Expire(OrderId),
    /// Give held places to the buyer: they paid.
    Complete(OrderId, PaymentId),
    /// Take sold places back.
    Refund(OrderId, RefundReason),
    /// Release held places or take sold ones back: the event does not take place.
    CallOff(OrderId),
    /// Note that somebody was let in with it.
    LetIn(OrderId),
    /// Take over a newer version of the ticket.
    Follow(Ticket),
}

/// What was decided and committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The order, as it is now.
    Order(Order),
    /// The stock is as new as the ticket, or the order as what is known of it.
    Followed,
}

/// A command in the queue of a batcher, and where its decision goes.
#[derive(Debug)]
pub(super) struct QueuedCommand {
    pub(super) command: OrderCommand,
    pub(super) answer: oneshot::Sender<Result<Decision, Error>>,
}

impl QueuedCommand {
    /// Sends the decision; nobody need be waiting for it.
    pub(super) fn reply(self, answer: Result<Decision, Error>) {
        if self.answer.send(answer).is_err() {
            tracing::debug!(ticket = %self.command.ticket, "nobody waits for this answer any more");
        }
    }
}
