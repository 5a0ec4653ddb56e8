//! A marketplace on memory whose time stands still: engines that outlive a process, and processes that may die.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use ticketing_core::assembly::{Loops, Settings};
use ticketing_core::domain::hold_limits::HoldLimits;
use ticketing_core::domain::ids::{AccountId, OrderId, TicketId};
use ticketing_core::domain::letter::Letter;
use ticketing_core::domain::money::Quantity;
use ticketing_core::domain::order::{IdempotencyKey, Order};
use ticketing_core::domain::payment::Payment;
use ticketing_core::domain::ticket::{Listing, Offer, OfferInput};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::messaging::driver::Step;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::error_chain;
use ticketing_core::ports::gateway::CardToken;
use ticketing_core::ports::letter_store::LetterStore;
use ticketing_core::ports::payment_store::PaymentStore;
use ticketing_core::ports::store::{Page, UnitOfWork};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_core::rebuild::{
    Differing, Rebuild, RebuildAdmissions, RebuildLetters, RebuildStocks, rebuild_from_owners,
};
use ticketing_core::usecase::admissions::Admissions;
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::notifications::Notifications;
use ticketing_core::usecase::orders::batcher::BatcherConfig;
use ticketing_core::usecase::orders::{ExpireOverdue, Orders, PlaceOrder};
use ticketing_core::usecase::payments::{PayOrder, Payments};
use ticketing_core::usecase::tickets::{CreateTicket, Tickets};
use ticketing_core::wire::Origin;
use ticketing_crypto::Ed25519Signer;
use ticketing_memory::{FaultPlan, ManualClock, ManualLoops, MemoryEngines, SandboxGateway};
use uuid::Uuid;

use crate::mailbox::Mailbox;

/// How long places are held here.
pub(crate) const HOLD: Duration = Duration::from_secs(900);

const FIT: &str = "engines in memory fit together";

/// What outlives a process: its databases, its broker, its timers and the bank.
#[derive(Clone)]
pub(crate) struct Engines {
    pub(crate) clock: ManualClock,
    /// What one buyer may hold at the processes that are started.
    pub(crate) limits: HoldLimits,
    /// Where mail arrives.
    pub(crate) mailbox: Mailbox,
    memory: MemoryEngines,
}

impl Deref for Engines {
    type Target = MemoryEngines;

    fn deref(&self) -> &MemoryEngines {
        &self.memory
    }
}

impl Engines {
    pub(crate) fn new() -> Self {
        let clock = ManualClock::new(Timestamp::from_millis(1_800_000_000_000));
        let memory = MemoryEngines::new(clock.with_sequential_ids());
        Self { clock, limits: HoldLimits::OFF, mailbox: Mailbox::default(), memory }
    }

    /// The same engines, for processes whose clock shows another time.
    pub(crate) fn at(&self, now: Timestamp) -> Self {
        let clock = ManualClock::new(now);
        let env = ClockAndIds { clock: Arc::new(clock.clone()), ..self.memory.env.clone() };
        let mut engines = Self { clock, ..self.clone() };
        engines.memory.env = env;
        engines
    }

    /// Starts a process on these engines that is stepped by hand; `faults` befall it alone.
    pub(crate) fn start(&self, faults: &FaultPlan) -> Process {
        let mut process = self.start_without_mail(faults);
        let mine = self.memory.with_faults(faults);
        let context = mine.service_context(Settings::default());
        let (notifications, loops) = context.notifications(mine.letter_ports(), self.mailbox.ports()).expect(FIT);
        process.loops.add(loops);
        Process { notifications, ..process }
    }

    /// The same without its notifications.
    pub(crate) fn start_without_mail(&self, faults: &FaultPlan) -> Process {
        let Process { engines, tickets, orders, payments, admissions, notifications, loops } =
            self.start_running(faults);
        let loops = ManualLoops::start(loops, &self.clock);
        Process { engines, tickets, orders, payments, admissions, notifications, loops }
    }

