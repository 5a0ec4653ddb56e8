//! A set of engines is as durable as its weakest, so what outlives the process is not mixed with what does not.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::assembly::{AssemblyError, ExpirationPorts, ServiceContext, ServicePorts, Settings};
use ticketing_core::domain::ids::EventId;
use ticketing_core::ports::outbox::{Backlog, Lease, Outbox, OutboxCursor, OutboxView, PendingEvents};
use ticketing_core::ports::parking::{Parked, ParkedFilter, ParkingChange, ParkingLot};
use ticketing_core::ports::store::{Page, StoreError};
use ticketing_core::ports::transport::{
    EventSubscriber, Subscription, SubscriptionConfig, TransportError, TransportFeatures,
};
use ticketing_memory::MemoryEngines;
use uuid::Uuid;

/// Says of a port in memory that it outlives the process.
#[derive(Debug)]
struct Outliving<P: ?Sized>(Arc<P>);

#[async_trait]
impl EventSubscriber for Outliving<dyn EventSubscriber> {
    fn features(&self) -> TransportFeatures {
        self.0.features().surviving_restarts()
    }

    async fn subscribe(&self, config: SubscriptionConfig) -> Result<Box<dyn Subscription>, TransportError> {
        self.0.subscribe(config).await
    }
}

#[async_trait]
impl OutboxView for Outliving<dyn Outbox> {
    async fn backlog(&self, most: usize) -> Result<Backlog, StoreError> {
        self.0.backlog(most).await
    }
}

#[async_trait]
impl Outbox for Outliving<dyn Outbox> {
    fn survives_restart(&self) -> bool {
        true
    }

    async fn lease(&self, owner: Uuid, span: Duration) -> Result<Option<Lease>, StoreError> {
        self.0.lease(owner, span).await
    }

    async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        self.0.release(lease).await
    }

    async fn pending(&self, after: Option<OutboxCursor>, max: usize) -> Result<PendingEvents, StoreError> {
        self.0.pending(after, max).await
    }

    async fn mark_published(&self, lease: Lease, ids: &[EventId]) -> Result<(), StoreError> {
        self.0.mark_published(lease, ids).await
    }

    async fn wait(&self) {
        self.0.wait().await;
    }
}

#[async_trait]
impl ParkingLot for Outliving<dyn ParkingLot> {
    fn survives_restart(&self) -> bool {
        true
    }

    async fn park(&self, parked: Parked) -> Result<(), StoreError> {
        self.0.park(parked).await
    }

    async fn follow(&self, parked: Vec<Parked>) -> Result<Vec<Uuid>, StoreError> {
        self.0.follow(parked).await
    }

    async fn parked_keys(&self, consumer: &str, keys: &[String]) -> Result<Vec<String>, StoreError> {
        self.0.parked_keys(consumer, keys).await
    }

    async fn list(&self, filter: &ParkedFilter, page: Page<Uuid>) -> Result<Vec<Parked>, StoreError> {
        self.0.list(filter, page).await
    }

    async fn change(&self, change: ParkingChange) -> Result<usize, StoreError> {
        self.0.change(change).await
    }
}

/// Which engines outlive the process.
#[derive(Debug, Clone, Copy, Default)]
struct Durable {
    store: bool,
    bus: bool,
    parking: bool,
}

impl Durable {
    fn service_context(self, engines: &MemoryEngines) -> ServiceContext {
        let mut context = engines.service_context(Settings::default());
        if self.bus {
            context.subscriber = Arc::new(Outliving(context.subscriber));
        }
        context
    }

    fn ports<S: ?Sized>(self, ports: ServicePorts<S>) -> ServicePorts<S> {
        let ServicePorts { store, outbox, parking } = ports;
        let outbox = if self.store { Arc::new(Outliving(outbox)) as Arc<dyn Outbox> } else { outbox };
        ServicePorts { store, outbox, parking: self.parking(parking) }
    }

    fn parking(self, parking: Arc<dyn ParkingLot>) -> Arc<dyn ParkingLot> {
        if self.parking { Arc::new(Outliving(parking)) } else { parking }
    }

    /// What each service but accounts says to these engines.
    fn told(self) -> [Option<AssemblyError>; 4] {
        let engines = MemoryEngines::default();
        let market = self.service_context(&engines);
        let gateway = Arc::new(engines.gateway.clone());
        let ExpirationPorts { timers, parking } = engines.expiration_ports();
        [
            market.tickets(self.ports(engines.ticket_ports())).err(),
            market.orders(self.ports(engines.order_ports())).err(),
            market.payments(self.ports(engines.payment_ports()), gateway).err(),
            market.expiration(ExpirationPorts { timers, parking: self.parking(parking) }).err(),
        ]
    }
}

const SERVICES: [&str; 3] = ["tickets", "orders", "payments"];

#[test]
fn engines_that_forget_together_or_last_together_fit() {
    let none = [None, None, None, None];

    assert_eq!(Durable::default().told(), none);
    // Timers in memory beside them are derived.
    assert_eq!(Durable { store: true, bus: true, parking: true }.told(), none);
}

#[test]
fn state_that_lasts_is_not_told_over_a_bus_that_forgets() {
    let [tickets, orders, payments, expiration] = Durable { store: true, bus: false, parking: true }.told();

    let expected = SERVICES.map(|service| Some(AssemblyError::ForgetfulTransport { service }));
    assert_eq!([tickets, orders, payments], expected);
    assert_eq!(expiration, None);
}

#[test]
fn state_that_is_forgotten_does_not_follow_a_bus_that_lasts() {
    let [tickets, orders, payments, _] = Durable { store: false, bus: true, parking: true }.told();

    let expected = SERVICES.map(|service| Some(AssemblyError::ForgetfulStore { service }));
    assert_eq!([tickets, orders, payments], expected);
}

#[test]
fn what_is_set_aside_lasts_as_long_as_what_it_came_from() {
    let told = Durable { store: true, bus: true, parking: false }.told();

    let services = [SERVICES[0], SERVICES[1], SERVICES[2], "expiration"];
    assert_eq!(told, services.map(|service| Some(AssemblyError::ForgetfulParking { service })));
}
