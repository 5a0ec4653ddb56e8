//! Audit readers that leave out, repeat or misremember, and ledgers that do.

use std::sync::Arc;

use async_trait::async_trait;
use ticketing_conformance::audit_reader::AUDIT_READER;
use ticketing_core::domain::ids::{OrderId, PaymentId, TicketId};
use ticketing_core::domain::order::Order;
use ticketing_core::domain::payment::{Payable, Payment, PaymentStatus};
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::{Listing, TicketStatus};
use ticketing_core::ports::audit_reader::{AuditReader, Charge, Ledger, Waiting};
use ticketing_core::ports::store::{Page, StoreError};
use ticketing_core::ports::unreadable::Listed;
use ticketing_memory::{MemoryAuditReader, SandboxGateway};

use super::assert_notices;
use crate::world::World;

/// What is wrong with an audit reader, or with a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    RepeatsTheLast,
    SkipsOne,
    HasNoOrder,
    LeavesOutWithdrawn,
    LeavesOutCancelled,
    LeavesOutSettled,
    ForgetsSales,
    ForgetsTheOutbox,
    ForgetsTheLot,
    ForgetsTheOldest,
    ForgetsRefunds,
    SeesGhosts,
    NamesNothing,
}

#[derive(Debug)]
struct Flawed<T>(T, Flaw);

impl<T> Flawed<T> {
    /// Spoils a page of whatever.
    fn spoil<R>(&self, mut page: Listed<R>) -> Listed<R> {
        let records = &mut page.records;
        match self.1 {
            Flaw::SkipsOne if records.len() > 3 => drop(records.remove(1)),
            Flaw::HasNoOrder => records.reverse(),
            _ => {}
        }
        page
    }

    /// Spoils a cursor of whatever.
    fn read<C>(&self, page: Page<C>) -> Page<C> {
        let after = if self.1 == Flaw::RepeatsTheLast { None } else { page.after };
        Page { after, ..page }
    }
}

#[async_trait]
impl AuditReader for Flawed<MemoryAuditReader> {
    async fn listings(&self, page: Page<TicketId>) -> Result<Listed<Listing>, StoreError> {
        let mut listings = self.0.listings(self.read(page)).await?;
        if self.1 == Flaw::LeavesOutWithdrawn {
            listings.records.retain(|listing| listing.ticket.status == TicketStatus::OnSale);
        }
        if self.1 == Flaw::ForgetsSales {
            listings.records.iter_mut().for_each(|listing| listing.sales.held = 0);
        }
        Ok(self.spoil(listings))
    }

    async fn stocks(&self, page: Page<TicketId>) -> Result<Listed<Stock>, StoreError> {
        self.0.stocks(page).await
    }

    async fn orders(&self, page: Page<OrderId>) -> Result<Listed<Order>, StoreError> {
        let mut orders = self.0.orders(page).await?;
        if self.1 == Flaw::NamesNothing {
            orders.unreadable.clear();
        }
        if self.1 == Flaw::LeavesOutCancelled {
            orders.records.retain(|order| order.pay_by().is_ok());
        }
        Ok(orders)
    }

    async fn payables(&self, page: Page<OrderId>) -> Result<Listed<Payable>, StoreError> {
        self.0.payables(page).await
    }

    async fn payments(&self, page: Page<PaymentId>) -> Result<Listed<Payment>, StoreError> {
        let mut payments = self.0.payments(page).await?;
        if self.1 == Flaw::LeavesOutSettled {
            payments.records.retain(|payment| payment.status == PaymentStatus::Pending);
        }
        Ok(payments)
    }

    async fn waiting(&self) -> Result<Vec<Waiting>, StoreError> {
        let mut all = self.0.waiting().await?;
        for waiting in &mut all {
            match self.1 {
                Flaw::ForgetsTheOutbox => waiting.unpublished = 0,
                Flaw::ForgetsTheLot => waiting.parked = 0,
                Flaw::ForgetsTheOldest => waiting.parked_since = None,
                Flaw::SeesGhosts => waiting.unpublished += 1,
                _ => {}
            }
        }
        Ok(all)
    }
}

#[async_trait]
impl Ledger for Flawed<SandboxGateway> {
    async fn charges(&self, page: Page<PaymentId>) -> Result<Listed<Charge>, StoreError> {
        let ledger: &dyn Ledger = &self.0;
        let mut charges = ledger.charges(self.read(page)).await?;
        if self.1 == Flaw::ForgetsRefunds {
            charges.records.iter_mut().for_each(|charge| charge.refunded = false);
        }
        Ok(self.spoil(charges))
    }
}

fn world_with(flaw: Flaw) -> World {
    let sound = World::default();
    let audit_reader = Arc::new(Flawed(sound.engines.audit_reader(), flaw));
    let ledger = Arc::new(Flawed(sound.engines.gateway.clone(), flaw));
    World { audit_reader, ledger, ..sound }
}

async fn assert_flawed(rule: &str, flaw: Flaw) {
    assert_notices(&AUDIT_READER, rule, &World::default(), &world_with(flaw)).await;
}

#[tokio::test]
async fn pages_that_do_not_join() {
    for flaw in [Flaw::RepeatsTheLast, Flaw::SkipsOne, Flaw::HasNoOrder] {
        assert_flawed("pages_of_an_audit_join_without_gaps", flaw).await;
        assert_flawed("charges_are_told_in_pages", flaw).await;
    }
}

#[tokio::test]
async fn records_that_are_left_out() {
    for flaw in [Flaw::LeavesOutWithdrawn, Flaw::LeavesOutCancelled, Flaw::LeavesOutSettled] {
        assert_flawed("what_ended_is_counted", flaw).await;
    }
}

#[tokio::test]
async fn unreadable_records_that_nobody_hears_of() {
    assert_flawed("what_cannot_be_read_is_named", Flaw::NamesNothing).await;
}

#[tokio::test]
async fn records_as_they_once_were() {
    assert_flawed("a_record_is_counted_as_it_is", Flaw::ForgetsSales).await;
    assert_flawed("a_refund_is_told", Flaw::ForgetsRefunds).await;
}

#[tokio::test]
async fn waiting_things_that_are_not_counted_right() {
    for flaw in [Flaw::ForgetsTheOutbox, Flaw::ForgetsTheLot, Flaw::ForgetsTheOldest] {
        assert_flawed("what_waits_is_counted", flaw).await;
    }
    assert_flawed("an_empty_marketplace_counts_nothing", Flaw::SeesGhosts).await;
}
