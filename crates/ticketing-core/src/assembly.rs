//! Puts services together from their ports, and runs what repeats behind them.
//!
//! A service is a value to call and a set of loops to run. Nothing here names
//! an engine or a runtime: whoever embeds the marketplace brings both.

mod loops;

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::flow::consumer::{Consumer, ConsumerConfig, ConsumerPorts, EventHandler};
use crate::flow::desk::{DeskConfig, Desks};
use crate::flow::driver::Pace;
use crate::flow::relay::{Relay, RelayConfig, RelayPorts};
use crate::ports::account_store::AccountStore;
use crate::ports::gateway::PaymentGateway;
use crate::ports::identity::{PasswordHasher, SessionLifetimes, SessionStore, TokenSigner};
use crate::ports::order_store::OrderStore;
use crate::ports::outbox::Outbox;
use crate::ports::parking::ParkingLot;
use crate::ports::payment_store::PaymentStore;
use crate::ports::ticket_store::TicketStore;
use crate::ports::timers::TimerQueue;
use crate::ports::transport::{EventPublisher, EventSubscriber, StartFrom};
use crate::usecase::World;
use crate::usecase::accounts::Accounts;
use crate::usecase::expiration::{Expiration, ExpirationFollowsOrders, FireDue};
use crate::usecase::orders::{ExpireOverdue, Orders, OrdersFollow};
use crate::usecase::payments::{Payments, PaymentsFollowOrders, SettlePayments};
use crate::usecase::tickets::{Tickets, TicketsFollowOrders};

pub use loops::{Loops, Spawn};

/// How the marketplace works; the defaults suit one process and many.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How orders are decided.
    pub desk: DeskConfig,
    /// How events leave a service.
    pub relay: RelayConfig,
    /// How events are handled.
    pub consumer: ConsumerConfig,
    /// How long tokens and sessions last.
    pub lifetimes: SessionLifetimes,
    /// How long a request may ask the gateway before the payment is looked up.
    pub payment_grace: Duration,
    /// How long after its deadline an order is ended without a timer.
    pub overdue_grace: Duration,
    /// How often timers, overdue orders and open payments are looked for.
    pub poll_every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            desk: DeskConfig::default(),
            relay: RelayConfig::default(),
            consumer: ConsumerConfig::default(),
            lifetimes: SessionLifetimes::default(),
            payment_grace: Duration::from_secs(30),
            overdue_grace: Duration::from_secs(5),
            poll_every: Duration::from_millis(250),
        }
    }
}

/// What every service shares: the transport, time and chance.
#[derive(Clone)]
pub struct Surroundings {
    /// Takes events to the others.
    pub publisher: Arc<dyn EventPublisher>,
    /// Brings the events of the others.
    pub subscriber: Arc<dyn EventSubscriber>,
    /// Time and chance.
    pub world: World,
    /// How to work.
    pub settings: Settings,
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What the accounts service needs of its own.
pub struct AccountPorts {
    /// Keeps accounts.
    pub store: Arc<dyn AccountStore>,
    /// Its unpublished events.
    pub outbox: Arc<dyn Outbox>,
    /// Keeps sessions.
    pub sessions: Arc<dyn SessionStore>,
    /// Hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Signs access tokens.
    pub signer: Arc<dyn TokenSigner>,
}

impl std::fmt::Debug for AccountPorts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountPorts").finish_non_exhaustive()
    }
}

/// What a service needs that keeps a store and follows events.
pub struct ServicePorts<S: ?Sized> {
    /// Keeps its state.
    pub store: Arc<S>,
    /// Its unpublished events.
    pub outbox: Arc<dyn Outbox>,
    /// Its events that could not be handled.
    pub parking: Arc<dyn ParkingLot>,
}

impl<S: ?Sized> std::fmt::Debug for ServicePorts<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServicePorts").finish_non_exhaustive()
    }
}

/// What the expiration service needs of its own.
pub struct ExpirationPorts {
    /// Keeps timers.
    pub timers: Arc<dyn TimerQueue>,
    /// Its events that could not be handled.
    pub parking: Arc<dyn ParkingLot>,
}

