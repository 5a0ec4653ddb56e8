//! What is reported of records.

use std::collections::BTreeSet;

use ticketing_core::domain::ids::{AccountId, PaymentId};
use ticketing_core::domain::order::{CancelReason, Order, OrderStatus};
use ticketing_core::domain::payment::{Payable, PayableStatus, Payment, PaymentStatus};
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::{Listing, Sales, Ticket, TicketStatus};
use ticketing_core::ports::order_store::OrderRecord;
use ticketing_core::ports::payment_store::PaymentRecord;
use ticketing_core::ports::store::{CommitToken, Page, RecordKey, Revision, UnitOfWork, Write};
use ticketing_core::ports::ticket_store::TicketRecord;
use ticketing_core::ports::unreadable::Listed;

use crate::outcome::Outcome;
use crate::sample::{self, NOW};

use super::{AuditReaderFixture, all, answered};

/// What all services keep, each list in the order of ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Records {
    listings: Vec<Listing>,
    stocks: Vec<Stock>,
    orders: Vec<Order>,
    payables: Vec<Payable>,
    payments: Vec<Payment>,
}

impl Records {
    /// As many of each kind, all of which may still change.
    fn fresh(count: usize) -> Self {
        let (payables, payments) = (0..count).map(|_| sample::payment()).unzip();
        Self {
            listings: (0..count).map(|_| sample::listing()).collect(),
            stocks: (0..count).map(|_| sample::stock()).collect(),
            orders: (0..count).map(|_| sample::order(AccountId::new(sample::uuid()))).collect(),
            payables,
            payments,
        }
    }

    /// Commits every record, one by one and the youngest first, in the place of what these commits inserted, if any.
    async fn commit(&self, fixture: &dyn AuditReaderFixture, inserted: &[CommitToken]) -> Vec<CommitToken> {
        let (tickets, orders, payments) = (fixture.tickets(), fixture.orders(), fixture.payments());
        let mut inserted = inserted.iter().map(|token| Revision::after(None, *token));
        let mut committed = Vec::new();
        for record in self.listings.iter().rev().cloned().map(TicketRecord::from) {
            let work = UnitOfWork::default().with(Write { record, replaces: inserted.next() });
            committed.push(answered(tickets.commit(work)).await);
        }
        let stocks = self.stocks.iter().rev().cloned().map(OrderRecord::from);
        for record in stocks.chain(self.orders.iter().rev().cloned().map(OrderRecord::from)) {
            let work = UnitOfWork::default().with(Write { record, replaces: inserted.next() });
            committed.push(answered(orders.commit(work)).await);
        }
        let payables = self.payables.iter().rev().cloned().map(PaymentRecord::from);
        for record in payables.chain(self.payments.iter().rev().cloned().map(PaymentRecord::from)) {
            let work = UnitOfWork::default().with(Write { record, replaces: inserted.next() });
            committed.push(answered(payments.commit(work)).await);
        }
        committed
    }

    /// What is counted, in pages of `size`.
    async fn counted(fixture: &dyn AuditReaderFixture, size: usize) -> Self {
        let audit_reader = fixture.audit_reader();
        Self {
            listings: all(size, |listing: &Listing| listing.ticket.id, |page| audit_reader.listings(page)).await,
            stocks: all(size, |stock: &Stock| stock.ticket, |page| audit_reader.stocks(page)).await,
            orders: all(size, |order: &Order| order.id, |page| audit_reader.orders(page)).await,
            payables: all(size, |payable: &Payable| payable.order, |page| audit_reader.payables(page)).await,
            payments: all(size, |payment: &Payment| payment.id, |page| audit_reader.payments(page)).await,
        }
    }
}

/// Pages of any size join, in the order of ids and in whichever order records were committed.
pub async fn pages_of_an_audit_join_without_gaps(fixture: &dyn AuditReaderFixture) -> Outcome {
    let kept = Records::fresh(25);
    kept.commit(fixture, &[]).await;

    for size in [1, 7, 25, 100] {
        assert_eq!(Records::counted(fixture, size).await, kept, "pages of {size} join in the order of ids");
    }
    Outcome::Kept
}