    /// Starts a process whose loops are still to be run.
    pub(crate) fn start_running(&self, faults: &FaultPlan) -> Process<Loops> {
        let batcher = BatcherConfig { hold_for: HOLD, limits: self.limits, ..BatcherConfig::default() };
        let settings = Settings { batcher, ..Settings::default() };
        let mine = self.memory.with_faults(faults);
        let context = mine.service_context(settings);
        let (tickets, ticket_loops) = context.tickets(mine.ticket_ports()).expect(FIT);
        let (orders, order_loops) = context.orders(mine.order_ports()).expect(FIT);
        let (payments, payment_loops) =
            context.payments(mine.payment_ports(), Arc::new(mine.gateway.clone())).expect(FIT);
        let expiration_loops = context.expiration(mine.expiration_ports()).expect(FIT);
        let signer = Arc::new(Ed25519Signer::from_seed(&[7; 32]));
        let (admissions, admission_loops) = context.admissions(mine.pass_ports(), signer).expect(FIT);
        let loops = ticket_loops.and(order_loops).and(payment_loops).and(expiration_loops).and(admission_loops);
        // Its loops run only where mail is sent.
        let (notifications, _) = context.notifications(mine.letter_ports(), self.mailbox.ports()).expect(FIT);
        Process { engines: self.clone(), tickets, orders, payments, admissions, notifications, loops }
    }

    /// All payments that have not ended, whatever their age.
    pub(crate) async fn unsettled_payments(&self) -> Vec<Payment> {
        let later = self.env.now().after(Duration::from_secs(1));
        self.payments.unsettled(later..=later, Page::first(1000)).await.expect("the engines are up")
    }

    /// Every buyer who must act for a payment does; no notice is sent of it.
    pub(crate) async fn buyers_act(&self, approve: bool) {
        for payment in self.unsettled_payments().await {
            let act = if approve { SandboxGateway::approve } else { SandboxGateway::refuse };
            act(&self.gateway, payment.id);
        }
    }

    pub(crate) fn create(&self, seller: u128, quantity: u32) -> CreateTicket {
        CreateTicket::new(account(seller), offer(quantity, 1200))
    }

    pub(crate) fn place(&self, buyer: u128, ticket: TicketId) -> PlaceOrder {
        PlaceOrder::new(account(buyer), ticket)
    }

    pub(crate) fn pay(&self, buyer: u128, order: OrderId) -> PayOrder {
        PayOrder::new(account(buyer), order, CardToken::new("tok_visa"))
    }
}

/// All services of a marketplace, in one process. Dropping it is `kill -9`.
pub(crate) struct Process<L = ManualLoops> {
    pub(crate) engines: Engines,
    pub(crate) tickets: Tickets,
    pub(crate) orders: Orders,
    pub(crate) payments: Payments,
    pub(crate) admissions: Admissions,
    pub(crate) notifications: Notifications,
    pub(crate) loops: L,
}

pub(crate) fn account(n: u128) -> AccountId {
    AccountId::new(Uuid::from_u128(n))
}

pub(crate) fn offer(quantity: u32, amount: u64) -> Offer {
    let opera = OfferInput { title: "Opera", amount, currency: "EUR", quantity, ..OfferInput::default() };
    Offer::parse(opera).expect("a good offer")
}

pub(crate) fn key(text: &str) -> IdempotencyKey {
    text.parse().expect("a good key")
}

/// What somebody asks of a marketplace, in a word each.
impl Process {
    pub(crate) fn origin(&self) -> Origin {
        let env = &self.engines.env;
        Origin::new(env.uuid(env.now()))
    }

    pub(crate) async fn sell(&self, seller: u128, quantity: u32) -> Result<Listing, Error> {
        self.engines.clock.run(self.tickets.create_ticket(self.engines.create(seller, quantity), self.origin())).await
    }

    pub(crate) async fn order(&self, buyer: u128, ticket: TicketId, quantity: u32) -> Result<Order, Error> {
        self.order_as(buyer, None, ticket, quantity).await
    }

    pub(crate) async fn order_as(
        &self,
        buyer: u128,
        key: Option<IdempotencyKey>,
        ticket: TicketId,
        quantity: u32,
    ) -> Result<Order, Error> {
        let command = self.command(buyer, ticket, quantity).key(key);
        self.engines.clock.run(self.orders.place_order(command, self.origin())).await
    }

