//! Order batchers decide in order, together, and in doubt they look before they decide again.

use std::sync::Arc;

use futures::future::join_all;
use ticketing_core::domain::ids::{OrderId, TicketId};
use ticketing_core::domain::money::Quantity;
use ticketing_core::domain::stock::{OrderRequest, Stock};
use ticketing_core::domain::ticket::Ticket;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::store::{UnitOfWork, Write};
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::orders::batcher::{
    BatcherConfig, Decision, OrderAction, OrderBatcher, OrderBatchers, OrderCommand,
};
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

    /// Order batchers of one more process.
    fn open(&self) -> OrderBatchers {
        let (batchers, loops) = self.closed_for_lunch(BatcherConfig::default());
        for batcher in loops {
            tokio::spawn(batcher.run());
        }
        batchers
    }

    /// Order batchers that take commands and do not decide them.
    fn closed_for_lunch(&self, config: BatcherConfig) -> (OrderBatchers, Vec<OrderBatcher>) {
        let store: Arc<dyn OrderStore> = Arc::new(self.store());
        OrderBatchers::open(&store, &self.engines.env, config)
    }

    async fn sell(&self, quantity: u32) -> TicketId {
        let env = &self.engines.env;
        let id = TicketId::new(env.uuid(env.now()));
        let (ticket, _) = Ticket::create(id, account(99), offer(quantity, 1200), env.now()).expect("a good offer");
        let work = UnitOfWork::default().with(Write::insert(Stock::of(&ticket)));
        self.engines.orders.commit(work).await.expect("the stock is new");
        id
    }

    fn action(&self, ticket: TicketId, buyer: u128) -> OrderCommand {
        let id = OrderId::new(self.engines.env.uuid(self.engines.env.now()));
        let request = OrderRequest {
            id,
            buyer: account(buyer),
            quantity: Quantity::ONE,
            price_seen: None,
            facts_seen: None,
            key: None,
        };
        OrderCommand { ticket, action: OrderAction::Place(request), origin: Origin::new(Uuid::nil()) }
    }
}

fn buyer_of(decided: &Result<Decision, Error>) -> Option<u128> {
    match decided {
        Ok(Decision::Order(order)) => Some(order.buyer.uuid().as_u128()),
        Ok(Decision::Followed) | Err(_) => None,
    }
}

#[tokio::test]
async fn first_come_is_first_decided_and_a_refusal_fails_nobody_else() {
    let office = Office::new();
    let ticket = office.sell(2).await;
    let batchers = office.open();

    let commands = [1, 99, 2, 3].map(|buyer| batchers.decide(office.action(ticket, buyer)));
    let answers = join_all(commands).await;

    let won: Vec<_> = answers.iter().map(buyer_of).collect();
    assert_eq!(won, [Some(1), None, Some(2), None]);
    let codes: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err().map(Error::code)).collect();
    assert_eq!(codes, ["own_ticket", "sold_out"]);
}

#[tokio::test]
async fn what_waits_is_committed_as_one() {
    let office = Office::new();
    let ticket = office.sell(100).await;
    let batchers = office.open();
    let before = office.faults.steps();

    join_all((1..=50).map(|buyer| batchers.decide(office.action(ticket, buyer)))).await;

    assert_eq!(office.faults.steps() - before, 4, "one read and one commit, two steps each");
}

#[tokio::test]
async fn an_order_whose_commit_is_in_doubt_is_found_and_not_placed_twice() {
    let office = Office::new();
    let ticket = office.sell(2).await;
    let batchers = office.open();
    office.faults.inject(Operation::Commit, Fault::FailAfter);

    let answer = batchers.decide(office.action(ticket, 1)).await;

    assert_eq!(buyer_of(&answer), Some(1));
    assert_eq!(office.engines.all_orders().await.len(), 1);
}

#[tokio::test]
async fn a_store_that_stays_away_is_told_to_everybody_and_nothing_is_placed() {
    let office = Office::new();
    let ticket = office.sell(2).await;
    let batchers = office.open();
    office.faults.crash();

    let answers = join_all([1, 2].map(|buyer| batchers.decide(office.action(ticket, buyer)))).await;

    assert!(answers.iter().all(|answer| matches!(answer, Err(Error::Unavailable(_)))), "{answers:?}");
    office.faults.revive();
    assert_eq!(buyer_of(&batchers.decide(office.action(ticket, 3)).await), Some(3));
}

#[tokio::test]
async fn nothing_is_refused_from_memory() {
    let office = Office::new();
    let ticket = office.sell(1).await;
    let [here, there] = [(), ()].map(|()| office.open());
    let Ok(Decision::Order(order)) = here.decide(office.action(ticket, 1)).await else {
        panic!("the place is free");
    };
    let cancel = OrderCommand { ticket, action: OrderAction::Cancel(order.id), origin: Origin::new(Uuid::nil()) };
    there.decide(cancel).await.unwrap();

    // This batcher remembers a stock that is sold out; the other process put the place back.
    assert_eq!(buyer_of(&here.decide(office.action(ticket, 2)).await), Some(2));
}

#[tokio::test]
async fn a_full_queue_says_so_at_once() {
    let office = Office::new();
    let ticket = office.sell(5).await;
    let (batchers, _lunch) = office.closed_for_lunch(BatcherConfig { max_queued: 2, ..BatcherConfig::default() });

    let mut waiting: Vec<_> = [1, 2].map(|buyer| Box::pin(batchers.decide(office.action(ticket, buyer)))).into();
    for wait in &mut waiting {
        assert!(futures::poll!(wait).is_pending());
    }

    assert!(matches!(batchers.decide(office.action(ticket, 3)).await, Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn a_closing_batcher_answers_all_who_wait_and_takes_nobody_else() {
    let office = Office::new();
    let ticket = office.sell(5).await;
    let batchers = office.open();

    let mut waiting = Box::pin(batchers.decide(office.action(ticket, 1)));
    assert!(futures::poll!(&mut waiting).is_pending());
    batchers.close();

    assert_eq!(buyer_of(&waiting.await), Some(1));
    assert!(matches!(batchers.decide(office.action(ticket, 2)).await, Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn a_conflict_between_processes_is_decided_again() {
    let office = Office::new();
    let ticket = office.sell(40).await;
    let processes = [(), ()].map(|()| office.open());

    let commands =
        (1..=60).zip(processes.iter().cycle()).map(|(buyer, batchers)| batchers.decide(office.action(ticket, buyer)));
    let answers = join_all(commands).await;

    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 40);
    let refused = answers.iter().filter_map(|answer| answer.as_ref().err().map(Error::code));
    assert!(refused.into_iter().all(|code| code == "sold_out"));
}
