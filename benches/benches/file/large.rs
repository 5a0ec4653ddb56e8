//! A file with a million tickets, and one with ten million orders: how long they take to write, open and ask.
//!
//! It takes minutes and gigabytes, so it runs only where it is named: `-- large`. `ORDERS` and `TICKETS` say how many.

use std::time::Instant;

use ticketing_core::domain::stock::Stock;
use ticketing_core::domain::ticket::Listing;
use ticketing_core::ports::order_store::{OrderNeeds, OrderStore};
use ticketing_core::ports::store::{Page, UnitOfWork, Write};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_sqlite::SqliteEngines;

use crate::Scratch;
use crate::sample::{account, env, request, ticket};

/// How much is written in one commit.
const COMMIT: usize = 1_000;
/// So many orders each ticket has, and each buyer.
const OF_ONE: usize = 1_000;

pub(crate) async fn bench() {
    tickets(number("TICKETS", 1_000_000)).await;
    orders(number("ORDERS", 10_000_000)).await;
}

fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

async fn tickets(count: usize) {
    let scratch = Scratch::new();
    let engines = scratch.open().await;
    let env = env();
    let began = Instant::now();
    for _ in 0..count.div_ceil(COMMIT) {
        let listings = (0..COMMIT).map(|_| Write::insert(Listing::new(ticket(&env, 4, 1200))));
        let work = UnitOfWork { writes: listings.collect(), events: Vec::new() };
        engines.tickets.commit(work).await.expect("the listings are new");
    }
    say(&format!("{count} tickets are written"), began);
    let engines = opened_again(&scratch, engines).await;
    let began = Instant::now();
    let page = engines.tickets.listings_of(account(1), Page::first(20)).await.expect("a page is read");
    say(&format!("the newest {} of a seller are read", page.len()), began);
    engines.file.close().await;
}

async fn orders(count: usize) {
    let scratch = Scratch::new();
    let engines = scratch.open().await;
    let env = env();
    let (mut known, began) = (None, Instant::now());
    for ticket_of in 0..count.div_ceil(OF_ONE) {
        let mut stock = Stock::of(&ticket(&env, u32::try_from(OF_ONE).unwrap_or(u32::MAX), 1200));
        let mut work = UnitOfWork::default();
        for nth in 0..OF_ONE {
            let now = env.now();
            let buyer = 2 + (ticket_of / OF_ONE * OF_ONE + nth) as u128;
            let held = stock.hold(request(&env, now, buyer), now, now);
            let (next, order, _event) = held.expect("there are places");
            known = Some((order.id, order.buyer, order.ticket.id));
            stock = next;
            work = work.with(Write::insert(order));
        }
        engines.orders.commit(work.with(Write::insert(stock))).await.expect("the orders are new");
    }
    say(&format!("{count} orders are written"), began);
    let engines = opened_again(&scratch, engines).await;
    let (order, buyer, ticket) = known.expect("there are orders");
    let began = Instant::now();
    let needs = OrderNeeds { orders: vec![order], ..OrderNeeds::default() };
    engines.orders.load(&needs).await.expect("an order is read");
    say("one of them is read", began);
    let began = Instant::now();
    let of_buyer = engines.orders.orders_of(buyer, Page::first(20)).await.expect("orders are read");
    say(&format!("the newest {} of a buyer are read", of_buyer.len()), began);
    let began = Instant::now();
    let totals = engines.orders.sales_totals(ticket).await.expect("totals are read");
    say(&format!("the {} totals of a ticket are read", totals.len()), began);
    assert!(engines.orders.orders_of(account(1), Page::first(1)).await.expect("orders are read").is_empty());
    engines.file.close().await;
    let connection = scratch.bare().await;
    let began = Instant::now();
    connection.execute_batch("VACUUM").expect("the file is written again");
    say("VACUUM", began);
    size(&scratch);
}

async fn opened_again(scratch: &Scratch, engines: SqliteEngines) -> SqliteEngines {
    let began = Instant::now();
    engines.file.close().await;
    say("the file is closed", began);
    size(scratch);
    let began = Instant::now();
    let engines = scratch.open().await;
    say("and opened again", began);
    engines
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its results")]
fn say(what: &str, began: Instant) {
    println!("{what:<50} {:>12.1} ms", began.elapsed().as_secs_f64() * 1000.0);
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its results")]
fn size(scratch: &Scratch) {
    let bytes = std::fs::metadata(scratch.path()).map_or(0, |file| file.len());
    println!("{:<50} {:>12.1} MB", "its size", bytes as f64 / 1e6);
}