impl std::fmt::Debug for ExpirationPorts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExpirationPorts").finish_non_exhaustive()
    }
}

impl Surroundings {
    /// The accounts service.
    pub fn accounts(&self, ports: AccountPorts) -> (Accounts, Loops) {
        let AccountPorts { store, outbox, sessions, hasher, signer } = ports;
        let lifetimes = self.settings.lifetimes;
        let accounts = Accounts { store, sessions, hasher, signer, world: self.world.clone(), lifetimes };
        (accounts, self.relaying("accounts", outbox))
    }

    /// The tickets service.
    pub fn tickets(&self, ports: ServicePorts<dyn TicketStore>) -> (Tickets, Loops) {
        let tickets = Tickets { store: ports.store, world: self.world.clone() };
        let follow = self.following(Arc::new(TicketsFollowOrders(tickets.clone())), ports.parking);
        (tickets, self.relaying("tickets", ports.outbox).and(follow))
    }

    /// The orders service.
    pub fn orders(&self, ports: ServicePorts<dyn OrderStore>) -> (Orders, Loops) {
        let (desks, decide) = Desks::open(&ports.store, &self.world, self.settings.desk);
        let orders = Orders { store: ports.store, desks: desks.clone(), world: self.world.clone() };
        let follow = self.following(Arc::new(OrdersFollow(orders.clone())), ports.parking);
        let mut loops = self.relaying("orders", ports.outbox).and(follow);
        loops.decide(desks, decide);
        let overdue = ExpireOverdue { orders: orders.clone(), grace: self.settings.overdue_grace, batch: 256 };
        loops.take_in(Box::new(overdue), self.polling());
        (orders, loops)
    }

    /// The payments service.
    pub fn payments(
        &self,
        ports: ServicePorts<dyn PaymentStore>,
        gateway: Arc<dyn PaymentGateway>,
    ) -> (Payments, Loops) {
        let payments = Payments { store: ports.store, gateway, world: self.world.clone() };
        let follow = self.following(Arc::new(PaymentsFollowOrders(payments.clone())), ports.parking);
        let mut loops = self.relaying("payments", ports.outbox).and(follow);
        let settle = SettlePayments::new(payments.clone(), self.settings.payment_grace, 64);
        loops.take_in(Box::new(settle), self.polling());
        (payments, loops)
    }

    /// The expiration service. Nobody calls it.
    pub fn expiration(&self, ports: ExpirationPorts) -> Loops {
        let ExpirationPorts { timers, parking } = ports;
        let expiration = Expiration { timers, publisher: Arc::clone(&self.publisher), world: self.world.clone() };
        let mut loops = self.following(Arc::new(ExpirationFollowsOrders(expiration.clone())), parking);
        loops.take_in(Box::new(FireDue { expiration, batch: 256, claim: Duration::from_secs(30) }), self.polling());
        loops
    }

    /// Whatever else wants to follow events; a new group begins at `start`.
    pub fn follower(&self, handler: Arc<dyn EventHandler>, parking: Arc<dyn ParkingLot>, start: StartFrom) -> Loops {
        let World { clock, ids } = self.world.clone();
        let ports = ConsumerPorts { subscriber: Arc::clone(&self.subscriber), parking, clock, ids };
        let config = ConsumerConfig { start, ..self.settings.consumer };
        let mut loops = Loops::default();
        loops.consume(Consumer::new(handler, ports, config));
        loops
    }

    /// A service follows from the beginning, so that its replicas are whole.
    fn following(&self, handler: Arc<dyn EventHandler>, parking: Arc<dyn ParkingLot>) -> Loops {
        self.follower(handler, parking, StartFrom::Earliest)
    }

    fn relaying(&self, service: &str, outbox: Arc<dyn Outbox>) -> Loops {
        let owner: Uuid = self.world.uuid(self.world.now());
        let ports = RelayPorts { outbox, publisher: Arc::clone(&self.publisher) };
        let mut loops = Loops::default();
        loops.relay(Relay::new(service, ports, owner, self.settings.relay));
        loops
    }

    fn polling(&self) -> Pace {
        Pace { period: self.settings.poll_every, ..Pace::default() }
    }
}
