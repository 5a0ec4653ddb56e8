//! Compares books with themselves and with what was acknowledged. Pure: it only looks.

mod promises;

use std::collections::{HashMap, HashSet};

use bson::Uuid;

use crate::ledger::{Ledger, Violation};

use super::books::{Attempt, Books, LetterStatus, Order, OrderStatus, Payable, PayableStatus, Payment, PaymentStatus};

/// Twice in a row a process may end between a mail that is taken and the note of it.
const TOLD_AT_MOST: u32 = 3;

/// Everything that is wrong once all has come to rest.
pub(crate) fn judge(books: &Books, ledger: &Ledger) -> Vec<Violation> {
    let judge = Judge::new(books);
    let mut found = Findings::default();
    judge.places(&mut found);
    judge.replicas(&mut found);
    judge.money(&mut found);
    judge.rest(&mut found);
    judge.keys(&mut found);
    judge.mail(&mut found);
    judge.promises(ledger, &mut found);
    found.0
}

#[derive(Default)]
struct Findings(Vec<Violation>);

impl Findings {
    /// Notes it unless it is as it must be.
    fn unless(&mut self, is_right: bool, rule: &'static str, detail: impl FnOnce() -> String) {
        if !is_right {
            self.0.push(Violation::new(rule, detail()));
        }
    }
}

struct Judge<'a> {
    books: &'a Books,
    orders: HashMap<Uuid, &'a Order>,
    payables: HashMap<Uuid, &'a Payable>,
    payments: HashMap<Uuid, &'a Payment>,
    attempts: HashMap<Uuid, &'a Attempt>,
}

/// What an order costs.
fn worth(order: &Order) -> i64 {
    order.price.amount * i64::from(order.quantity)
}

/// What the gateway took and kept.
fn kept(attempt: &Attempt) -> i64 {
    match (&attempt.reference, attempt.refunded) {
        (Some(_), false) => attempt.total.as_ref().map_or(0, |total| total.amount),
        (Some(_), true) | (None, _) => 0,
    }
}

impl<'a> Judge<'a> {
    fn new(books: &'a Books) -> Self {
        Self {
            books,
            orders: books.orders.iter().map(|order| (order.id, order)).collect(),
            payables: books.payables.iter().map(|payable| (payable.id, payable)).collect(),
            payments: books.payments.iter().map(|payment| (payment.id, payment)).collect(),
            attempts: books.attempts.iter().map(|attempt| (attempt.id, attempt)).collect(),
        }
    }

    /// Nothing is sold twice.
    fn places(&self, found: &mut Findings) {
        let mut counted: HashMap<Uuid, (u64, u64)> = HashMap::new();
        for order in &self.books.orders {
            let (held, sold) = counted.entry(order.ticket).or_default();
            match order.status {
                OrderStatus::AwaitingPayment => *held += u64::from(order.quantity),
                OrderStatus::Completed => *sold += u64::from(order.quantity),
                OrderStatus::CancelledByBuyer
                | OrderStatus::Expired
                | OrderStatus::CancelledByCallOff
                | OrderStatus::RefundedByCallOff
                | OrderStatus::RefundedByBuyer
                | OrderStatus::RefundedBySeller => {}
            }
        }
        for stock in &self.books.stocks {
            let (held, sold) = counted.remove(&stock.id).unwrap_or_default();
            let sales = stock.sales;
            found.unless((sales.held, sales.sold) == (held, sold), "miscounted", || {
                format!("stock {}: {sales:?}, but its orders hold {held} and bought {sold}", stock.id)
            });
            found.unless(sales.held + sales.sold <= stock.quantity, "sold-twice", || {
                format!("stock {}: {sales:?} of {} places", stock.id, stock.quantity)
            });
        }
        for ticket in counted.keys() {
            found.unless(false, "orders-without-stock", || format!("ticket {ticket}"));
        }
    }

    /// What one service keeps of another's is what the other has.
    fn replicas(&self, found: &mut Findings) {
        let mut listings: HashMap<_, _> = self.books.listings.iter().map(|listing| (listing.id, listing)).collect();
        for stock in &self.books.stocks {
            let listing = listings.remove(&stock.id);
            let held = listing.map(|listing| (listing.version, listing.sales));
            found.unless(held == Some((stock.ticket_version, stock.sales)), "listing-and-stock", || {
                let stock = (stock.id, stock.ticket_version, stock.sales);
                format!("stock {}: ticket version {}, {:?}; listing: {held:?}", stock.0, stock.1, stock.2)
            });
        }
        for listing in listings.keys() {
            found.unless(false, "listing-and-stock", || format!("listing {listing} has no stock"));
        }
        for order in &self.books.orders {
            let payable = self.payables.get(&order.id);
            let held = payable.map(|payable| (payable.order_version, payable.status, payable.total.amount));
            let status = match order.status {
                OrderStatus::AwaitingPayment => PayableStatus::Open,
                OrderStatus::Completed => PayableStatus::Completed,
                OrderStatus::CancelledByBuyer
                | OrderStatus::Expired
                | OrderStatus::CancelledByCallOff
                | OrderStatus::RefundedByCallOff
                | OrderStatus::RefundedByBuyer
                | OrderStatus::RefundedBySeller => PayableStatus::Cancelled,
            };
            let expected = (order.version, status, worth(order));
            found.unless(held == Some(expected), "payable-and-order", || {
                format!("order {}: {expected:?}, payable: {held:?}", order.id)
            });
        }
        for payable in &self.books.payables {
            found.unless(self.orders.contains_key(&payable.id), "payable-and-order", || {
                format!("payable {} has no order", payable.id)
            });
        }
    }

