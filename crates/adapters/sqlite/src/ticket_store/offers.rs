//! Finds the offers of an event.
//!
//! Few offers are found by the index of tokens, and sorted. Among many, a walk from the cheapest ticket on sale soon
//! meets enough of them.

use rusqlite::Connection;
use rusqlite::types::Value;
use ticketing_core::domain::ticket::Listing;
use ticketing_core::domain::time::Timestamp;
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
    let query = if are_few(connection, &all(&tokens))? { sorted(&tokens) } else { walked(&tokens) };
    store::list::<ListingDocument>(connection, &open(query, wanted.now), wanted.limit)
}

/// Those that are not closed, cheapest first.
fn open(mut query: Query, now: Timestamp) -> Query {
    query.rest.push_str(" AND closes > ? ORDER BY amount, id DESC");
    query.params.push(Value::Integer(now.millis()));
    query
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ticketing_conformance::sample;
    use ticketing_core::domain::search::event_to_find;
    use ticketing_core::domain::ticket::{Offer, Ticket};

    use super::*;
    use crate::{commit, schema};

    fn priced(mut listing: Listing, cents: u64) -> Listing {
        listing.ticket.offer.price = sample::price(cents);
        listing
    }

    #[test]
    fn a_walk_finds_what_the_index_of_tokens_finds() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::bring_up(&mut connection, Path::new("market.db")).unwrap();
        let offers = [300, 100, 200, 100].map(|cents| priced(sample::listing(), cents));
        let others = [50, 150].map(|cents| priced(sample::bare_listing("Opera"), cents));
        let changes = offers.iter().chain(&others).map(|listing| super::super::listing::change(listing, None));
        commit::apply(&connection, &changes.collect::<Result<Vec<_>, _>>().unwrap()).unwrap();
        let Listing { ticket: Ticket { offer: Offer { details, price, .. }, .. }, .. } = &offers[0];
        let tokens = [tokens::event(&event_to_find(&details.event).unwrap()), tokens::currency(price.money().currency)];

        for query in [sorted(&tokens), walked(&tokens)] {
            let found = store::list::<ListingDocument>(&connection, &open(query, sample::NOW), 3).unwrap().records;
            assert_eq!(found, [&offers[3], &offers[1], &offers[2]].map(Clone::clone));
        }
    }
}
