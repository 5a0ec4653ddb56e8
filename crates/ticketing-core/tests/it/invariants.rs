//! What must hold of a marketplace, whatever happened to it.

use std::sync::Arc;
use std::time::Duration;

use ticketing_core::audit::{Audit, AuditConfig, Finding};
use ticketing_core::domain::ids::{OrderId, TicketId};
use ticketing_core::domain::order::{Order, OrderStatus};
use ticketing_core::domain::payment::PaymentStatus;
use ticketing_core::ports::order_store::{OrderNeeds, OrderRecords, OrderStore};
use ticketing_core::ports::payment_store::{PaymentNeeds, PaymentStore};
use ticketing_core::ports::store::Page;
use ticketing_core::ports::ticket_store::TicketStore;

use crate::market::Engines;

/// What the outside was told, and so must never be untrue.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    pub(crate) tickets: Vec<TicketId>,
    pub(crate) orders: Vec<OrderId>,
    /// Orders whose buyers were told that the money was taken.
    pub(crate) paid: Vec<OrderId>,
}

impl Told {
    pub(crate) fn ticket(&self) -> TicketId {
        self.tickets.first().copied().expect("a ticket is on sale")
    }

    pub(crate) fn order(&self) -> OrderId {
        self.orders.first().copied().expect("an order was placed")
    }
}

/// How long what an audit suspects must stand.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// Buyers of these tests have numbers below this.
pub(crate) const BUYERS: u128 = 8;

impl Engines {
    async fn order_records(&self, told: &Told) -> OrderRecords {
        let needs = OrderNeeds { stocks: told.tickets.clone(), orders: told.orders.clone(), ..OrderNeeds::default() };
        self.orders.load(&needs).await.expect("the engines are up")
    }

    /// Every order there is, whether anybody was told of it or not.
    pub(crate) async fn all_orders(&self) -> Vec<Order> {
        let mut all = Vec::new();
        for buyer in 0..BUYERS {
            let buyer = crate::market::account(buyer);
            all.extend(self.orders.orders_of(buyer, Page::first(10_000)).await.expect("the engines are up"));
        }
        all
    }

    /// An audit of all that these engines keep; whatever should have happened by now is late.
    pub(crate) fn audit(&self) -> Audit {
        Audit {
            audit_reader: Arc::new(self.audit_reader()),
            admissions: Some(Arc::new(self.audit_reader())),
            letters: Some(Arc::new(self.audit_reader())),
            ledger: Some(Arc::new(self.gateway.clone())),
            clock: Arc::new(self.clock.clone()),
            config: AuditConfig { patience: PATIENCE, pause: PATIENCE / 10, grace: Duration::ZERO, page: 1000 },
        }
    }

    async fn found(&self) -> Vec<Finding> {
        self.audit().look().await.expect("the engines are up")
    }

    /// Invariant 1 holds at every moment, and what was acknowledged is there.
    pub(crate) async fn check_always(&self, told: &Told) {
        let oversold = self.found().await.into_iter().filter(|finding| finding.invariant() == 1);
        assert_eq!(oversold.collect::<Vec<_>>(), [], "places are counted, and never sold twice");
        let orders = self.order_records(told).await.orders;
        for order in &told.orders {
            let is_there = orders.iter().any(|stored| stored.record.id == *order);
            assert!(is_there, "order {order} was acknowledged and is gone");
        }
    }

    /// Invariants 1 to 5 hold once everything came to rest.
    pub(crate) async fn check_at_rest(&self, told: &Told) {
        self.check_always(told).await;
        assert_eq!(self.found().await, [], "an audit finds nothing");
        for order in self.all_orders().await {
            assert!(order.pay_by().is_err(), "order {} is still open", order.id);
        }
        let listings = self.tickets.listings(&told.tickets).await.expect("the engines are up");
        assert_eq!(listings.len(), told.tickets.len(), "an acknowledged ticket is gone");
        self.check_paid(told).await;
        self.check_mail().await;
    }

    /// Every buyer was told what became of a paid order, and nobody was told it more than twice.
    async fn check_mail(&self) {
        let arrived = self.mailbox.arrived();
        for order in self.all_orders().await {
            let expected = match order.status {
                OrderStatus::Completed { .. } => "order_completed",
                OrderStatus::Refunded { .. } => "order_refunded",
                OrderStatus::AwaitingPayment { .. } | OrderStatus::Cancelled { .. } => continue,
            };
            let buyer = order.buyer.uuid().as_u128().to_string();
            let is_told = arrived.iter().any(|mail| mail.to == buyer && mail.subject == expected);
            assert!(is_told, "nobody told buyer {buyer} of order {}: {arrived:?}", order.id);
        }
        for mail in &arrived {
            let times = arrived.iter().filter(|other| other.id == mail.id).count();
            assert!(times <= 2, "{mail:?} was sent {times} times");
        }
    }

    async fn check_paid(&self, told: &Told) {
        let needs = PaymentNeeds { payables: told.paid.clone(), ..PaymentNeeds::default() };
        let records = self.payments.load(&needs).await.expect("the engines are up");
        for order in &told.paid {
            let payment = records.payments.iter().map(|stored| &stored.record).find(|payment| payment.order == *order);
            let status = payment.map(|payment| payment.status.clone());
            let kept = matches!(status, Some(PaymentStatus::Captured { .. } | PaymentStatus::Refunded { .. }));
            assert!(kept, "the payment of order {order} was acknowledged and is now {status:?}");
        }
    }
}
