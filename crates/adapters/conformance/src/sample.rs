//! Valid values to store, publish and park, each with a name that nobody else has.
//!
//! Ids drawn later sort after ids drawn earlier.
#![expect(clippy::missing_panics_doc, reason = "the values are valid by design")]

mod events;
mod mail;
mod people;
mod records;
mod trade;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

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

/// An address of this machine at which nobody listens: that of a server that a test starts, or that is away.
///
/// A process gets none twice, and no system gives such a port to a connection that begins: a server that was stopped
/// can be started again there.
///
/// ```
/// use ticketing_conformance::sample::free_address;
///
/// let away = free_address();
/// assert!(std::net::TcpStream::connect(away).is_err());
/// assert_ne!(away, free_address());
/// ```
///
/// # Panics
///
/// If thousands of ports are taken.
#[must_use]
pub fn free_address() -> SocketAddr {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    // Below those that Linux (from 32,768 on), macOS and Windows (from 49,152 on) choose by themselves.
    let addresses = (0..10_000).map(|_| SocketAddr::from((Ipv4Addr::LOCALHOST, rand::random_range(15_000..32_000))));
    let mut free = addresses.filter(|address| given.insert(address.port()) && TcpListener::bind(address).is_ok());
    free.next().expect("not every port is taken")
}
