//! Buyers who order as fast as they are answered, through the batchers over some store.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use ticketing_core::domain::hold_limits::HoldLimits;
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::stock::Stock;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::store::{UnitOfWork, Write};
use ticketing_core::usecase::orders::batcher::{BatcherConfig, OrderAction, OrderBatchers, OrderCommand};
use ticketing_core::wire::Origin;
use uuid::Uuid;

use crate::sample::{env, request, ticket};
use crate::table::rate;

/// Who buys, and how much in all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Buying {
    pub(crate) batchers: usize,
    pub(crate) buyers: usize,
    pub(crate) tickets: usize,
    /// Orders; where there is one ticket, each other one gives back what was ordered before.
    pub(crate) orders: usize,
}

/// How many orders a second.
pub(crate) async fn rate_of(store: Arc<dyn OrderStore>, buying: Buying) -> f64 {
    let env = env();
    let tickets = Arc::new(on_sale(&store, &env, buying.tickets).await);
    let config = BatcherConfig { limits: HoldLimits::OFF, batchers: buying.batchers, ..BatcherConfig::default() };
    let (batchers, run) = OrderBatchers::open(&store, &env, config);
    for batcher in run {
        tokio::spawn(batcher.run());
    }
    let next = Arc::new(AtomicUsize::new(0));
    rate(async {
        let buyers = (0..buying.buyers).map(|buyer| {
            let (batchers, env, tickets, next) =
                (batchers.clone(), env.clone(), Arc::clone(&tickets), Arc::clone(&next));
            let till = Till { tickets, next, orders: buying.orders };
            tokio::spawn(async move { buy(&batchers, &env, &till, buyer).await })
        });
        join_all(buyers).await;
        buying.orders
    })
    .await
}

/// What is bought, and how far that is.
struct Till {
    tickets: Arc<Vec<TicketId>>,
    next: Arc<AtomicUsize>,
    orders: usize,
}

/// Places orders; where there is one ticket, each is given back, so that a thousand places suffice.
async fn buy(batchers: &OrderBatchers, env: &ClockAndIds, Till { tickets, next, orders }: &Till, buyer: usize) {
    let decide = |ticket, action| batchers.decide(OrderCommand { ticket, action, origin: Origin::new(Uuid::nil()) });
    loop {
        let nth = next.fetch_add(if tickets.len() == 1 { 2 } else { 1 }, Ordering::Relaxed);
        if nth >= *orders {
            return;
        }
        let ticket = *tickets.get(nth % tickets.len()).expect("a remainder");
        let request = request(env, env.now(), 2 + buyer as u128);
        let order = request.id;
        decide(ticket, OrderAction::Place(request)).await.expect("there are places for all");
        if tickets.len() == 1 {
            decide(ticket, OrderAction::Cancel(order)).await.expect("what was held is given back");
        }
    }
}

async fn on_sale(store: &Arc<dyn OrderStore>, env: &ClockAndIds, tickets: usize) -> Vec<TicketId> {
    let stocks: Vec<Stock> = (0..tickets).map(|_| Stock::of(&ticket(env, 1000, 1200))).collect();
    let ids = stocks.iter().map(|stock| stock.ticket).collect();
    let work = stocks.into_iter().fold(UnitOfWork::default(), |work, stock| work.with(Write::insert(stock)));
    store.commit(work).await.expect("the stocks are new");
    ids
}
