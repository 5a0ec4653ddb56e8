//! Ids that somebody invents cost little.

use futures::FutureExt;
use ticketing_core::domain::ids::TicketId;
use ticketing_core::usecase::error::Error;
use ticketing_core::usecase::orders::PlaceOrder;
use ticketing_memory::FaultPlan;

use crate::market::{Engines, Process, account};

fn invented(engines: &Engines, buyer: u128) -> PlaceOrder {
    let ticket = TicketId::new(engines.env.uuid(engines.env.now()));
    PlaceOrder::new(account(buyer), ticket)
}

#[tokio::test]
async fn few_of_the_ids_that_one_account_invents_are_waited_for() {
    let engines = Engines::new();
    let process = engines.start(&FaultPlan::none());
    let asked = (0..64).map(|_| process.orders.place_order(invented(&engines, 2), process.origin()).boxed());
    let mut asked: Vec<_> = asked.collect();

    let mut answered = 0;
    for _ in 0..1000 {
        let mut waiting = Vec::new();
        for mut order in asked {
            match futures::poll!(&mut order) {
                std::task::Poll::Ready(answer) => {
                    assert!(matches!(answer, Err(Error::TicketNotFound)), "{answer:?}");
                    answered += 1;
                }
                std::task::Poll::Pending => waiting.push(order),
            }
        }
        asked = waiting;
        tokio::task::yield_now().await;
    }

    assert_eq!((answered, asked.len()), (60, 4), "time stands still, so these go on waiting");
    for buyer in 3..6 {
        assert!(is_waited_for(&process, invented(&engines, buyer)).await, "others are waited for");
    }
    drop(asked);
    assert!(is_waited_for(&process, invented(&engines, 2)).await, "a request that was dropped leaves room");
}

async fn is_waited_for(process: &Process, command: PlaceOrder) -> bool {
    let mut order = process.orders.place_order(command, process.origin()).boxed();
    for _ in 0..1000 {
        if futures::poll!(&mut order).is_ready() {
            return false;
        }
        tokio::task::yield_now().await;
    }
    true
}
