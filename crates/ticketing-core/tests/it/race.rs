//! Many buyers, one place.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use ticketing_core::domain::hold_limits::HoldLimits;
use ticketing_core::domain::ids::{AccountId, OrderId, TicketId};
use ticketing_core::domain::money::Quantity;
use ticketing_core::domain::order::Order;
use ticketing_core::domain::sales_total::SalesTotal;
use ticketing_core::domain::stock::{OrderRequest, Stock};
use ticketing_core::domain::ticket::Ticket;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::order_store::{OrderNeeds, OrderRecord, OrderRecords, OrderStore, OverdueCursor};
use ticketing_core::ports::store::{CommitToken, Page, StoreError, UnitOfWork, Write};
use ticketing_core::usecase::orders::batcher::{BatcherConfig, OrderAction, OrderBatchers, OrderCommand};
use ticketing_core::wire::Origin;
use ticketing_memory::{MemoryOrderStore, RandomIds, SystemClock};
use uuid::Uuid;

use crate::market::{account, offer};

const BUYERS: u128 = 8;

/// The guard is the store's comparison of revisions; without it, the last writer wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    On,
    Off,
}

/// A store that can forget its guard.
#[derive(Debug)]
struct Guarded(MemoryOrderStore, Guard);

#[async_trait]
impl OrderStore for Guarded {
    async fn load(&self, needs: &OrderNeeds) -> Result<OrderRecords, StoreError> {
        let found = self.0.load(needs).await;
        // Lets the other process read before this one writes, as a network would.
        tokio::task::yield_now().await;
        found
    }

    async fn orders_of(&self, buyer: AccountId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        self.0.orders_of(buyer, page).await
    }

    async fn orders_for(&self, ticket: TicketId, page: Page<OrderId>) -> Result<Vec<Order>, StoreError> {
        self.0.orders_for(ticket, page).await
    }

    async fn sales_totals(&self, ticket: TicketId) -> Result<Vec<SalesTotal>, StoreError> {
        self.0.sales_totals(ticket).await
    }

    async fn overdue(&self, deadline: Timestamp, page: Page<OverdueCursor>) -> Result<Vec<Order>, StoreError> {
        self.0.overdue(deadline, page).await
    }

    async fn called_off(&self, page: Page<TicketId>) -> Result<Vec<Stock>, StoreError> {
        self.0.called_off(page).await
    }

    async fn commit(&self, mut work: UnitOfWork<OrderRecord>) -> Result<CommitToken, StoreError> {
        if self.1 == Guard::Off {
            for write in &mut work.writes {
                self.take_whatever_revision(write).await?;
            }
        }
        self.0.commit(work).await
    }
}

impl Guarded {
    async fn take_whatever_revision(&self, write: &mut Write<OrderRecord>) -> Result<(), StoreError> {
        if let OrderRecord::Stock(stock) = &write.record {
            let needs = OrderNeeds { stocks: vec![stock.ticket], ..OrderNeeds::default() };
            write.replaces = self.0.load(&needs).await?.stocks.first().map(|stored| stored.revision);
        }
        Ok(())
    }
}

/// Two processes on one database, each with its own batchers.
struct Contest {
    store: Arc<dyn OrderStore>,
    env: ClockAndIds,
    processes: [OrderBatchers; 2],
}

impl Contest {
    fn new(guard: Guard) -> Self {
        let env = ClockAndIds { clock: Arc::new(SystemClock::new()), ids: Arc::new(RandomIds::new()) };
        let store: Arc<dyn OrderStore> = Arc::new(Guarded(MemoryOrderStore::new(Arc::clone(&env.clock)), guard));
        let processes = [(), ()].map(|()| {
            let config = BatcherConfig {
                hold_for: Duration::from_secs(900),
                limits: HoldLimits::OFF,
                ..BatcherConfig::default()
            };
            let (batchers, run) = OrderBatchers::open(&store, &env, config);
            for batcher in run {
                tokio::spawn(batcher.run());
            }
            batchers
        });
        Self { store, env, processes }
    }

    /// Lets every buyer ask for the only place at once; returns how many were told that it is theirs.
    async fn round(&self) -> usize {
        let ticket = self.sell_one().await;
        let commands = (1..=BUYERS).zip(self.processes.iter().cycle()).map(|(buyer, batchers)| {
            let id = OrderId::new(self.env.uuid(self.env.now()));
            let request = OrderRequest {
                id,
                buyer: account(buyer),
                quantity: Quantity::ONE,
                price_seen: None,
                facts_seen: None,
                key: None,
            };
            batchers.decide(OrderCommand {
                ticket,
                action: OrderAction::Place(request),
                origin: Origin::new(Uuid::nil()),
            })
        });
        join_all(commands).await.into_iter().filter(Result::is_ok).count()
    }

    async fn sell_one(&self) -> TicketId {
        let now = self.env.now();
        let id = TicketId::new(self.env.uuid(now));
        let (ticket, _) = Ticket::create(id, account(99), offer(1, 1200), now).expect("a good offer");
        let work = UnitOfWork::default().with(Write::insert(Stock::of(&ticket)));
        self.store.commit(work).await.expect("the store is up");
        id
    }
}

#[tokio::test]
async fn of_many_buyers_exactly_one_gets_the_only_place() {
    let contest = Contest::new(Guard::On);

    for round in 0..10_000 {
        assert_eq!(contest.round().await, 1, "in round {round}");
    }
}

#[tokio::test]
async fn without_the_guard_the_race_is_lost() {
    let contest = Contest::new(Guard::Off);
    let mut oversold = 0;

    for _ in 0..100 {
        oversold += usize::from(contest.round().await > 1);
    }
    assert!(oversold > 0, "the race test could not tell a store with a guard from one without");
}
