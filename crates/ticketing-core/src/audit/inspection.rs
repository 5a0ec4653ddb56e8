//! One pass: what it is given, record by record, and what it finds.
//!
//! Pure: it reads nothing and knows no time but the one that it is given.

use std::collections::HashSet;

use crate::domain::admission::{Admission, Entrance};
use crate::domain::letter::Letter;
use crate::domain::order::{Order, OrderStatus};
use crate::domain::payment::{Payable, Payment, PaymentStatus};
use crate::domain::stock::Stock;
use crate::domain::ticket::{Listing, Ticket};
use crate::domain::time::Timestamp;
use crate::ports::audit_reader::{Charge, Waiting};
use crate::ports::unreadable::Unreadable;

use super::finding::{Finding, Subject, What};
use super::money::{Money, dispute};
use super::places::Places;
use super::replicas;
use super::report::Counts;

/// Order matters: payments come before orders, orders before tickets.
#[derive(Debug)]
pub(super) struct Inspection {
    pub(super) counts: Counts,
    /// What was due before then and did not happen is stuck.
    due_by: Timestamp,
    money: Money,
    places: Places,
    /// Letters that there must be, not looked for yet.
    pub(super) expected: Vec<Letter>,
    found: Vec<Finding>,
}

impl Inspection {
    pub(super) fn new(due_by: Timestamp) -> Self {
        let (money, places) = (Money::default(), Places::default());
        Self { counts: Counts::default(), due_by, money, places, expected: Vec::new(), found: Vec::new() }
    }

    pub(super) fn payment(&mut self, payment: &Payment) {
        self.counts.payments += 1;
        self.found.extend(self.money.payment(payment));
        let refund_due = match payment.status {
            PaymentStatus::Pending => false,
            PaymentStatus::RefundDue { .. } => true,
            // It is the buyer's turn, for as long as the gateway lets them.
            PaymentStatus::AwaitingBuyer { .. }
            | PaymentStatus::Captured { .. }
            | PaymentStatus::Failed { .. }
            | PaymentStatus::Refunded { .. } => return,
        };
        if payment.started_at < self.due_by {
            let what = What::Unsettled { since: payment.started_at, refund_due };
            self.found.push(Finding::payment(payment.id, what));
        }
    }

    /// What the gateway did, beside what is believed of it.
    pub(super) fn charge(&mut self, payment: Option<&Payment>, charge: Option<&Charge>) {
        self.counts.charges += u64::from(charge.is_some());
        self.found.extend(dispute(payment, charge));
    }

    pub(super) fn order(&mut self, order: Option<&Order>, payable: Option<&Payable>) {
        self.counts.payables += u64::from(payable.is_some());
        self.found.extend(replicas::of_order(order, payable));
        let Some(order) = order else { return };
        self.counts.orders += 1;
        self.places.order(order);
        self.found.extend(self.money.order(order));
        let overdue = order.pay_by().ok().filter(|pay_by| *pay_by < self.due_by);
        self.found.extend(overdue.map(|pay_by| Finding::order(order.id, What::Overdue { pay_by })));
    }

    pub(super) fn ticket(&mut self, listing: Option<&Listing>, stock: Option<&Stock>) {
        self.counts.listings += u64::from(listing.is_some());
        self.counts.stocks += u64::from(stock.is_some());
        self.found.extend(replicas::of_ticket(listing, stock));
        self.found.extend(stock.into_iter().flat_map(|stock| self.places.stock(stock)));
    }

    /// The passes of an order, beside it.
    pub(super) fn admission(&mut self, order: Option<&Order>, admission: Option<&Admission>) {
        self.counts.admissions += u64::from(admission.is_some());
        self.found.extend(replicas::of_admission(order, admission));
    }

    /// The door of a ticket, beside it.
    pub(super) fn entrance(&mut self, listing: Option<&Listing>, entrance: Option<&Entrance>) {
        self.counts.entrances += u64::from(entrance.is_some());
        self.found.extend(replicas::of_entrance(listing, entrance));
    }

    /// What letters know of an order, beside it; there must be a letter about it, which is to be looked for.
    pub(super) fn paid_order(&mut self, order: Option<&Order>, replica: Option<&Order>) {
        self.counts.told += u64::from(replica.is_some());
        self.found.extend(replicas::of_paid_order(order, replica));
        let Some(order) = order else { return };
        let (OrderStatus::Completed { at, .. } | OrderStatus::Refunded { at, .. }) = order.status else { return };
        let letter = Letter::about(order, at);
        // One that is long of no more use may have been forgotten, or never been written.
        self.expected.extend(letter.filter(|letter| at < self.due_by && !letter.is_too_late(self.due_by)));
    }

    /// What letters know of a ticket, beside it.
    pub(super) fn letters_ticket(&mut self, listing: Option<&Listing>, replica: Option<&Ticket>) {
        self.counts.told += u64::from(replica.is_some());
        self.found.extend(replicas::of_letters_ticket(listing, replica));
    }

    /// The letters that there must be, and those that there are.
    pub(super) fn letters(&mut self, expected: Vec<Letter>, found: &[Letter]) {
        let found: HashSet<_> = found.iter().map(|letter| letter.id).collect();
        let missing = expected.into_iter().filter(|letter| !found.contains(&letter.id));
        let untold = missing.filter_map(|letter| {
            Some(Finding::order(letter.reason.order()?, What::Untold { since: letter.caused_at }))
        });
        self.found.extend(untold);
    }

    /// Letters that are due, the earliest first.
    pub(super) fn letters_due(&mut self, due: &[Letter]) {
        // Those with a link are due before what caused them.
        let since = due.iter().filter_map(|letter| Some(letter.due_at()?.max(letter.caused_at)));
        let late = since.filter(|since| *since < self.due_by).min();
        let subject = Subject::Service("notifications".to_owned());
        self.found.extend(late.map(|since| Finding { subject, what: What::Unsent { since } }));
    }

    /// What was due before then and did not happen is stuck.
    pub(super) const fn due_by(&self) -> Timestamp {
        self.due_by
    }

    pub(super) fn unreadable(&mut self, unreadable: Vec<Unreadable>) {
        let found = unreadable.into_iter().map(|Unreadable { collection, id, what }| Finding {
            subject: Subject::Record { collection, id },
            what: What::Unreadable { what },
        });
        self.found.extend(found);
    }

    pub(super) fn waiting(&mut self, waiting: &Waiting) {
        let events = waiting.unpublished;
        let late = waiting.unpublished_since.filter(|since| *since < self.due_by);
        let unpublished = late.map(|since| What::Unpublished { events, since });
        let parked = (waiting.parked > 0).then_some(What::Parked { deliveries: waiting.parked });
        let subject = Subject::Service(waiting.service.clone());
        let found = unpublished.into_iter().chain(parked);
        self.found.extend(found.map(|what| Finding { subject: subject.clone(), what }));
    }

    pub(super) fn finish(self) -> (Counts, Vec<Finding>) {
        let Self { counts, money, places, mut found, .. } = self;
        found.extend(money.finish());
        found.extend(places.finish());
        (counts, found)
    }
}
