//! What must hold of a marketplace, whatever happened to it.

use std::collections::BTreeMap;

use ticketing_core::domain::ids::{OrderId, TicketId};
use ticketing_core::domain::order::{Order, OrderStatus};
use ticketing_core::domain::payment::{PayableStatus, PaymentStatus};
use ticketing_core::ports::order_store::{OrderNeeds, OrderRecords, OrderStore};
use ticketing_core::ports::parking::{ParkedFilter, ParkingLot};
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

/// Buyers of these tests have numbers below this.
pub(crate) const BUYERS: u128 = 8;

impl Engines {
    async fn order_records(&self, told: &Told) -> OrderRecords {
        let needs = OrderNeeds { stocks: told.tickets.clone(), orders: told.orders.clone(), keys: Vec::new() };
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

    /// Invariants 1 and 2 hold at every moment.
    pub(crate) async fn check_always(&self, told: &Told) {
        let records = self.order_records(told).await;
        let mut counted: BTreeMap<TicketId, (u32, u32)> = BTreeMap::new();
        for order in self.all_orders().await {
            let (held, sold) = counted.entry(order.ticket.id).or_default();
            match order.status {
                OrderStatus::AwaitingPayment { .. } => *held += order.quantity.get(),
                OrderStatus::Completed { .. } => *sold += order.quantity.get(),
                OrderStatus::Cancelled { .. } => {}
            }
        }
        for stored in &records.stocks {
            let stock = &stored.record;
            let count = counted.get(&stock.ticket).copied().unwrap_or_default();
            assert_eq!((stock.sales.held, stock.sales.sold), count, "the sales of {} are its orders", stock.ticket);
            assert!(stock.sales.committed() <= stock.offered(), "{} is oversold: {stock:?}", stock.ticket);
        }
        for order in &told.orders {
            assert!(
                records.orders.iter().any(|stored| stored.record.id == *order),
                "order {order} was acknowledged and is gone"
            );
        }
    }

    /// Invariants 2 to 5 hold once everything came to rest.
    pub(crate) async fn check_at_rest(&self, told: &Told) {
        self.check_always(told).await;
        let orders = self.all_orders().await;
        for order in &orders {
            assert!(order.pay_by().is_err(), "order {} waits for ever", order.id);
        }
        self.check_replicas(told, &orders).await;
        self.check_money(told, &orders).await;
        let parked = self.parking.list(&ParkedFilter::default(), Page::first(10)).await.expect("the engines are up");
        assert_eq!(parked, [], "nothing is parked");
    }

    async fn check_replicas(&self, told: &Told, orders: &[Order]) {
        let records = self.order_records(told).await;
        let listings = self.tickets.listings(&told.tickets).await.expect("the engines are up");
        assert_eq!(listings.len(), told.tickets.len(), "an acknowledged ticket is gone");
        for listing in listings.iter().map(|stored| &stored.record) {
            let stock =
                records.stocks.iter().map(|stored| &stored.record).find(|stock| stock.ticket == listing.ticket.id);
            let stock = stock.expect("the orders service follows every ticket");
            assert_eq!(listing.sales, stock.sales, "the tickets service lags behind");
            assert_eq!(stock.ticket_version, listing.ticket.version, "the orders service lags behind");
            assert_eq!(stock.price, listing.ticket.offer.price, "the orders service has another price");
        }
        let needs = PaymentNeeds { payables: orders.iter().map(|order| order.id).collect(), ..PaymentNeeds::default() };
        let payables = self.payments.load(&needs).await.expect("the engines are up").payables;
        for order in orders {
            let payable = payables.iter().map(|stored| &stored.record).find(|payable| payable.order == order.id);
            let payable = payable.expect("the payments service follows every order");
            let expected = match order.status {
                OrderStatus::AwaitingPayment { pay_by } => PayableStatus::Open { pay_by },
                OrderStatus::Completed { .. } => PayableStatus::Completed,
                OrderStatus::Cancelled { .. } => PayableStatus::Cancelled,
            };
            assert_eq!(
                (payable.status, payable.order_version),
                (expected, order.version),
                "the payments service lags behind"
            );
        }
    }

    async fn check_money(&self, told: &Told, orders: &[Order]) {
        let completed = orders.iter().filter(|order| matches!(order.status, OrderStatus::Completed { .. }));
        let worth: u64 = completed.map(|order| order.total().amount).sum();
        let (captured, refunded) = (self.gateway.total_captured(), self.gateway.total_refunded());
        assert_eq!(captured - refunded, worth, "captured {captured} less refunded {refunded} is the completed orders");
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
