//! A record that somebody else holds keeps its own events waiting, and no others.

use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::ids::{AccountId, OrderId, PaymentId, TicketId};
use ticketing_core::domain::order::{IdempotencyKey, Order};
use ticketing_core::domain::payment::{Payment, PaymentStatus};
use ticketing_core::domain::seller::Seller;
use ticketing_core::domain::ticket::{Listing, Sales};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::messaging::consumer::{EventHandler, HandleError, Incoming};
use ticketing_core::ports::outbox::Outbox;
use ticketing_core::ports::payment_store::{PaymentNeeds, PaymentRecord, PaymentRecords, PaymentStore};
use ticketing_core::ports::store::{CommitToken, Page, RecordKey, StoreError, Stored, UnitOfWork};
use ticketing_core::ports::ticket_store::{EventOffers, TicketRecord, TicketStore};
use ticketing_core::usecase::payments::{Payments, PaymentsFollowOrders};
use ticketing_core::usecase::tickets::{Tickets, TicketsFollowOrders};
use ticketing_core::wire::{self, TicketState};
use ticketing_memory::FaultPlan;

use crate::market::{Engines, Process};

/// A store of which another transaction holds some records.
#[derive(Debug)]
struct Locked<S: ?Sized>(Arc<S>, BTreeSet<RecordKey>);

impl<S: ?Sized> Locked<S> {
    fn free(&self, keys: impl Iterator<Item = RecordKey>) -> Result<(), StoreError> {
        let held: Vec<_> = keys.filter(|key| self.1.contains(key)).collect();
        if held.is_empty() { Ok(()) } else { Err(StoreError::Conflict(held)) }
    }
}

#[async_trait]
impl PaymentStore for Locked<dyn PaymentStore> {
    async fn load(&self, needs: &PaymentNeeds) -> Result<PaymentRecords, StoreError> {
        self.0.load(needs).await
    }

    async fn unsettled(
        &self,
        young: RangeInclusive<Timestamp>,
        page: Page<PaymentId>,
    ) -> Result<Vec<Payment>, StoreError> {
        self.0.unsettled(young, page).await
    }

    async fn commit(&self, work: UnitOfWork<PaymentRecord>) -> Result<CommitToken, StoreError> {
        self.free(work.writes.iter().map(|write| match &write.record {
            PaymentRecord::Payable(payable) => RecordKey::Payable(payable.order),
            PaymentRecord::Payment(payment) => RecordKey::Payment(payment.id),
        }))?;
        self.0.commit(work).await
    }
}

#[async_trait]
impl TicketStore for Locked<dyn TicketStore> {
    async fn listings(&self, ids: &[TicketId]) -> Result<Vec<Stored<Listing>>, StoreError> {
        self.0.listings(ids).await
    }

    async fn listing_under(&self, seller: AccountId, key: &IdempotencyKey) -> Result<Option<Listing>, StoreError> {
        self.0.listing_under(seller, key).await
    }

    async fn seller(&self, account: AccountId) -> Result<Option<Stored<Seller>>, StoreError> {
        self.0.seller(account).await
    }

    async fn offers_of_event(&self, wanted: &EventOffers) -> Result<Vec<Listing>, StoreError> {
        self.0.offers_of_event(wanted).await
    }

    async fn listings_of(&self, seller: AccountId, page: Page<TicketId>) -> Result<Vec<Listing>, StoreError> {
        self.0.listings_of(seller, page).await
    }

    async fn commit(&self, work: UnitOfWork<TicketRecord>) -> Result<CommitToken, StoreError> {
        self.free(work.writes.iter().map(|write| match &write.record {
            TicketRecord::Listing(listing) => RecordKey::Listing(listing.ticket.id),
            TicketRecord::Seller(seller) => RecordKey::Seller(seller.account),
        }))?;
        self.0.commit(work).await
    }

    async fn follow_sales(
        &self,
        newest: &HashMap<TicketId, Sales>,
    ) -> Result<Vec<(TicketId, TicketState)>, StoreError> {
        self.free(newest.keys().copied().map(RecordKey::Listing))?;
        self.0.follow_sales(newest).await
    }
}

/// What the orders service told and nobody heard yet.
async fn told(market: &Process) -> Vec<Incoming> {
    let waiting = market.engines.orders.outbox().pending(None, 100).await.expect("no faults").events;
    let open = |envelope| Incoming { event: wire::open(&envelope).expect("an event").expect("a known one"), envelope };
    waiting.into_iter().map(open).collect()
}

