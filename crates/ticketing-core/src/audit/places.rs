//! Compares the places that a stock counts with those that orders have.

use std::collections::HashMap;

use crate::domain::ids::TicketId;
use crate::domain::order::{Order, OrderStatus};
use crate::domain::stock::Stock;
use crate::domain::ticket::TicketStatus;

use super::finding::{Finding, What};

/// What the orders of each ticket have.
#[derive(Debug, Default)]
pub(super) struct Places(HashMap<TicketId, Taken>);

#[derive(Debug, Default)]
struct Taken {
    orders: u64,
    held: u64,
    sold: u64,
}

impl Places {
    pub(super) fn order(&mut self, order: &Order) {
        let taken = self.0.entry(order.ticket.id).or_default();
        let places = u64::from(order.quantity.get());
        taken.orders += 1;
        match order.status {
            OrderStatus::AwaitingPayment { .. } => taken.held += places,
            OrderStatus::Completed { .. } => taken.sold += places,
            OrderStatus::Cancelled { .. } | OrderStatus::Refunded { .. } => {}
        }
    }

    pub(super) fn stock(&mut self, stock: &Stock) -> impl Iterator<Item = Finding> + use<> {
        let Taken { held, sold, .. } = self.0.remove(&stock.ticket).unwrap_or_default();
        let counted = stock.sales;
        let is_honest = (held, sold) == (counted.held.into(), counted.sold.into());
        let miscounted = (!is_honest).then_some(What::Miscounted { counted, held, sold });
        let oversold = is_oversold(stock).then_some(What::Oversold { quantity: stock.quantity, counted });
        let goes_on = stock.status == TicketStatus::CalledOff && held + sold > 0;
        let not_ended = goes_on.then_some(What::NotEnded { counted, held, sold });
        let ticket = stock.ticket;
        miscounted.into_iter().chain(oversold).chain(not_ended).map(move |what| Finding::ticket(ticket, what))
    }

    /// The tickets whose stock never came.
    pub(super) fn finish(self) -> impl Iterator<Item = Finding> {
        self.0.into_iter().map(|(ticket, taken)| Finding::ticket(ticket, What::WithoutStock { orders: taken.orders }))
    }
}

/// A seller may offer less than is held and sold already, so only of a ticket that was never edited it is known.
fn is_oversold(stock: &Stock) -> bool {
    let never_edited = match stock.status {
        TicketStatus::OnSale => stock.ticket_version == 1,
        TicketStatus::Withdrawn | TicketStatus::CalledOff => stock.ticket_version == 2,
    };
    let committed = u64::from(stock.sales.held) + u64::from(stock.sales.sold);
    never_edited && committed > u64::from(stock.quantity.get())
}
