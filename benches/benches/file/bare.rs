//! `SQLite` without a marketplace: the same pragmas, the same rows.

use std::path::Path;

use rusqlite::{Connection, Transaction, params};
use uuid::Uuid;

/// About as long as the records of a marketplace.
pub(crate) const ORDER: usize = 420;
pub(crate) const STOCK: usize = 400;
pub(crate) const LISTING: usize = 420;
const HEADERS: usize = 420;
const BODY: usize = 560;

pub(crate) fn connect(path: &Path) -> Connection {
    let connection = Connection::open(path).expect("the file opens");
    let pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384;";
    connection.execute_batch(pragmas).expect("the pragmas are set");
    connection.set_prepared_statement_cache_capacity(64);
    connection
}

/// A text of this length.
pub(crate) fn text(length: usize) -> String {
    "x".repeat(length)
}

pub(crate) fn insert_stock(transaction: &Transaction<'_>, stock: Uuid) {
    let sql = "INSERT INTO stocks (id, rev, token, record, to_end) VALUES (?1, 1, 7, ?2, 0)";
    run(transaction, sql, params![stock.as_bytes(), text(STOCK)]);
}

pub(crate) fn update_stock(transaction: &Transaction<'_>, stock: Uuid) {
    let sql = "UPDATE stocks SET rev = rev + 1, token = 7, record = ?2 WHERE id = ?1";
    run(transaction, sql, params![stock.as_bytes(), text(STOCK)]);
}

pub(crate) fn insert_order(transaction: &Transaction<'_>, order: Uuid, buyer: Uuid, ticket: Uuid) {
    let sql = "INSERT INTO orders (id, rev, token, record, buyer, ticket, request, pay_by, is_paid, is_completed)
         VALUES (?1, 1, 7, ?2, ?3, ?4, NULL, 1900000000000, 0, 0)";
    run(transaction, sql, params![order.as_bytes(), text(ORDER), buyer.as_bytes(), ticket.as_bytes()]);
}

pub(crate) fn update_order(transaction: &Transaction<'_>, order: Uuid) {
    let sql = "UPDATE orders SET rev = rev + 1, token = 7, record = ?2, pay_by = NULL WHERE id = ?1";
    run(transaction, sql, params![order.as_bytes(), text(ORDER)]);
}

/// An event in the log that no relay has marked.
pub(crate) fn insert_event(transaction: &Transaction<'_>, key: Uuid) {
    let sql = "INSERT INTO log (topic, event, key, headers, body, at, bytes)
         VALUES ('ticketing.orders', ?1, ?2, ?3, ?4, 1900000000000, 0)";
    let event = Uuid::new_v4();
    run(transaction, sql, params![event.as_bytes(), key.to_string(), text(HEADERS), text(BODY).as_bytes()]);
    let sql = "INSERT INTO outbox (position, service) VALUES (?1, 'orders')";
    run(transaction, sql, params![transaction.last_insert_rowid()]);
}

pub(crate) fn run(transaction: &Transaction<'_>, sql: &str, params: impl rusqlite::Params) {
    transaction.prepare_cached(sql).expect("a statement").execute(params).expect("it is written");
}