fn orders_of(events: &[Incoming]) -> Vec<Order> {
    events.iter().filter_map(|incoming| incoming.event.order_change()).map(|change| change.order.clone()).collect()
}

fn unavailable(handled: Result<(), HandleError>) -> Vec<usize> {
    let Err(HandleError::Partly(unhandled)) = handled else { panic!("not told apart: {handled:?}") };
    assert!(unhandled.values().all(|error| matches!(error, HandleError::Unavailable(_))), "{unhandled:?}");
    unhandled.into_keys().collect()
}

async fn payments_with(market: &Process, held: &[RecordKey], events: &[Incoming]) -> Result<(), HandleError> {
    let store: Arc<dyn PaymentStore> = Arc::clone(&market.payments.store);
    let store = Arc::new(Locked(store, held.iter().cloned().collect()));
    PaymentsFollowOrders(Payments { store, ..market.payments.clone() }).handle(events).await
}

#[tokio::test]
async fn payables_of_others_are_written_while_some_are_held() {
    let mut market = Engines::new().start(&FaultPlan::none());
    let ticket = market.sell(99, 100).await.expect("a ticket").ticket.id;
    market.settle().await.expect("no faults");
    for buyer in 1..=5 {
        market.order(buyer, ticket, 1).await.expect("a place");
    }
    let events = told(&market).await;
    let orders = orders_of(&events);
    let held = [1, 3].map(|at: usize| RecordKey::Payable(orders[at].id));

    let handled = payments_with(&market, &held, &events).await;

    assert_eq!(unavailable(handled), [1, 3]);
    let payables = orders.iter().map(|order| order.id).collect::<Vec<OrderId>>();
    let known = PaymentNeeds { payables, ..PaymentNeeds::default() };
    assert_eq!(market.payments.store.load(&known).await.expect("no faults").payables.len(), 3);
    payments_with(&market, &[], &events).await.expect("nobody holds anything any more");
    assert_eq!(market.payments.store.load(&known).await.expect("no faults").payables.len(), 5);
    market.settle().await.expect("no faults");
}

#[tokio::test]
async fn a_payment_that_is_held_keeps_its_own_order_waiting() {
    let mut market = Engines::new().start(&FaultPlan::none());
    let ticket = market.sell(99, 100).await.expect("a ticket").ticket.id;
    market.settle().await.expect("no faults");
    let mut paid = HashMap::new();
    for buyer in 1..=2 {
        let order = market.order(buyer, ticket, 1).await.expect("a place").id;
        market.settle().await.expect("no faults");
        // Its news is not heard before the order is cancelled.
        paid.insert(order, market.pay(buyer, order, "tok_visa").await.expect("it is paid").id);
        market.cancel(buyer, order).await.expect("it is cancelled");
    }
    let events = told(&market).await;
    let first = orders_of(&events)[0].id;

    let handled = payments_with(&market, &[RecordKey::Payment(paid[&first])], &events).await;

    assert_eq!(unavailable(handled), [0]);
    let payments = paid.into_iter().filter(|(order, _)| *order != first).map(|(_, payment)| payment).collect();
    let other = PaymentNeeds { payments, ..PaymentNeeds::default() };
    let other = market.payments.store.load(&other).await.expect("no faults").payments;
    assert!(matches!(other[0].record.status, PaymentStatus::RefundDue { .. }), "{other:?}");
    market.recover().await;
}

#[tokio::test]
async fn sales_of_other_tickets_are_counted_while_one_is_held() {
    let mut market = Engines::new().start(&FaultPlan::none());
    let held = market.sell(99, 100).await.expect("a ticket").ticket.id;
    let free = market.sell(99, 100).await.expect("a ticket").ticket.id;
    market.settle().await.expect("no faults");
    for ticket in [held, free, held] {
        market.order(1, ticket, 1).await.expect("a place");
    }
    let events = told(&market).await;
    let store: Arc<dyn TicketStore> = Arc::clone(&market.tickets.store);
    let store = Arc::new(Locked(store, BTreeSet::from([RecordKey::Listing(held)])));

    let handled = TicketsFollowOrders(Tickets { store, ..market.tickets.clone() }).handle(&events).await;

    let of_held = |(at, order): (usize, &Order)| (order.ticket.id == held).then_some(at);
    let expected: Vec<usize> = orders_of(&events).iter().enumerate().filter_map(of_held).collect();
    assert_eq!(unavailable(handled), expected);
    assert_eq!(market.tickets.ticket(free).await.expect("it is there").sales.held, 1);
    assert_eq!(market.tickets.ticket(held).await.expect("it is there").sales.held, 0);
    market.settle().await.expect("no faults");
}