    pub(crate) async fn order_at(&self, buyer: u128, ticket: TicketId, amount: u64) -> Result<Order, Error> {
        let command = self.command(buyer, ticket, 1).price_seen(offer(1, amount).price.money());
        self.engines.clock.run(self.orders.place_order(command, self.origin())).await
    }

    pub(crate) fn command(&self, buyer: u128, ticket: TicketId, quantity: u32) -> PlaceOrder {
        let quantity = Quantity::new(quantity).expect("a good quantity");
        self.engines.place(buyer, ticket).quantity(quantity)
    }

    pub(crate) async fn cancel(&self, buyer: u128, order: OrderId) -> Result<Order, Error> {
        self.engines.clock.run(self.orders.cancel_order(order, account(buyer), self.origin())).await
    }

    /// Calls an event off of which no service hears; what they know of tickets is then rebuilt from their owner.
    pub(crate) async fn call_off_unheard(&self, seller: u128, ticket: TicketId) {
        let engines = &self.engines;
        let stored = engines.tickets.listings(&[ticket]).await.expect("no faults").pop().expect("the ticket");
        let (called_off, _) = stored.record.clone().call_off(account(seller)).expect("it is theirs");
        engines.tickets.commit(UnitOfWork::default().with(stored.replace(called_off))).await.expect("no faults");
        let owners = engines.audit_reader();
        let mut stocks = RebuildStocks::new(Arc::new(engines.orders.clone()));
        let mut doors = RebuildAdmissions::new(Arc::new(engines.passes.clone()), engines.env.clone());
        let mut told = RebuildLetters::new(Arc::new(engines.letters.clone()));
        for replicas in [&mut stocks as &mut dyn Rebuild, &mut doors, &mut told] {
            rebuild_from_owners(&owners, replicas, Differing::Replace, &|_| {}).await.expect("no faults");
        }
    }

    pub(crate) async fn pay(&self, buyer: u128, order: OrderId, card: &str) -> Result<Payment, Error> {
        self.pay_as(buyer, None, order, card).await
    }

    pub(crate) async fn pay_as(
        &self,
        buyer: u128,
        key: Option<IdempotencyKey>,
        order: OrderId,
        card: &str,
    ) -> Result<Payment, Error> {
        let command = PayOrder::new(account(buyer), order, CardToken::new(card)).key(key);
        self.engines.clock.run(self.payments.pay_order(command, self.origin())).await
    }

    /// Moves every event to where it belongs, and fires what is due.
    pub(crate) async fn settle(&mut self) -> Result<(), String> {
        self.loops.settle().await.map_err(|error| error_chain(&error))
    }

    /// Settles again and again, whatever fails, while time passes; for a system whose faults have ended.
    pub(crate) async fn recover(&mut self) {
        for _ in 0..50 {
            self.engines.clock.advance(Duration::from_secs(61));
            if self.settle().await.is_ok() && self.is_quiet().await {
                return;
            }
        }
        panic!("the marketplace did not come to rest within 50 minutes");
    }

    async fn is_quiet(&self) -> bool {
        let MemoryEngines { tickets, orders, payments, passes, timers, .. } = &*self.engines;
        let outboxes = [tickets.outbox(), orders.outbox(), payments.outbox(), passes.outbox()];
        outboxes.iter().all(|outbox| outbox.is_empty()) && timers.is_empty() && self.waiting_letters().await.is_empty()
    }

    /// The letters that may still be sent.
    pub(crate) async fn waiting_letters(&self) -> Vec<Letter> {
        let whenever = Timestamp::from_millis(i64::MAX);
        let due = self.engines.letters.due(whenever, 1000).await.expect("the engines are up");
        due.into_iter().map(|stored| stored.record).collect()
    }

    /// The sweep of the orders service alone, before any news arrives.
    pub(crate) async fn expire_overdue(&self) {
        let mut sweep = ExpireOverdue::new(self.orders.clone(), Duration::from_secs(5), 64);
        sweep.step().await.expect("no faults");
    }
}
