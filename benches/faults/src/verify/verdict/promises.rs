//! Whether the books have what was acknowledged.

use std::collections::{HashMap, HashSet};

use bson::Uuid;

use crate::ledger::{Answered, Ledger, Paid};

use super::super::books::{OrderStatus, Payment, PaymentStatus};
use super::{Findings, Judge};

impl Judge<'_> {
    /// What was acknowledged is so.
    pub(super) fn promises(&self, ledger: &Ledger, found: &mut Findings) {
        for (id, wanted) in &ledger.orders {
            let order = self.orders.get(&Uuid::from(*id));
            let is_it = order.is_some_and(|order| {
                let (buyer, ticket) = (Uuid::from(wanted.buyer), Uuid::from(wanted.ticket));
                (order.buyer, order.ticket, order.quantity) == (buyer, ticket, wanted.quantity)
            });
            found.unless(is_it, "acknowledged-order", || format!("order {id}: {wanted:?}, stored: {order:?}"));
        }
        for id in &ledger.cancelled {
            let status = self.orders.get(&Uuid::from(*id)).map(|order| order.status);
            found.unless(status == Some(OrderStatus::CancelledByBuyer), "acknowledged-cancellation", || {
                format!("order {id}: {status:?}")
            });
        }
        for id in &ledger.refunds.done {
            let status = self.orders.get(&Uuid::from(*id)).map(|order| order.status);
            found.unless(status.is_some_and(OrderStatus::is_refunded), "acknowledged-refund", || {
                format!("order {id}: {status:?}")
            });
        }
        self.call_offs(ledger, found);
        for (id, paid) in &ledger.payments {
            let payment = self.payments.get(&Uuid::from(*id)).copied();
            found.unless(self.is_honoured(payment, *paid), "acknowledged-payment", || {
                format!("payment {id}: {paid:?}, stored: {payment:?}")
            });
        }
        for id in ledger.tickets.keys() {
            let is_there = self.books.stocks.iter().any(|stock| stock.id == Uuid::from(*id));
            found.unless(is_there, "acknowledged-ticket", || format!("ticket {id} has no stock"));
        }
        self.answers(ledger, found);
    }

    /// An event that was called off has no orders any more, and nothing was refunded or called off that nobody asked for.
    fn call_offs(&self, ledger: &Ledger, found: &mut Findings) {
        for listing in &self.books.listings {
            let id = listing.id.to_uuid_1();
            let promised = ledger.call_offs.done.contains(&id);
            found.unless(listing.called_off || !promised, "acknowledged-call-off", || format!("ticket {id}"));
            let asked = ledger.call_offs.asked.contains(&id);
            found.unless(asked || !listing.called_off, "called-off-by-nobody", || format!("ticket {id}"));
        }
        let called_off: HashSet<_> =
            self.books.listings.iter().filter(|listing| listing.called_off).map(|listing| listing.id).collect();
        for order in &self.books.orders {
            let is_off = called_off.contains(&order.ticket);
            let is_over = !matches!(order.status, OrderStatus::Completed | OrderStatus::AwaitingPayment);
            found.unless(is_over || !is_off, "called-off-and-kept", || format!("order {}", order.id));
            let asked = match order.status {
                OrderStatus::CancelledByCallOff | OrderStatus::RefundedByCallOff => is_off,
                OrderStatus::RefundedByBuyer | OrderStatus::RefundedBySeller => {
                    ledger.refunds.asked.contains(&order.id.to_uuid_1())
                }
                _ => true,
            };
            found.unless(asked, "ended-by-nobody", || format!("order {}: {:?}", order.id, order.status));
        }
    }

    /// Each key made what it was answered with.
    fn answers(&self, ledger: &Ledger, found: &mut Findings) {
        let made: HashMap<_, _> =
            self.books.orders.iter().filter_map(|order| Some((order.key.as_deref()?, order))).collect();
        for (key, asked) in &ledger.order_keys {
            let order = made.get(key.as_str()).map(|order| order.id.to_uuid_1());
            let is_right = match &asked.answered {
                Answered::Placed(told) => order == Some(*told),
                Answered::Refused { unsure, .. } => *unsure || order.is_none(),
                Answered::Nothing => true,
            };
            found.unless(is_right, "key-and-order", || format!("key {key}: {:?}, it made {order:?}", asked.answered));
        }
        for (key, order) in made {
            found.unless(ledger.order_keys.contains_key(key), "order-of-nobody", || {
                format!("order {} under {key}, which nobody sent", order.id)
            });
        }
    }

    /// A buyer whose payment was acknowledged has the order, or the money back.
    fn is_honoured(&self, payment: Option<&Payment>, paid: Paid) -> bool {
        let Some(payment) = payment else { return false };
        let completed = self.orders.get(&payment.order).is_some_and(|order| order.status == OrderStatus::Completed);
        payment.order == Uuid::from(paid.order)
            && match payment.status {
                PaymentStatus::Captured => completed,
                PaymentStatus::Refunded => true,
                PaymentStatus::Failed => !paid.taken,
                PaymentStatus::Pending | PaymentStatus::RefundDue => false,
            }
    }
}
