//! One matter at a time, against the board. Pure: no clock, no store.

use crate::domain::event::Event;
use crate::domain::hold_limits::{BuyerHolds, Hold, HoldLimits};
use crate::domain::ids::{AccountId, OrderId, TicketId};
use crate::domain::order::{CancelReason, Order, OrderRefusal, OrderStatus};
use crate::domain::stock::{OrderRequest, Stock};
use crate::domain::ticket::Ticket;
use crate::domain::time::Timestamp;
use crate::usecase::error::Error;

use super::board::Board;
use super::{Decided, Matter, Wish};

/// When a batch is decided, until when what it holds is held, and how much one buyer may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) now: Timestamp,
    pub(super) pay_by: Timestamp,
    pub(super) limits: HoldLimits,
}

impl Board {
    /// Decides a matter. A refusal leaves the board as it was.
    pub(super) fn decide(&mut self, matter: &Matter, moment: Moment) -> Result<Decided, Error> {
        let now = moment.now;
        match &matter.wish {
            Wish::Place(request) => self.place(matter, request, moment),
            Wish::Follow(ticket) => Ok(self.follow(ticket)),
            Wish::Cancel(order) => self.end(matter, *order, |stock, order| stock.cancel(order, now)),
            Wish::Expire(order) => self.end(matter, *order, |stock, order| stock.expire(order, now)),
            Wish::Complete(order, payment) => {
                self.end(matter, *order, |stock, order| stock.complete(order, *payment, now))
            }
        }
    }

    fn place(&mut self, matter: &Matter, request: &OrderRequest, moment: Moment) -> Result<Decided, Error> {
        if let Some(order) = self.placed_before(matter.ticket, request)? {
            return Ok(Decided::Order(order));
        }
        let stock = self.stock(matter.ticket).ok_or(Error::TicketNotFound)?.clone();
        let wanted = Hold { places: request.quantity, max_per_buyer: stock.max_per_buyer };
        let decision = stock.hold(request.clone(), moment.now, moment.pay_by).map_err(Error::Stock)?;
        if moment.limits != HoldLimits::OFF || wanted.max_per_buyer.is_some() {
            let held = self.held_by(request.buyer, matter.ticket, moment);
            moment.limits.allow(wanted, &held, moment.now).map_err(Error::Hold)?;
        }
        let order = decision.1.clone();
        self.put(decision, &matter.origin);
        Ok(Decided::Order(order))
    }

    /// What counts against a buyer, with what other desks are about to commit for them.
    fn held_by(&self, buyer: AccountId, ticket: TicketId, moment: Moment) -> BuyerHolds {
        let unpaid = moment.limits.unpaid_since(moment.now)..=moment.now;
        let mut held = BuyerHolds::default();
        for order in self.orders_of(buyer) {
            held.count(order, ticket, &unpaid);
        }
        for entry in self.decided_elsewhere(buyer) {
            held.hold(entry.ticket == ticket, entry.places);
        }
        held
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
        order: OrderId,
        decide: impl FnOnce(Stock, Order) -> Result<(Stock, Order, Event), OrderRefusal>,
    ) -> Result<Decided, Error> {
        let order = self.order(order).ok_or(Error::OrderNotFound)?.clone();
        if is_as_wished(&matter.wish, order.status) {
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

fn is_as_wished(wish: &Wish, status: OrderStatus) -> bool {
    match (wish, status) {
        (Wish::Cancel(_), OrderStatus::Cancelled { reason, .. }) => reason == CancelReason::ByBuyer,
        (Wish::Expire(_), OrderStatus::Cancelled { reason, .. }) => reason == CancelReason::Expired,
        (Wish::Complete(_, payment), OrderStatus::Completed { payment: paid, .. }) => paid == *payment,
        _ => false,
    }
}
