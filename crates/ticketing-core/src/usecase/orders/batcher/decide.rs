//! Decides one command at a time against the state of its batch. Pure: no clock, no store.

use crate::domain::event::Event;
use crate::domain::hold_limits::{BuyerHolds, Hold, HoldLimits};
use crate::domain::ids::{AccountId, OrderId, TicketId};
use crate::domain::order::{CancelReason, Order, OrderRefusal, OrderStatus};
use crate::domain::stock::{OrderRequest, Stock};
use crate::domain::ticket::Ticket;
use crate::domain::time::Timestamp;
use crate::usecase::error::Error;

use super::command::{Decision, OrderAction, OrderCommand};
use super::state::BatchState;

/// What a batch is decided by: the time, the deadline for payment, and the limits of a buyer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) now: Timestamp,
    pub(super) pay_by: Timestamp,
    pub(super) limits: HoldLimits,
}

impl BatchState {
    /// Decides a command. A refusal leaves the state as it was.
    pub(super) fn decide(&mut self, command: &OrderCommand, terms: Terms) -> Result<Decision, Error> {
        let now = terms.now;
        match &command.action {
            OrderAction::Place(request) => self.place(command, request, terms),
            OrderAction::Follow(ticket) => Ok(self.follow(ticket)),
            OrderAction::LetIn(order) => Ok(self.let_in(*order)),
            OrderAction::Cancel(order) => self.end(command, *order, |stock, order| stock.cancel(order, now)),
            OrderAction::Expire(order) => self.end(command, *order, |stock, order| stock.expire(order, now)),
            OrderAction::Complete(order, payment) => {
                self.end(command, *order, |stock, order| stock.complete(order, *payment, now))
            }
            OrderAction::Refund(order, reason) => {
                self.end(command, *order, |stock, order| stock.refund(order, *reason, now))
            }
            OrderAction::CallOff(order) => self.end(command, *order, |stock, order| stock.call_off(order, now)),
        }
    }

    fn place(&mut self, command: &OrderCommand, request: &OrderRequest, terms: Terms) -> Result<Decision, Error> {
        if let Some(order) = self.placed_before(command.ticket, request)? {
            return Ok(Decision::Order(order));
        }
        let stock = self.stock(command.ticket).ok_or(Error::TicketNotFound)?.clone();
        let wanted = Hold { places: request.quantity, max_per_buyer: stock.max_per_buyer };
        let (stock, order, event) = stock.hold(request.clone(), terms.now, terms.pay_by).map_err(Error::Stock)?;
        if terms.limits != HoldLimits::OFF || wanted.max_per_buyer.is_some() {
            let held = self.held_by(request.buyer, command.ticket, terms);
            terms.limits.allow(wanted, &held, terms.now).map_err(Error::Hold)?;
        }
        self.put(stock, order.clone(), event, &command.origin);
        Ok(Decision::Order(order))
    }

    /// What counts against a buyer, including what other batchers are about to commit.
    fn held_by(&self, buyer: AccountId, ticket: TicketId, terms: Terms) -> BuyerHolds {
        let unpaid = terms.limits.unpaid_since(terms.now)..=terms.now;
        let mut held = BuyerHolds::default();
        for order in self.orders_of(buyer) {
            held.count(order, ticket, &unpaid);
        }
        for entry in self.in_flight_of(buyer) {
            held.hold(entry.ticket == ticket, entry.places);
        }
        held
    }

    /// The order that this very request made before, if it did.
    fn placed_before(&self, ticket: TicketId, request: &OrderRequest) -> Result<Option<Order>, Error> {
        let same_key = request.key.as_ref().and_then(|key| self.order_under(request.buyer, key));
        let Some(order) = same_key.or_else(|| self.order(request.id)) else { return Ok(None) };
        let same_price = request.price_seen.is_none_or(|seen| seen == order.ticket.price.money());
        let same_event = request.facts_seen.is_none_or(|seen| seen.stands_for(&order.ticket.event));
        if order.ticket.id == ticket && order.quantity == request.quantity && same_price && same_event {
            Ok(Some(order.clone()))
        } else {
            Err(Error::KeyReused)
        }
    }

    /// Brings an order to its end; one that came to this very end before is left as it is.
    fn end(
        &mut self,
        command: &OrderCommand,
        order: OrderId,
        decide: impl FnOnce(Stock, Order) -> Result<(Stock, Order, Event), OrderRefusal>,
    ) -> Result<Decision, Error> {
        let order = self.order(order).ok_or(Error::OrderNotFound)?.clone();
        if has_ended_so(&command.action, order.status) {
            return Ok(Decision::Order(order));
        }
        let stock = self.stock(order.ticket.id).ok_or(Error::TicketNotFound)?.clone();
        let (stock, order, event) = decide(stock, order).map_err(Error::Order)?;
        self.put(stock, order.clone(), event, &command.origin);
        Ok(Decision::Order(order))
    }

    /// An order that is not there was lost, and nobody can give it back.
    fn let_in(&mut self, order: OrderId) -> Decision {
        if let Some(used) = self.order(order).and_then(Order::let_in) {
            self.put_order(used);
        }
        Decision::Followed
    }

    fn follow(&mut self, ticket: &Ticket) -> Decision {
        let newer = match self.stock(ticket.id) {
            Some(stock) => stock.follow(ticket),
            None => Some(Stock::of(ticket)),
        };
        if let Some(stock) = newer {
            self.put_stock(stock);
        }
        Decision::Followed
    }
}

fn has_ended_so(action: &OrderAction, status: OrderStatus) -> bool {
    match (action, status) {
        (OrderAction::Cancel(_), OrderStatus::Cancelled { reason, .. }) => reason == CancelReason::ByBuyer,
        (OrderAction::Expire(_), OrderStatus::Cancelled { reason, .. }) => reason == CancelReason::Expired,
        (OrderAction::Complete(_, payment), OrderStatus::Completed { payment: paid, .. }) => paid == *payment,
        (OrderAction::Refund(_, reason), OrderStatus::Refunded { reason: refunded, .. }) => refunded == *reason,
        _ => false,
    }
}
