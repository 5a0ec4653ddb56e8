//! A marketplace in the middle of a sale, whose books may be changed behind its back.

use ticketing_core::domain::admission::{Admission, Entrance};
use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::event::Event;
use ticketing_core::domain::event_facts::EventFacts;
use ticketing_core::domain::ids::{EventId, OrderId, PaymentId, TicketId};
use ticketing_core::domain::money::Quantity;
use ticketing_core::domain::order::{Order, OrderStatus, OrderedTicket};
use ticketing_core::domain::pass::CodeSeed;
use ticketing_core::domain::payment::{Payable, Payment, PaymentStatus};
use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::{Listing, Offer, Ticket};
use ticketing_core::ports::gateway::{Capture, CardToken, PaymentGateway};
use ticketing_core::ports::order_store::{OrderNeeds, OrderStore};
use ticketing_core::ports::parking::{Parked, ParkingLot};
use ticketing_core::ports::pass_store::{PassNeeds, PassStore};
use ticketing_core::ports::payment_store::{PaymentNeeds, PaymentStore};
use ticketing_core::ports::store::{UnitOfWork, Write};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_core::ports::transport::Arrival;
use ticketing_core::wire::{EventEnvelope, Origin, seal};
use ticketing_memory::FaultPlan;
use uuid::Uuid;

use crate::market::{Engines, account, offer};

/// Ten places at 12 EUR: two are sold after a declined card, one is held, one was given back.
pub(super) struct Books {
    pub(super) engines: Engines,
    pub(super) ticket: TicketId,
    pub(super) completed: OrderId,
    pub(super) open: OrderId,
    pub(super) cancelled: OrderId,
    /// What paid the completed order.
    pub(super) captured: PaymentId,
    /// What did not.
    pub(super) declined: PaymentId,
}

impl Books {
    pub(super) async fn new() -> Self {
        let engines = Engines::new();
        let mut market = engines.start(&FaultPlan::none());
        let ticket = market.sell(7, 10).await.expect("a ticket").ticket.id;
        market.settle().await.expect("no faults");
        let completed = market.order(1, ticket, 2).await.expect("places are left").id;
        let open = market.order(2, ticket, 1).await.expect("places are left").id;
        let cancelled = market.order(3, ticket, 1).await.expect("places are left").id;
        market.settle().await.expect("no faults");
        market.pay(1, completed, "tok_chargeDeclined").await.expect_err("a bad card");
        let captured = market.pay(1, completed, "tok_visa").await.expect("a good card").id;
        market.cancel(3, cancelled).await.expect("it is theirs");
        market.settle().await.expect("no faults");
        let all = engines.audit().audit_reader.payments(ticketing_core::ports::store::Page::first(9)).await;
        let declined =
            all.expect("the engines are up").records.iter().map(|payment| payment.id).find(|id| *id != captured);
        Self { engines, ticket, completed, open, cancelled, captured, declined: declined.expect("two attempts") }
    }

    fn uuid(&self) -> Uuid {
        self.engines.env.uuid(self.engines.env.now())
    }

    pub(super) async fn change_stock(&self, change: impl FnOnce(Stock) -> Stock) {
        let needs = OrderNeeds { stocks: vec![self.ticket], ..OrderNeeds::default() };
        let stored = self.engines.orders.load(&needs).await.expect("the engines are up").stocks.remove(0);
        let write = stored.replace(change(stored.record.clone()));
        self.engines.orders.commit(UnitOfWork::default().with(write)).await.expect("nobody else writes");
    }

    pub(super) async fn change_listing(&self, change: impl FnOnce(Listing) -> Listing) {
        let stored = self.engines.tickets.listings(&[self.ticket]).await.expect("the engines are up").remove(0);
        let write = stored.replace(change(stored.record.clone()));
        self.engines.tickets.commit(UnitOfWork::default().with(write)).await.expect("nobody else writes");
    }

    /// Of the ticket, and not of its stock.
    pub(super) async fn change_offer(&self, change: impl FnOnce(Offer) -> Offer) {
        self.change_listing(|Listing { ticket, sales, request }| {
            let offer = change(ticket.offer.clone());
            Listing { ticket: Ticket { offer, ..ticket }, sales, request }
        })
        .await;
    }

    pub(super) async fn change_order(&self, id: OrderId, change: impl FnOnce(&mut OrderStatus)) {
        let needs = OrderNeeds { orders: vec![id], ..OrderNeeds::default() };
        let stored = self.engines.orders.load(&needs).await.expect("the engines are up").orders.remove(0);
        let mut order = stored.record.clone();
        change(&mut order.status);
        let work = UnitOfWork::default().with(stored.replace(order));
        self.engines.orders.commit(work).await.expect("nobody else writes");
    }

    pub(super) async fn change_payable(&self, order: OrderId, change: impl FnOnce(Payable) -> Payable) {
        let needs = PaymentNeeds { payables: vec![order], ..PaymentNeeds::default() };
        let stored = self.engines.payments.load(&needs).await.expect("the engines are up").payables.remove(0);
        let work = UnitOfWork::default().with(stored.replace(change(stored.record.clone())));
        self.engines.payments.commit(work).await.expect("nobody else writes");
    }

    pub(super) async fn change_admission(&self, order: OrderId, change: impl FnOnce(&mut Admission)) {
        let needs = PassNeeds { admissions: vec![order], ..PassNeeds::default() };
        let stored = self.engines.passes.load(&needs).await.expect("the engines are up").admissions.remove(0);
        let mut admission = stored.record.clone();
        change(&mut admission);
        let work = UnitOfWork::default().with(stored.replace(admission));
        self.engines.passes.commit(work).await.expect("nobody else writes");
    }

