//! Compares the money that was taken with the orders that it was taken for.

use std::collections::{BTreeMap, HashMap};

use crate::domain::ids::{AccountId, OrderId, PaymentId};
use crate::domain::money::{self, Currency};
use crate::domain::order::{Order, OrderStatus};
use crate::domain::payment::{Payment, PaymentStatus};
use crate::ports::audit_reader::Charge;

use super::finding::{Booked, Finding, Subject, What};

/// What was taken for each order whose turn has not come.
#[derive(Debug, Default)]
pub(super) struct Money {
    took: HashMap<OrderId, Took>,
    balance: BTreeMap<Currency, Balance>,
}

#[derive(Debug, Clone, Copy)]
struct Took {
    payment: PaymentId,
    buyer: AccountId,
    total: money::Money,
    /// It was captured, and neither went back nor is to.
    kept: bool,
}

#[derive(Debug, Default)]
struct Balance {
    kept: u128,
    worth: u128,
}

impl Money {
    pub(super) fn payment(&mut self, payment: &Payment) -> Option<Finding> {
        let kept = match payment.status {
            PaymentStatus::Pending | PaymentStatus::AwaitingBuyer { .. } | PaymentStatus::Failed { .. } => return None,
            PaymentStatus::Captured { .. } => true,
            PaymentStatus::RefundDue { .. } | PaymentStatus::Refunded { .. } => false,
        };
        if kept {
            self.balance.entry(payment.total.currency).or_default().kept += u128::from(payment.total.amount);
        }
        let took = Took { payment: payment.id, buyer: payment.buyer, total: payment.total, kept };
        let first = self.took.insert(payment.order, took)?;
        if first.kept {
            self.took.insert(payment.order, first);
        }
        let what = What::PaidTwice { payment: first.payment, other: payment.id };
        Some(Finding::order(payment.order, what))
    }

    pub(super) fn order(&mut self, order: &Order) -> Option<Finding> {
        let took = self.took.remove(&order.id);
        match order.status {
            OrderStatus::Completed { payment, .. } => {
                let total = order.total();
                self.balance.entry(total.currency).or_default().worth += u128::from(total.amount);
                paid_wrongly(order, payment, took).map(|what| Finding::order(order.id, what))
            }
            OrderStatus::AwaitingPayment { .. } => kept_for(order, took, false),
            OrderStatus::Cancelled { .. } | OrderStatus::Refunded { .. } => kept_for(order, took, true),
        }
    }

    /// Money of orders that never came, and currencies that do not come out even.
    pub(super) fn finish(self) -> impl Iterator<Item = Finding> {
        let gone = self.took.into_iter();
        let gone = gone.map(|(order, took)| Finding::payment(took.payment, What::WithoutOrder { order }));
        let uneven = self.balance.into_iter().filter(|(_, balance)| balance.kept != balance.worth);
        gone.chain(uneven.map(|(currency, Balance { kept, worth })| Finding {
            subject: Subject::Currency(currency),
            what: What::Unbalanced { kept, worth },
        }))
    }
}

fn paid_wrongly(order: &Order, payment: PaymentId, took: Option<Took>) -> Option<What> {
    let Some(took) = took else { return Some(What::Unpaid { payment, paid_by: None }) };
    if took.payment != payment {
        return Some(What::Unpaid { payment, paid_by: Some(took.payment) });
    }
    if !took.kept {
        return Some(What::GivenBack { payment });
    }
    let total = order.total();
    let is_right = took.total == total && took.buyer == order.buyer;
    (!is_right).then_some(What::PaidOtherwise { payment, total, paid: took.total })
}

fn kept_for(order: &Order, took: Option<Took>, cancelled: bool) -> Option<Finding> {
    let took = took.filter(|took| took.kept)?;
    Some(Finding::payment(took.payment, What::KeptFor { order: order.id, cancelled }))
}

/// A payment beside the gateway's charge for it.
pub(super) fn dispute(payment: Option<&Payment>, charge: Option<&Charge>) -> Option<Finding> {
    let id = payment.map(|payment| payment.id).or(charge.map(|charge| charge.payment))?;
    let charged = charge.map_or(Booked::Nothing, |charge| match charge.refunded {
        true => Booked::GivenBack(charge.total),
        false => Booked::Taken(charge.total),
    });
    let total = payment.map(|payment| payment.total);
    let booked = match (payment.map(|payment| &payment.status), total) {
        // Nobody knows yet what the gateway did.
        (Some(PaymentStatus::Pending | PaymentStatus::AwaitingBuyer { .. }), _) => return None,
        // It is going back, or went back already and this is not noted yet.
        (Some(PaymentStatus::RefundDue { .. }), Some(total)) if charged == Booked::GivenBack(total) => return None,
        (Some(PaymentStatus::Captured { .. } | PaymentStatus::RefundDue { .. }), Some(total)) => Booked::Taken(total),
        (Some(PaymentStatus::Refunded { .. }), Some(total)) => Booked::GivenBack(total),
        (Some(_) | None, _) => Booked::Nothing,
    };
    (booked != charged).then(|| Finding::payment(id, What::Disputed { booked, charged }))
}
