//! Those who ask for tickets while the store answers others are answered together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::poll;
use ticketing_core::assembly::{ServicePorts, Settings};
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::order::IdempotencyKey;
use ticketing_core::domain::seller::Seller;
use ticketing_core::domain::ticket::{Listing, Sales};
use ticketing_core::ports::store::{CommitToken, Page, RecordKey, StoreError, Stored, UnitOfWork};
use ticketing_core::ports::ticket_store::{EventOffers, TicketRecord, TicketStore};
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::tickets::Tickets;
use ticketing_core::wire::TicketState;
use ticketing_memory::FaultPlan;
use tokio::sync::Semaphore;

use crate::market::Engines;

/// A store whose listings are read when the test lets one more be read.
#[derive(Debug)]
struct Gated {
    inner: Arc<dyn TicketStore>,
    gate: Semaphore,
    asked: Mutex<Vec<Vec<TicketId>>>,
    is_away: bool,
}

impl Gated {
    fn asked(&self) -> Vec<Vec<TicketId>> {
        self.asked.lock().expect("nobody panicked").clone()
    }
}

#[async_trait]
impl TicketStore for Gated {
    async fn listings(&self, ids: &[TicketId]) -> Result<Vec<Stored<Listing>>, StoreError> {
        self.asked.lock().expect("nobody panicked").push(ids.to_vec());
        self.gate.acquire().await.expect("it stays open").forget();
        if self.is_away {
            return Err(StoreError::Unavailable("it is away".into()));
        }
        self.inner.listings(ids).await
    }

    async fn listing_under(&self, seller: AccountId, key: &IdempotencyKey) -> Result<Option<Listing>, StoreError> {
        self.inner.listing_under(seller, key).await
    }

    async fn seller(&self, account: AccountId) -> Result<Option<Stored<Seller>>, StoreError> {
        self.inner.seller(account).await
    }

    async fn offers_of_event(&self, wanted: &EventOffers) -> Result<Vec<Listing>, StoreError> {
        self.inner.offers_of_event(wanted).await
    }

    async fn listings_of(&self, seller: AccountId, page: Page<TicketId>) -> Result<Vec<Listing>, StoreError> {
        self.inner.listings_of(seller, page).await
    }

    async fn commit(&self, work: UnitOfWork<TicketRecord>) -> Result<CommitToken, StoreError> {
        self.inner.commit(work).await
    }

    async fn follow_sales(
        &self,
        newest: &HashMap<TicketId, Sales>,
    ) -> Result<Vec<(TicketId, TicketState)>, StoreError> {
        self.inner.follow_sales(newest).await
    }
}

/// A service of three tickets on a gated store.
struct World {
    engines: Engines,
    store: Arc<Gated>,
    tickets: Tickets,
    ids: [TicketId; 3],
}

impl World {
    async fn new(is_away: bool) -> Self {
        let engines = Engines::new();
        let market = engines.start(&FaultPlan::none());
        let mut ids = Vec::new();
        for seller in 1..=3 {
            ids.push(market.sell(seller, 5).await.expect("a ticket").ticket.id);
        }
        let ServicePorts { store: inner, outbox, parking } = engines.ticket_ports();
        let store = Arc::new(Gated { inner, gate: Semaphore::new(0), asked: Mutex::default(), is_away });
        let ports = ServicePorts { store: Arc::clone(&store) as _, outbox, parking };
        let (tickets, _) = engines.service_context(Settings::default()).tickets(ports).expect("engines that fit");
        Self { engines, store, tickets, ids: ids.try_into().expect("three tickets") }
    }

    async fn read(&self, id: TicketId) -> Result<TicketId, Error> {
        Ok(self.tickets.ticket(id).await?.ticket.id)
    }
}

#[tokio::test]
async fn who_asks_during_a_read_is_read_for_with_the_others() {
    let world = World::new(false).await;
    let [first, second, third] = world.ids;
    let mut earliest = Box::pin(world.read(first));
    assert!(poll!(&mut earliest).is_pending());

    let mut others = Box::pin(futures::future::join3(world.read(second), world.read(first), world.read(third)));
    assert!(poll!(&mut others).is_pending());
    assert_eq!(world.store.asked(), [vec![first]], "they wait for the one that is under way");
    world.store.gate.add_permits(2);
    let (earliest, others) = futures::join!(earliest, others);

    assert_eq!(earliest.unwrap(), first);
    assert_eq!((others.0.unwrap(), others.1.unwrap(), others.2.unwrap()), (second, first, third));
    let mut all = vec![first, second, third];
    all.sort();
    assert_eq!(world.store.asked(), [vec![first], all], "each is read once, however many asked for it");
}

#[tokio::test]
async fn a_read_that_hangs_holds_up_nobody_else() {
    let world = World::new(false).await;
    let [first, second, _] = world.ids;
    let mut hangs = Box::pin(world.read(first));
    assert!(poll!(&mut hangs).is_pending());
    let mut other = Box::pin(world.read(second));
    assert!(poll!(&mut other).is_pending());

    world.engines.clock.advance(Duration::from_millis(10));
    assert!(poll!(&mut other).is_pending());

    assert_eq!(world.store.asked(), [[first], [second]]);
}

#[tokio::test]
async fn when_one_who_reads_for_others_leaves_the_next_reads() {
    let world = World::new(false).await;
    let [first, second, third] = world.ids;
    let mut earliest = Box::pin(world.read(first));
    let mut leaves = Box::pin(world.read(second));
    let mut stays = Box::pin(world.read(third));
    assert!(poll!(&mut earliest).is_pending() && poll!(&mut leaves).is_pending() && poll!(&mut stays).is_pending());
    world.store.gate.add_permits(1);
    assert_eq!(earliest.await.unwrap(), first);
    assert!(poll!(&mut leaves).is_pending());
    assert_eq!(world.store.asked().len(), 2, "it reads for both");

    drop(leaves);
    world.store.gate.add_permits(1);

    assert_eq!(stays.await.unwrap(), third);
    let mut both = vec![second, third];
    both.sort();
    assert_eq!(world.store.asked().last(), Some(&both));
}

#[tokio::test]
async fn a_ticket_that_cannot_be_read_hides_no_other() {
    let world = World::new(false).await;
    let [first, second, third] = world.ids;
    assert!(world.engines.tickets.spoil(&RecordKey::Listing(second)));
    let mut earliest = Box::pin(world.read(first));
    assert!(poll!(&mut earliest).is_pending());
    let mut both = Box::pin(futures::future::join(world.read(second), world.read(third)));
    assert!(poll!(&mut both).is_pending());

    world.store.gate.add_permits(9);
    let (_, (spoilt, other)) = futures::join!(earliest, both);

    assert_eq!(other.unwrap(), third);
    assert!(spoilt.is_err(), "{spoilt:?}");
}

#[tokio::test]
async fn a_store_that_is_away_is_asked_once_for_all() {
    let world = World::new(true).await;
    let [first, second, third] = world.ids;
    let mut earliest = Box::pin(world.read(first));
    assert!(poll!(&mut earliest).is_pending());
    let mut others = Box::pin(futures::future::join(world.read(second), world.read(third)));
    assert!(poll!(&mut others).is_pending());

    world.store.gate.add_permits(2);
    let (earliest, (other, another)) = futures::join!(earliest, others);

    for answer in [earliest, other, another] {
        assert!(matches!(answer, Err(Error::Unavailable(_))), "{answer:?}");
    }
    assert_eq!(world.store.asked().len(), 2);
}
