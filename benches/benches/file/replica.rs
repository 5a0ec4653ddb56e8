//! A replica that follows orders in a file, beside bare transactions that update the same rows.

use std::sync::Arc;

use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::table::{Table, rate};
use crate::{Scratch, bare, following};

const ROUNDS: u32 = 200;

pub(crate) async fn bench(table: &mut Table) {
    for batch in [64, 256] {
        let bare = bare_updates(batch).await;
        let ours = following(batch).await;
        table.add(&format!("replica, {batch} events a batch / bare updates"), [ours, bare], Some(0.6));
    }
}

/// One transaction a batch, which replaces what is older.
async fn bare_updates(batch: usize) -> f64 {
    let scratch = Scratch::new();
    let mut connection = scratch.bare().await;
    let ids: Vec<Uuid> = (0..batch).map(|_| Uuid::new_v4()).collect();
    insert_all(&mut connection, &ids);
    rate(async { tokio::task::block_in_place(|| update_all(&mut connection, &ids)) }).await
}

fn insert_all(connection: &mut Connection, ids: &[Uuid]) {
    let transaction = connection.transaction().expect("a transaction");
    for id in ids {
        let sql = "INSERT INTO listings (id, rev, token, record, seller, on_sale, soonest, closes, amount, tokens)
             VALUES (?1, 1, 7, ?2, ?1, 1, 0, 0, 1200, 'wopera')";
        bare::run(&transaction, sql, params![id.as_bytes(), bare::text(bare::LISTING)]);
    }
    transaction.commit().expect("a commit");
}

fn update_all(connection: &mut Connection, ids: &[Uuid]) -> usize {
    for version in 2..2 + i64::from(ROUNDS) {
        let transaction = connection.transaction().expect("a transaction");
        for id in ids {
            let sql = "UPDATE listings SET rev = ?2, token = 7, held = ?2, sold = 0, sales_version = ?2
                 WHERE id = ?1 AND sales_version < ?2";
            bare::run(&transaction, sql, params![id.as_bytes(), version]);
        }
        transaction.commit().expect("a commit");
    }
    ids.len() * ROUNDS as usize
}

async fn following(batch: usize) -> f64 {
    let scratch = Scratch::new();
    let engines = scratch.open().await;
    let followed = following::rate_of(Arc::new(engines.tickets.clone()), batch, ROUNDS as usize).await;
    engines.file.close().await;
    followed
}