/// Withdrawn tickets, and orders and payments in every state, are counted like any other.
pub async fn what_ended_is_counted(fixture: &dyn AuditReaderFixture) -> Outcome {
    let mut kept = Records::fresh(5);
    for listing in &mut kept.listings {
        listing.ticket = Ticket { status: TicketStatus::Withdrawn, version: 2, ..listing.ticket.clone() };
    }
    kept.stocks.iter_mut().for_each(|stock| stock.status = TicketStatus::Withdrawn);
    kept.orders.iter_mut().zip(order_states()).for_each(|(order, status)| order.status = status);
    kept.payables.iter_mut().zip(payable_states()).for_each(|(payable, status)| payable.status = status);
    kept.payments.iter_mut().zip(payment_states()).for_each(|(payment, status)| payment.status = status);
    kept.commit(fixture, &[]).await;

    assert_eq!(Records::counted(fixture, 2).await, kept, "what came to its end is counted");
    Outcome::Kept
}

fn order_states() -> [OrderStatus; 4] {
    [
        OrderStatus::AwaitingPayment { pay_by: NOW },
        OrderStatus::Completed { payment: PaymentId::new(sample::uuid()), at: NOW },
        OrderStatus::Cancelled { reason: CancelReason::ByBuyer, at: NOW },
        OrderStatus::Cancelled { reason: CancelReason::Expired, at: NOW },
    ]
}

const fn payable_states() -> [PayableStatus; 3] {
    [PayableStatus::Open { pay_by: NOW }, PayableStatus::Completed, PayableStatus::Cancelled]
}

fn payment_states() -> [PaymentStatus; 5] {
    [
        PaymentStatus::Pending,
        PaymentStatus::Captured { reference: "ch_1".into() },
        PaymentStatus::Failed { reason: "card_declined".into() },
        PaymentStatus::RefundDue { reference: "ch_2".into() },
        PaymentStatus::Refunded { reference: "ch_3".into() },
    ]
}

/// A record that changed is counted once, as it is now.
pub async fn a_record_is_counted_as_it_is(fixture: &dyn AuditReaderFixture) -> Outcome {
    let mut kept = Records::fresh(3);
    let inserted = kept.commit(fixture, &[]).await;
    let sales = Sales { held: 3, sold: 4, version: 7 };
    kept.listings.iter_mut().for_each(|listing| listing.sales = sales);
    kept.stocks.iter_mut().for_each(|stock| stock.sales = sales);
    kept.orders.iter_mut().for_each(|order| order.version = 2);
    kept.payables.iter_mut().for_each(|payable| payable.order_version = 2);
    kept.payments.iter_mut().for_each(|payment| payment.version = 1);
    kept.commit(fixture, &inserted).await;

    assert_eq!(Records::counted(fixture, 2).await, kept, "a record is counted as it was committed last");
    Outcome::Kept
}

/// A record that cannot be read is named, once, and all others are counted; so it is if there is a page of them.
pub async fn what_cannot_be_read_is_named(fixture: &dyn AuditReaderFixture) -> Outcome {
    const SPOILT: usize = 5;
    let mut kept = Records::fresh(9);
    kept.commit(fixture, &[]).await;
    for order in kept.orders.drain(..SPOILT) {
        if !fixture.spoil(&RecordKey::Order(order.id)).await {
            return Outcome::NotClaimed("a record that cannot be read");
        }
    }

    for size in [1, 4, 100] {
        assert_eq!(Records::counted(fixture, size).await, kept, "all that can be read is counted, by {size}");
        let (mut page, mut named) = (Page::first(size), BTreeSet::new());
        loop {
            let Listed { records, unreadable } = answered(fixture.audit_reader().orders(page)).await;
            for unreadable in unreadable {
                assert!(named.insert(unreadable.id.clone()), "{unreadable} is named twice by {size}");
            }
            let is_last = records.len() < size;
            page.after = records.last().map(|order| order.id);
            if is_last {
                break;
            }
        }
        assert_eq!(named.len(), SPOILT, "each that cannot be read is named, by {size}: {named:?}");
    }
    Outcome::Kept
}

/// Where nothing was ever kept, nothing is counted, and nothing waits.
pub async fn an_empty_marketplace_counts_nothing(fixture: &dyn AuditReaderFixture) -> Outcome {
    assert_eq!(Records::counted(fixture, 10).await, Records::default(), "an empty marketplace has records");
    for waiting in answered(fixture.audit_reader().waiting()).await {
        assert_eq!((waiting.unpublished, waiting.unpublished_since), (0, None), "{} has nothing", waiting.service);
        assert_eq!((waiting.parked, waiting.parked_since), (0, None), "{} parked nothing", waiting.service);
    }
    Outcome::Kept
}
