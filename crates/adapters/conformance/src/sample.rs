//! Valid values to store, publish and park, each with a name that nobody else has.
//!
//! Ids drawn later sort after ids drawn earlier.
#![expect(clippy::missing_panics_doc, reason = "the values are valid by design")]

mod events;
mod mail;
mod people;
mod records;
mod trade;

use std::sync::atomic::{AtomicI64, Ordering};

use ticketing_core::domain::time::Timestamp;
use uuid::Uuid;

pub use events::{busy_envelope, envelope, history, parked, raw_message};
pub use mail::{alert, alerts, letter, letter_about, letter_reasons, search_entry};
pub use people::{account, attempt, digest, email, password, session};
pub use records::kept_records;
pub use trade::{
    actions, admission, bare_listing, door_links, entrance, listing, order, payable, payment, price, seller, stock,
    ticket,
};

/// A time of which nothing in particular is known: 2027-01-15T08:00:00Z.
pub const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A new UUID of version 7.
#[must_use]
pub fn uuid() -> Uuid {
    static DRAWN: AtomicI64 = AtomicI64::new(0);
    // A millisecond for each keeps them in order; chance keeps them apart from those of other processes.
    let millis = NOW.millis() + DRAWN.fetch_add(1, Ordering::Relaxed);
    uuid::Builder::from_unix_timestamp_millis(millis.unsigned_abs(), &rand::random()).into_uuid()
}