    /// Everybody who paid has the order or the money.
    fn money(&self, found: &mut Findings) {
        for order in &self.books.orders {
            let payment = order.payment.and_then(|payment| self.payments.get(&payment));
            let attempt = order.payment.and_then(|payment| self.attempts.get(&payment));
            let is_paid = payment.is_some_and(|payment| payment.order == order.id && is_captured(payment))
                && attempt.is_some_and(|attempt| kept(attempt) == worth(order));
            found.unless(is_paid || order.status != OrderStatus::Completed, "completed-and-not-paid", || {
                format!("order {} of {}: {payment:?}, {attempt:?}", order.id, worth(order))
            });
            let is_returned = payment.is_some_and(|payment| payment.status == PaymentStatus::Refunded)
                && attempt.is_some_and(|attempt| attempt.refunded);
            found.unless(is_returned || !order.status.is_refunded(), "refunded-and-not-paid-back", || {
                format!("order {}: {:?}, {payment:?}, {attempt:?}", order.id, order.status)
            });
        }
        for payment in &self.books.payments {
            let order = self.orders.get(&payment.order);
            let bought =
                order.is_some_and(|order| order.status == OrderStatus::Completed && order.payment == Some(payment.id));
            found.unless(bought || !is_captured(payment), "paid-and-nothing-got", || {
                format!("payment {}: {payment:?}, {order:?}", payment.id)
            });
            let charged = self.attempts.get(&payment.id).map(|attempt| (kept(attempt), attempt.refunded));
            let expected = match payment.status {
                PaymentStatus::Captured => Some((payment.total.amount, false)),
                PaymentStatus::Refunded => Some((0, true)),
                PaymentStatus::Failed => Some((0, false)),
                PaymentStatus::Pending | PaymentStatus::RefundDue => charged,
            };
            found.unless(charged == expected, "gateway-and-payment", || {
                format!("payment {}: {:?}, the gateway keeps and gave back: {charged:?}", payment.id, payment.status)
            });
        }
        for attempt in &self.books.attempts {
            found.unless(self.payments.contains_key(&attempt.id), "gateway-and-payment", || {
                format!("the gateway knows payment {}, payments does not", attempt.id)
            });
        }
        let kept: i64 = self.books.attempts.iter().map(kept).sum();
        let bought = self.books.orders.iter().filter(|order| order.status == OrderStatus::Completed);
        let bought: i64 = bought.map(worth).sum();
        found.unless(kept == bought, "unbalanced", || format!("the gateway keeps {kept}, orders are worth {bought}"));
    }

    /// Everything comes to its end.
    fn rest(&self, found: &mut Findings) {
        for order in &self.books.orders {
            found.unless(order.status != OrderStatus::AwaitingPayment, "overdue", || format!("order {}", order.id));
        }
        for payment in &self.books.payments {
            let is_over = !matches!(payment.status, PaymentStatus::Pending | PaymentStatus::RefundDue);
            found.unless(is_over, "unsettled", || format!("payment {}: {:?}", payment.id, payment.status));
        }
        for waiting in &self.books.waiting {
            let service = waiting.service;
            found.unless(waiting.unpublished == 0, "unpublished", || {
                format!("{service}: {} events", waiting.unpublished)
            });
            for parked in &waiting.parked {
                found.unless(false, "parked", || {
                    let (id, consumer, key, reason) = (&parked.id, &parked.consumer, &parked.key, &parked.reason);
                    format!("{service}: {id} of consumer {consumer}, key {key}: {reason}")
                });
            }
        }
    }

    /// Who paid was told what became of it, each letter is sent, and what was sent arrived.
    fn mail(&self, found: &mut Findings) {
        let told: HashSet<_> =
            self.books.letters.iter().filter_map(|letter| Some((letter.order?, letter.reason.as_str()))).collect();
        for order in &self.books.orders {
            let reason = match order.status {
                OrderStatus::Completed => "order_completed",
                status if status.is_refunded() => "order_refunded",
                _ => continue,
            };
            found.unless(told.contains(&(order.id, reason)), "untold", || {
                format!("order {}: {:?}", order.id, order.status)
            });
        }
        for letter in &self.books.letters {
            let times = self.books.arrived.get(&letter.id.to_uuid_1()).copied().unwrap_or_default();
            let is_right = match letter.status {
                LetterStatus::Sent => times > 0,
                // Perhaps it arrived, and it is sent again once its time is over; unless there is nothing to say by then.
                LetterStatus::Sending | LetterStatus::NothingToSay => true,
                LetterStatus::Waiting | LetterStatus::Refused | LetterStatus::TooLate => false,
            };
            found.unless(is_right && times <= TOLD_AT_MOST, "letter-and-mail", || {
                format!("letter {}, {}: {:?}, arrived {times} times", letter.id, letter.reason, letter.status)
            });
        }
        let written: HashSet<_> = self.books.letters.iter().map(|letter| letter.id.to_uuid_1()).collect();
        for stray in self.books.arrived.keys().filter(|id| !written.contains(*id)) {
            found.unless(false, "mail-of-nobody", || format!("letter {stray} arrived, and was never written"));
        }
    }

    /// A key made one of a kind.
    fn keys(&self, found: &mut Findings) {
        let orders = self.books.orders.iter().map(|order| ("order", order.id, order.buyer, &order.key));
        let payments = self.books.payments.iter().map(|payment| ("payment", payment.id, payment.buyer, &payment.key));
        let mut seen = HashSet::new();
        for (what, id, buyer, key) in orders.chain(payments) {
            let is_new = key.as_ref().is_none_or(|key| seen.insert((what, buyer, key)));
            found.unless(is_new, "two-of-a-key", || format!("{what} {id} of {buyer} under {key:?} is not the first"));
        }
    }
}

fn is_captured(payment: &Payment) -> bool {
    payment.status == PaymentStatus::Captured
}

#[cfg(test)]
mod tests;
