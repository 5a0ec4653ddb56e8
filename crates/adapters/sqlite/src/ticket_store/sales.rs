//! Follows sales by the columns that they need, without the rest of a listing.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::money::{Money, Price, Quantity};
use ticketing_core::domain::ticket::{Sales, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::store::CommitToken;
use ticketing_core::ports::unreadable::Unreadable;
use ticketing_core::wire::TicketState;

use crate::document::{Record, Wrong, signed};
use crate::error::Failure;

use super::ListingDocument;

const LOOK: &str = "SELECT number, sales_version, amount, currency, quantity, on_sale, called_off, version, closes
     FROM listings WHERE id = ?1";
// `RETURNING` would tell the same, and costs three times as much as both statements.
const FOLLOW: &str = "UPDATE listings SET rev = rev + 1, token = ?2, held = ?3, sold = ?4, sales_version = ?5
     WHERE number = ?1";

/// Writes the sales that are newer than those in the file; returns how their tickets stand then.
///
/// One thread writes, so nothing comes between a look and its write.
pub(super) fn follow(
    connection: &Connection,
    newest: &HashMap<TicketId, Sales>,
) -> Result<Vec<(TicketId, TicketState)>, Failure> {
    let CommitToken(token) = CommitToken(rand::random());
    let (mut look, mut write) = (connection.prepare_cached(LOOK)?, connection.prepare_cached(FOLLOW)?);
    let mut states = Vec::new();
    for (ticket, sales) in newest {
        let found = look.query_row([ticket.uuid().as_bytes()], |row| Known::newer(row, *sales)).optional()?.flatten();
        let Some(Known { number, state }) = found else { continue };
        write.execute((number, token.cast_signed(), sales.held, sales.sold, signed(sales.version)))?;
        states.push((*ticket, state.map_err(|wrong| unreadable(*ticket, wrong))?));
    }
    Ok(states)
}

/// A listing whose sales are older.
struct Known {
    number: i64,
    /// How it stands with the newer ones.
    state: Result<TicketState, Wrong>,
}

impl Known {
    fn newer(row: &Row<'_>, sales: Sales) -> rusqlite::Result<Option<Self>> {
        if signed(sales.version) <= row.get(1)? {
            return Ok(None);
        }
        Ok(Some(Self { number: row.get(0)?, state: state(row, sales)? }))
    }
}

fn state(row: &Row<'_>, sales: Sales) -> rusqlite::Result<Result<TicketState, Wrong>> {
    let (price, quantity) = (price(row)?, Quantity::new(row.get(4)?).map_err(|_| "a quantity out of bounds"));
    let status = TicketStatus::stored(row.get(5)?, row.get(6)?);
    let (version, closes) = (row.get::<_, i64>(7)?.cast_unsigned(), row.get(8)?);
    let closes_at = (closes < i64::MAX).then(|| Timestamp::from_millis(closes));
    let of = |price, quantity| TicketState { price, quantity, status, version, sales, closes_at };
    Ok(price.and_then(|price| Ok(of(price, quantity?))))
}

fn price(row: &Row<'_>) -> rusqlite::Result<Result<Price, Wrong>> {
    let (amount, currency) = (row.get::<_, i64>(2)?.cast_unsigned(), row.get_ref(3)?.as_str()?);
    let currency = currency.parse().map_err(|_| "an unknown currency");
    Ok(currency.and_then(|currency| Price::new(Money { amount, currency }).map_err(|_| "a price out of bounds")))
}

fn unreadable(ticket: TicketId, what: Wrong) -> Unreadable {
    Unreadable { collection: ListingDocument::TABLE, id: ticket.to_string(), what: what.to_owned() }
}