    /// Passes of an order that nobody has heard of, and the door of its ticket.
    pub(super) async fn insert_stray_passes(&self) -> (OrderId, TicketId) {
        let (payment, at) = (PaymentId::new(self.uuid()), self.engines.env.now());
        let order = Order { status: OrderStatus::Completed { payment, at }, version: 2, ..self.stray_order() };
        let (admission, _) = Admission::of(&order, &CodeSeed::new([9; 32])).expect("it is completed");
        let (ticket, title) = (order.ticket.id, "Opera".into());
        let entrance = Entrance { ticket, seller: account(7), title, ticket_version: 1 };
        let work = UnitOfWork::default().with(Write::insert(admission)).with(Write::insert(entrance));
        self.engines.passes.commit(work).await.expect("nobody else writes");
        (order.id, ticket)
    }

    /// Changes the payment that paid the completed order.
    pub(super) async fn change_payment(&self, change: impl FnOnce(Payment) -> Payment) {
        let needs = PaymentNeeds { payments: vec![self.captured], ..PaymentNeeds::default() };
        let stored = self.engines.payments.load(&needs).await.expect("the engines are up").payments.remove(0);
        let work = UnitOfWork::default().with(stored.replace(change(stored.record.clone())));
        self.engines.payments.commit(work).await.expect("nobody else writes");
    }

    /// An order that nobody has heard of, of a ticket that nobody has heard of.
    pub(super) fn stray_order(&self) -> Order {
        let now = self.engines.env.now();
        let ticket = OrderedTicket {
            id: TicketId::new(self.uuid()),
            seller_name: None,
            event: EventFacts { title: "Opera".into(), ..EventFacts::default() }.into(),
            attributes: Attributes::NONE,
            price: offer(1, 1200).price,
        };
        Order {
            id: OrderId::new(self.uuid()),
            buyer: account(1),
            ticket,
            quantity: Quantity::ONE,
            status: OrderStatus::AwaitingPayment { pay_by: now.after(crate::market::HOLD) },
            placed_at: now,
            used: false,
            key: None,
            version: 1,
        }
    }

    pub(super) async fn insert_order(&self, order: Order) {
        let work = UnitOfWork::default().with(Write::insert(order));
        self.engines.orders.commit(work).await.expect("it is new");
    }

    pub(super) async fn insert_order_of_the_ticket(&self) -> OrderId {
        let stray = self.stray_order();
        let order = Order { ticket: OrderedTicket { id: self.ticket, ..stray.ticket }, ..stray };
        self.insert_order(order.clone()).await;
        order.id
    }

    pub(super) async fn insert_payable(&self, payable: Payable) {
        let work = UnitOfWork::default().with(Write::insert(payable));
        self.engines.payments.commit(work).await.expect("it is new");
    }

    pub(super) async fn insert_payment(&self, order: OrderId, status: PaymentStatus) -> PaymentId {
        let id = PaymentId::new(self.uuid());
        let payment = Payment {
            id,
            order,
            ticket: self.ticket,
            buyer: account(1),
            total: offer(1, 1200).price.money(),
            status,
            started_at: self.engines.env.now(),
            changed_at: None,
            key: None,
            card: None,
            version: 1,
        };
        let work = UnitOfWork::default().with(Write::insert(payment));
        self.engines.payments.commit(work).await.expect("it is new");
        id
    }

    pub(super) async fn insert_captured(&self, order: OrderId) -> PaymentId {
        self.insert_payment(order, PaymentStatus::Captured { reference: "ch".into() }).await
    }

    fn ticket(&self) -> Ticket {
        let (id, now) = (TicketId::new(self.uuid()), self.engines.env.now());
        Ticket::create(id, account(7), offer(5, 1200), now).expect("it has no time").0
    }

    pub(super) async fn insert_listing(&self) -> TicketId {
        let ticket = self.ticket();
        let id = ticket.id;
        let work = UnitOfWork::default().with(Write::insert(Listing::new(ticket)));
        self.engines.tickets.commit(work).await.expect("it is new");
        id
    }

    pub(super) async fn insert_stock(&self) -> TicketId {
        let stock = Stock::of(&self.ticket());
        let id = stock.ticket;
        self.engines.orders.commit(UnitOfWork::default().with(Write::insert(stock))).await.expect("it is new");
        id
    }

    /// Lets the gateway charge for a payment that nobody began.
    pub(super) async fn charge_unbooked(&self) -> PaymentId {
        let payment = PaymentId::new(self.uuid());
        let capture = Capture {
            payment,
            order: OrderId::new(self.uuid()),
            total: offer(1, 99).price.money(),
            card: CardToken::new("tok_visa"),
        };
        self.engines.gateway.capture(&capture).await.expect("the gateway answers");
        payment
    }

    fn event(&self) -> EventEnvelope {
        let now = self.engines.env.now();
        let event = Event::ExpirationCompleted { order: self.open, pay_by: now };
        seal(&event, EventId::new(self.uuid()), now, &Origin::new(self.uuid()))
    }

    /// Commits an event of the orders service that nobody publishes.
    pub(super) async fn tell_without_a_relay(&self) {
        let work = UnitOfWork { writes: Vec::new(), events: vec![self.event()] };
        self.engines.orders.commit(work).await.expect("the engines are up");
    }

    pub(super) async fn park(&self, consumer: &str) {
        let arrival = Arrival::Event(self.event());
        let parked = Parked {
            id: self.uuid(),
            consumer: consumer.to_owned(),
            key: arrival.key(),
            arrival,
            reason: "it could not be handled".to_owned(),
            parked_at: self.engines.env.now(),
            released: false,
        };
        self.engines.parking.park(parked).await.expect("the engines are up");
    }
}
