//! Stores in which a record that cannot be read stops others, or is hidden from who asks for it.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use ticketing_conformance::store::{ORDER_STORE, PAYMENT_STORE};
use ticketing_core::domain::ids::{AccountId, OrderId, PaymentId, TicketId};
use ticketing_core::domain::order::Order;
use ticketing_core::domain::payment::Payment;
use ticketing_core::domain::sales_total::SalesTotal;
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::order_store::{OrderNeeds, OrderRecord, OrderRecords, OrderStore, OverdueCursor};
use ticketing_core::ports::payment_store::{PaymentNeeds, PaymentRecord, PaymentRecords, PaymentStore};
use ticketing_core::ports::store::{CommitToken, Page, StoreError, UnitOfWork};

use super::assert_notices;
use crate::world::World;

/// What is wrong with a store once it holds what cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    StopsAList,
    CountsItInAPage,
    HidesIt,
    BlocksItsBuyer,
    ForgetsWhatWasBought,
    ForgetsKeys,
}

/// A store, what is wrong with it, and whether it holds what cannot be read.
#[derive(Debug)]
struct Flawed<S: ?Sized>(Arc<S>, Flaw, Arc<AtomicBool>);

impl<S: ?Sized> Flawed<S> {
    fn has(&self, flaw: Flaw) -> bool {
        self.1 == flaw && self.2.load(Ordering::Relaxed)
    }

    fn page<T>(&self, mut page: Vec<T>) -> Result<Vec<T>, StoreError> {
        if self.has(Flaw::StopsAList) {
            return Err(spoilt());
        }
        if self.has(Flaw::CountsItInAPage) {
            page.pop();
        }
        Ok(page)
    }
}

fn spoilt() -> StoreError {
    StoreError::Corrupt("spoilt".into())
}

#[async_trait]
impl OrderStore for Flawed<dyn OrderStore> {
    async fn load(&self, needs: &OrderNeeds) -> Result<OrderRecords, StoreError> {
        let mut needs = needs.clone();
        let counts = !(needs.unpaid_of.is_empty() && needs.bought.is_empty());
        if counts && self.has(Flaw::BlocksItsBuyer) {
            return Err(spoilt());
        }
        if self.has(Flaw::ForgetsWhatWasBought) {
            needs.bought.clear();
        }
        if self.has(Flaw::ForgetsKeys) {
            needs.keys.clear();
        }
        match self.0.load(&needs).await {
            Err(_) if self.has(Flaw::HidesIt) => Ok(OrderRecords::default()),
            found => found,
        }
    }

    async fn orders_of(&self, buyer: AccountId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        self.page(self.0.orders_of(buyer, page).await?)
    }

    async fn orders_for(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        self.page(self.0.orders_for(ticket, page).await?)
    }

    async fn sales_totals(&self, ticket: TicketId) -> Result<Vec<SalesTotal>, StoreError> {
        self.0.sales_totals(ticket).await
    }

    async fn overdue(&self, deadline: Timestamp, page: Page<OverdueCursor>) -> Result<Vec<Order>, StoreError> {
        self.page(self.0.overdue(deadline, page).await?)
    }

    async fn called_off(&self, page: Page<TicketId>) -> Result<Vec<Stock>, StoreError> {
        self.page(self.0.called_off(page).await?)
    }

    async fn commit(&self, work: UnitOfWork<OrderRecord>) -> Result<CommitToken, StoreError> {
        self.0.commit(work).await
    }
}

#[async_trait]
impl PaymentStore for Flawed<dyn PaymentStore> {
    async fn load(&self, needs: &PaymentNeeds) -> Result<PaymentRecords, StoreError> {
        match self.0.load(needs).await {
            Err(_) if self.has(Flaw::HidesIt) => Ok(PaymentRecords::default()),
            found => found,
        }
    }

    async fn unsettled(
        &self,
        young: RangeInclusive<Timestamp>,
        page: Page<PaymentId>,
    ) -> Result<Vec<Payment>, StoreError> {
        self.page(self.0.unsettled(young, page).await?)
    }

    async fn commit(&self, work: UnitOfWork<PaymentRecord>) -> Result<CommitToken, StoreError> {
        self.0.commit(work).await
    }
}

async fn assert_flawed_orders(rule: &str, flaw: Flaw) {
    let sound = World::default();
    let orders = Arc::new(Flawed(sound.orders, flaw, Arc::clone(&sound.is_spoilt)));
    assert_notices(&ORDER_STORE, rule, &World::default(), &World { orders, ..sound }).await;
}

async fn assert_flawed_payments(rule: &str, flaw: Flaw) {
    let sound = World::default();
    let payments = Arc::new(Flawed(sound.payments, flaw, Arc::clone(&sound.is_spoilt)));
    assert_notices(&PAYMENT_STORE, rule, &World::default(), &World { payments, ..sound }).await;
}

#[tokio::test]
async fn orders_that_stop_a_list() {
    for flaw in [Flaw::StopsAList, Flaw::CountsItInAPage] {
        assert_flawed_orders("unreadable_orders_are_passed_by", flaw).await;
    }
    assert_flawed_orders("an_unreadable_record_is_corrupt", Flaw::HidesIt).await;
}

#[tokio::test]
async fn orders_that_block_their_buyer_or_lose_their_key() {
    for flaw in [Flaw::BlocksItsBuyer, Flaw::ForgetsWhatWasBought, Flaw::ForgetsKeys, Flaw::HidesIt] {
        assert_flawed_orders("an_unreadable_order_blocks_no_other_order_of_its_buyer", flaw).await;
    }
}

#[tokio::test]
async fn payments_that_stop_a_list() {
    for flaw in [Flaw::StopsAList, Flaw::CountsItInAPage] {
        assert_flawed_payments("unreadable_payments_are_passed_by", flaw).await;
    }
    assert_flawed_payments("an_unreadable_record_is_corrupt", Flaw::HidesIt).await;
}
