//! A ticket store in memory that several processes reach through one Redis.

use std::sync::Arc;

use async_trait::async_trait;
use ticketing_conformance::store::{StoreFixture, Tickets};
use ticketing_conformance::ticket_feed::TicketFeedFixture;
use ticketing_core::domain::ticket::Listing;
use ticketing_core::ports::outbox::Outbox;
use ticketing_core::ports::store::{StoreError, Stored, UnitOfWork, Write};
use ticketing_core::ports::ticket_feed::TicketFeed;
use ticketing_core::ports::ticket_store::{TicketRecord, TicketStore};
use ticketing_memory::{Fault, FaultPlan, MemoryTicketStore, Operation, SystemClock};
use ticketing_redis::{RedisTicketFeed, RedisTicketStore};

use crate::world::World;

/// The store, and a part of a Redis that no other test uses.
pub(crate) struct Shop {
    pub(crate) world: World,
    /// Its commits are not published.
    pub(crate) store: MemoryTicketStore,
    /// What goes wrong with the store where processes ask it.
    pub(crate) plan: FaultPlan,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::of(World::start().await)
    }

    pub(crate) async fn at(url: String) -> Self {
        Self::of(World::at(url).await)
    }

    fn of(world: World) -> Self {
        let clock = Arc::new(SystemClock::new());
        Self { world, store: MemoryTicketStore::new(clock.clone()), plan: FaultPlan::counting(clock) }
    }

    /// The store as one more process has it.
    pub(crate) fn process(&self) -> RedisTicketStore {
        RedisTicketStore::new(&self.world.client, Arc::new(self.store.with_faults(self.plan.clone())))
    }
}

#[async_trait]
impl StoreFixture<Tickets> for Shop {
    fn store(&self) -> Arc<dyn TicketStore> {
        Arc::new(self.process())
    }

    async fn another(&self) -> Arc<dyn TicketStore> {
        Arc::new(Self::open().await.process())
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.store.outbox())
    }
}

#[async_trait]
impl TicketFeedFixture for Shop {
    fn store(&self) -> Arc<dyn TicketStore> {
        Arc::new(self.process())
    }

    async fn open(&self) -> Box<dyn TicketFeed> {
        Box::new(RedisTicketFeed::open(&self.world.client).await.expect("Redis answers"))
    }

    fn lose_next_response(&self) {
        self.plan.inject(Operation::Commit, Fault::FailAfter);
    }
}

/// Puts a listing on sale.
pub(crate) fn selling(listing: &Listing) -> UnitOfWork<TicketRecord> {
    UnitOfWork::default().with(Write::insert(listing.clone()))
}

/// Changes a listing that nobody else changes.
pub(crate) async fn change(
    tickets: &dyn TicketStore,
    listing: &Listing,
    next: impl FnOnce(Listing) -> Listing,
) -> Result<Listing, StoreError> {
    let Stored { record, revision } = tickets.listings(&[listing.ticket.id]).await?.pop().expect("it is there");
    let next = next(record);
    let write = Write { record: next.clone().into(), replaces: Some(revision) };
    tickets.commit(UnitOfWork::default().with(write)).await.map(|_| next)
}
