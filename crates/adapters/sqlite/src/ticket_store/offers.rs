//! Finds the offers of an event.
//!
//! Few offers are found by the index of tokens, and sorted. Among many, a walk from the cheapest ticket on sale soon
//! meets enough of them.

use rusqlite::Connection;
use rusqlite::types::Value;
use ticketing_core::domain::ticket::Listing;
use ticketing_core::ports::ticket_store::EventOffers;
use ticketing_core::ports::unreadable::Listed;

use crate::error::Failure;
use crate::store::{self, Query};

use super::ListingDocument;
use super::tokens;

/// So many offers are sorted rather than walked to.
const FEW: i64 = 2000;

pub(super) fn of_event(connection: &Connection, wanted: &EventOffers) -> Result<Listed<Listing>, Failure> {
    let tokens = [tokens::event(&wanted.event), tokens::currency(wanted.currency)];
    let mut query = if are_few(connection, &all(&tokens))? { sorted(&tokens) } else { walked(&tokens) };
    query.rest.push_str(" AND closes > ? ORDER BY amount, id DESC");
    query.params.push(Value::Integer(wanted.now.millis()));
    store::list::<ListingDocument>(connection, &query, wanted.limit)
}

fn are_few(connection: &Connection, tokens: &str) -> Result<bool, Failure> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM found_by WHERE found_by MATCH ?1 LIMIT ?2)";
    let found: i64 = connection.prepare_cached(sql)?.query_row((tokens, FEW + 1), |row| row.get(0))?;
    Ok(found <= FEW)
}

fn sorted(tokens: &[String]) -> Query {
    let from = "FROM found_by CROSS JOIN listings ON listings.number = found_by.rowid";
    Query { rest: format!("{from} WHERE found_by MATCH ? AND on_sale"), params: vec![Value::Text(all(tokens))] }
}

fn walked(tokens: &[String]) -> Query {
    let has_each = " AND instr(tokens, ?)".repeat(tokens.len());
    let rest = format!("FROM listings INDEXED BY listings_cheapest WHERE on_sale{has_each}");
    Query { rest, params: tokens.iter().map(|token| Value::Text(format!(" {token} "))).collect() }
}

/// What matches where each of these is.
fn all(tokens: &[String]) -> String {
    tokens.iter().map(|token| format!("\"{token}\"")).collect::<Vec<_>>().join(" ")
}
