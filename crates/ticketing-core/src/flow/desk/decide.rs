//! One matter at a time, against the board. Pure: no clock, no store.

use crate::domain::event::Event;
use crate::domain::ids::{OrderId, TicketId};
use crate::domain::order::{CancelReason, Order, OrderRefusal, OrderStatus};
use crate::domain::stock::{OrderRequest, Stock};
use crate::domain::ticket::Ticket;
use crate::domain::time::Timestamp;
use crate::usecase::error::Error;

use super::board::Board;
use super::{Decided, Matter, Wish};

/// When a batch is decided, and until when what it holds is held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) now: Timestamp,
    pub(super) pay_by: Timestamp,
}

impl Board {
    /// Decides a matter. A refusal leaves the board as it was.
    pub(super) fn decide(&mut self, matter: &Matter, moment: Moment) -> Result<Decided, Error> {
        let now = moment.now;
        let cancelled =
            |reason| move |status| matches!(status, OrderStatus::Cancelled { reason: why, .. } if why == reason);
        match &matter.wish {
            Wish::Place(request) => self.place(matter, request, moment),
            Wish::Follow(ticket) => Ok(self.follow(ticket)),
            Wish::Cancel(order) => {
                let order = self.known(*order)?;
                self.end(matter, order, cancelled(CancelReason::ByBuyer), |stock, order| stock.cancel(order, now))
            }
            Wish::Expire(order) => {
                let order = self.known(*order)?;
                self.end(matter, order, cancelled(CancelReason::Expired), |stock, order| stock.expire(order, now))
            }
            Wish::Complete(order, payment) => {
                let order = self.known(*order)?;
                let by_it = |status| matches!(status, OrderStatus::Completed { payment: paid, .. } if paid == *payment);
                self.end(matter, order, by_it, |stock, order| stock.complete(order, *payment, now))
            }
        }
    }

    fn known(&self, order: OrderId) -> Result<Order, Error> {
        self.order(order).cloned().ok_or(Error::OrderNotFound)
    }

    fn place(&mut self, matter: &Matter, request: &OrderRequest, moment: Moment) -> Result<Decided, Error> {
        if let Some(order) = self.placed_before(matter.ticket, request)? {
            return Ok(Decided::Order(order));
        }
        let stock = self.stock(matter.ticket).ok_or(Error::TicketNotFound)?.clone();
        let decision = stock.hold(request.clone(), moment.now, moment.pay_by).map_err(Error::Stock)?;
        let order = decision.1.clone();
        self.put(decision, &matter.origin);
        Ok(Decided::Order(order))
    }

    /// The order that this very request made before, if it did.
    fn placed_before(&self, ticket: TicketId, request: &OrderRequest) -> Result<Option<Order>, Error> {
        let same_key = request.key.as_ref().and_then(|key| self.order_under(request.buyer, key));
        let Some(order) = same_key.or_else(|| self.order(request.id)) else { return Ok(None) };
        let same_price = request.price_seen.is_none_or(|seen| seen == order.ticket.price.money());
        if order.ticket.id == ticket && order.quantity == request.quantity && same_price {
            Ok(Some(order.clone()))
        } else {
            Err(Error::KeyReused)
        }
    }

    /// Brings an order to its end; one that came to this very end before is left as it is.
    fn end(
        &mut self,
        matter: &Matter,
        order: Order,
        is_so_already: impl Fn(OrderStatus) -> bool,
        decide: impl FnOnce(Stock, Order) -> Result<(Stock, Order, Event), OrderRefusal>,
    ) -> Result<Decided, Error> {
        if is_so_already(order.status) {
            return Ok(Decided::Order(order));
        }
        let stock = self.stock(order.ticket.id).ok_or(Error::TicketNotFound)?.clone();
        let decision = decide(stock, order).map_err(Error::Order)?;
        let order = decision.1.clone();
        self.put(decision, &matter.origin);
        Ok(Decided::Order(order))
    }

    fn follow(&mut self, ticket: &Ticket) -> Decided {
        let newer = match self.stock(ticket.id) {
            Some(stock) => stock.follow(ticket),
            None => Some(Stock::of(ticket)),
        };
        if let Some(stock) = newer {
            self.put_stock(stock);
        }
        Decided::Followed
    }
}
