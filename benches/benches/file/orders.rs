//! Orders through the batchers over a file, beside bare transactions of the same rows.

use std::sync::Arc;

use rusqlite::Connection;
use ticketing_sqlite::SqliteEngines;
use uuid::Uuid;

use crate::batchers::{self, Buying};
use crate::table::{Table, rate};
use crate::{Scratch, bare};

const TICKETS: usize = 1_000;

pub(crate) async fn bench(table: &mut Table) {
    for (buyers, orders) in [(1, 2_000), (16, 8_000), (256, 40_000)] {
        for tickets in [TICKETS, 1] {
            let buying = Buying { batchers: SqliteEngines::BATCHERS, buyers, tickets, orders };
            let bare = bare_transactions(buying).await;
            let ours = through_batchers(buying).await;
            let of =
                if tickets == 1 { "places of one ticket, held and given back" } else { "orders of different tickets" };
            table.add(&format!("{of}, {buyers} buyers"), [ours, bare], Some(0.6));
        }
    }
}

async fn through_batchers(buying: Buying) -> f64 {
    let scratch = Scratch::new();
    let engines = scratch.open().await;
    let rate = batchers::rate_of(Arc::new(engines.orders.clone()), buying).await;
    engines.file.close().await;
    rate
}

/// As many orders in a transaction as there are buyers who wait.
async fn bare_transactions(buying: Buying) -> f64 {
    let scratch = Scratch::new();
    let mut connection = scratch.bare().await;
    rate(async { tokio::task::block_in_place(|| write_all(&mut connection, buying)) }).await
}

fn write_all(connection: &mut Connection, Buying { buyers, tickets, orders, .. }: Buying) -> usize {
    let stocks: Vec<Uuid> = (0..tickets).map(|_| Uuid::new_v4()).collect();
    let transaction = connection.transaction().expect("a transaction");
    stocks.iter().for_each(|stock| bare::insert_stock(&transaction, *stock));
    transaction.commit().expect("a commit");
    let (mut held, mut nth) = (Vec::new(), 0);
    while nth < orders {
        let transaction = connection.transaction().expect("a transaction");
        let gives_back = tickets == 1 && !held.is_empty();
        for buyer in 0..buyers.min(orders - nth) {
            let stock = *stocks.get((nth + buyer) % tickets).expect("a remainder");
            let order = if gives_back { held.pop().unwrap_or_default() } else { Uuid::now_v7() };
            if gives_back {
                bare::update_order(&transaction, order);
            } else {
                bare::insert_order(&transaction, order, Uuid::from_u128(2 + buyer as u128), stock);
                held.push(order);
            }
            bare::insert_event(&transaction, order);
            // One stock counts all that is decided together.
            if tickets > 1 || buyer == 0 {
                bare::update_stock(&transaction, stock);
            }
        }
        transaction.commit().expect("a commit");
        if tickets > 1 {
            held.clear();
        }
        nth += buyers;
    }
    orders
}
