//! Whether the books have what was acknowledged.

use std::collections::HashMap;

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
