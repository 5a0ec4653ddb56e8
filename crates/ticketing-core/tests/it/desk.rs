//! Desks decide in order, together, and in doubt they look before they decide again.

use std::sync::Arc;

use futures::future::join_all;
use ticketing_core::domain::ids::{OrderId, TicketId};
use ticketing_core::domain::money::Quantity;
use ticketing_core::domain::stock::{OrderRequest, Stock};
use ticketing_core::domain::ticket::Ticket;
use ticketing_core::flow::desk::{Decided, Desk, DeskConfig, Desks, Matter, Wish};
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::store::{UnitOfWork, Write};
use ticketing_core::usecase::error::Error;
use ticketing_core::wire::Origin;
use ticketing_memory::{Fault, FaultPlan, MemoryOrderStore, Operation};
use uuid::Uuid;

use crate::market::{Engines, account, offer};

struct Office {
    engines: Engines,
    faults: FaultPlan,
}

impl Office {
    fn new() -> Self {
        let engines = Engines::new();
        let faults = FaultPlan::counting(Arc::new(engines.clock.clone()));
        Self { engines, faults }
    }

    fn store(&self) -> MemoryOrderStore {
        self.engines.orders.with_faults(self.faults.clone())
    }

    /// Desks of one more process.
    fn open(&self) -> Desks {
        let (desks, loops) = self.closed_for_lunch(DeskConfig::default());
        for desk in loops {
            tokio::spawn(desk.run());
        }
        desks
    }

    /// Desks that take matters and do not decide them.
    fn closed_for_lunch(&self, config: DeskConfig) -> (Desks, Vec<Desk>) {
        let store: Arc<dyn OrderStore> = Arc::new(self.store());
        Desks::open(&store, &self.engines.world, config)
    }

    async fn sell(&self, quantity: u32) -> TicketId {
        let world = &self.engines.world;
        let id = TicketId::new(world.uuid(world.now()));
        let (ticket, _) = Ticket::create(id, account(99), offer(quantity, 1200), world.now()).expect("a good offer");
        let work = UnitOfWork::default().with(Write::insert(Stock::of(&ticket)));
        self.engines.orders.commit(work).await.expect("the stock is new");
        id
    }

    fn wish(&self, ticket: TicketId, buyer: u128) -> Matter {
        let id = OrderId::new(self.engines.world.uuid(self.engines.world.now()));
        let request = OrderRequest { id, buyer: account(buyer), quantity: Quantity::ONE, price_seen: None, key: None };
        Matter { ticket, wish: Wish::Place(request), origin: Origin::new(Uuid::nil()) }
    }
}

fn buyer_of(decided: &Result<Decided, Error>) -> Option<u128> {
    match decided {
        Ok(Decided::Order(order)) => Some(order.buyer.uuid().as_u128()),
        Ok(Decided::Followed) | Err(_) => None,
    }
}

#[tokio::test]
async fn first_come_is_first_decided_and_a_refusal_fails_nobody_else() {
    let office = Office::new();
    let ticket = office.sell(2).await;
    let desks = office.open();

    let wishes = [1, 99, 2, 3].map(|buyer| desks.decide(office.wish(ticket, buyer)));
    let answers = join_all(wishes).await;

    let won: Vec<_> = answers.iter().map(buyer_of).collect();
    assert_eq!(won, [Some(1), None, Some(2), None]);
    let codes: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err().map(Error::code)).collect();
    assert_eq!(codes, ["own_ticket", "sold_out"]);
}

#[tokio::test]
async fn what_waits_is_committed_as_one() {
    let office = Office::new();
    let ticket = office.sell(100).await;
    let desks = office.open();
    let before = office.faults.steps();

    join_all((1..=50).map(|buyer| desks.decide(office.wish(ticket, buyer)))).await;

    assert_eq!(office.faults.steps() - before, 4, "one read and one commit, two steps each");
}

#[tokio::test]
async fn an_order_whose_commit_is_in_doubt_is_found_and_not_placed_twice() {
    let office = Office::new();
    let ticket = office.sell(2).await;
    let desks = office.open();
    office.faults.inject(Operation::Commit, Fault::FailAfter);

    let answer = desks.decide(office.wish(ticket, 1)).await;

    assert_eq!(buyer_of(&answer), Some(1));
    assert_eq!(office.engines.all_orders().await.len(), 1);
}

#[tokio::test]
async fn a_store_that_stays_away_is_told_to_everybody_and_nothing_is_placed() {
    let office = Office::new();
    let ticket = office.sell(2).await;
    let desks = office.open();
    office.faults.crash();

    let answers = join_all([1, 2].map(|buyer| desks.decide(office.wish(ticket, buyer)))).await;

    assert!(answers.iter().all(|answer| matches!(answer, Err(Error::Unavailable(_)))), "{answers:?}");
    office.faults.revive();
    assert_eq!(buyer_of(&desks.decide(office.wish(ticket, 3)).await), Some(3));
}

#[tokio::test]
async fn nothing_is_refused_from_memory() {
    let office = Office::new();
    let ticket = office.sell(1).await;
    let [here, there] = [(), ()].map(|()| office.open());
    let Ok(Decided::Order(order)) = here.decide(office.wish(ticket, 1)).await else {
        panic!("the place is free");
    };
    let cancel = Matter { ticket, wish: Wish::Cancel(order.id), origin: Origin::new(Uuid::nil()) };
    there.decide(cancel).await.unwrap();

    // This desk remembers a stock that is sold out; the other process put the place back.
    assert_eq!(buyer_of(&here.decide(office.wish(ticket, 2)).await), Some(2));
}

#[tokio::test]
async fn a_crowded_desk_says_so_at_once() {
    let office = Office::new();
    let ticket = office.sell(5).await;
    let (desks, _lunch) = office.closed_for_lunch(DeskConfig { waiting: 2, ..DeskConfig::default() });

    let mut waiting: Vec<_> = [1, 2].map(|buyer| Box::pin(desks.decide(office.wish(ticket, buyer)))).into();
    for wait in &mut waiting {
        assert!(futures::poll!(wait).is_pending());
    }

    assert!(matches!(desks.decide(office.wish(ticket, 3)).await, Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn a_closing_desk_answers_all_who_wait_and_takes_nobody_else() {
    let office = Office::new();
    let ticket = office.sell(5).await;
    let desks = office.open();

    let mut waiting = Box::pin(desks.decide(office.wish(ticket, 1)));
    assert!(futures::poll!(&mut waiting).is_pending());
    desks.close();

    assert_eq!(buyer_of(&waiting.await), Some(1));
    assert!(matches!(desks.decide(office.wish(ticket, 2)).await, Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn a_conflict_between_processes_is_decided_again() {
    let office = Office::new();
    let ticket = office.sell(40).await;
    let processes = [(), ()].map(|()| office.open());

    let wishes = (1..=60).zip(processes.iter().cycle()).map(|(buyer, desks)| desks.decide(office.wish(ticket, buyer)));
    let answers = join_all(wishes).await;

    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 40);
    let refused = answers.iter().filter_map(|answer| answer.as_ref().err().map(Error::code));
    assert!(refused.into_iter().all(|code| code == "sold_out"));
}
