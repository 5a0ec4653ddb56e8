//! Tells all processes which tickets changed, if they happen to listen.

mod listener;

use std::fmt::Write as _;

use bytes::Bytes;
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::money::{Price, Quantity};
use ticketing_core::domain::ticket::{Listing, Sales, TicketStatus};

use crate::client::RedisClient;
use crate::document::StateDocument;

pub use listener::RedisTicketNews;

/// What comes to who listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Tickets changed, or may have.
    Changes(Changes),
    /// News may have been missed, because Redis was away or the listener slow: look for yourself.
    ///
    /// Whatever is told after this was said is heard.
    Missed,
}

/// Tickets of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes(Bytes);

/// A ticket that changed, or may have.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// Which.
    pub ticket: TicketId,
    state: &'a [u8],
}

/// What of a ticket its watchers see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketState {
    /// Of one place.
    pub price: Price,
    /// How many places there are in all.
    pub quantity: Quantity,
    /// Whether it may be ordered.
    pub status: TicketStatus,
    /// How many events told of the ticket: of two states the one with the higher version has the newer offer.
    pub version: u64,
    /// What is held and sold, with a version of its own.
    pub sales: Sales,
}

impl Changes {
    /// Each of them; what cannot be understood is passed over.
    pub fn iter(&self) -> impl Iterator<Item = Change<'_>> {
        self.0.split(|byte| *byte == b'\n').filter_map(Change::of)
    }
}

impl<'a> Change<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        let (ticket, state) = line.split_at_checked(UUID)?;
        Some(Self { ticket: str::from_utf8(ticket).ok()?.parse().ok()?, state })
    }

    /// Reads the state; `None` if nobody knows it: look for yourself.
    #[must_use]
    pub fn state(&self) -> Option<TicketState> {
        serde_json::from_slice::<StateDocument<'_>>(self.state).ok()?.read()
    }
}

/// The length of a UUID as text.
const UUID: usize = 36;

impl From<&Listing> for TicketState {
    fn from(listing: &Listing) -> Self {
        let ticket = &listing.ticket;
        Self {
            price: ticket.offer.price,
            quantity: ticket.offer.quantity,
            status: ticket.status,
            version: ticket.version,
            sales: listing.sales,
        }
    }
}

/// What a commit changes, to be told once it is known how that ended: a line for each ticket.
pub(crate) struct Changed(Vec<(TicketId, TicketState)>);

impl<'a> FromIterator<&'a Listing> for Changed {
    fn from_iter<T: IntoIterator<Item = &'a Listing>>(listings: T) -> Self {
        Self(listings.into_iter().map(|listing| (listing.ticket.id, listing.into())).collect())
    }
}

impl Changed {
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each ticket with its state.
    pub(crate) fn told(&self) -> String {
        self.lines(|state| serde_json::to_string(&StateDocument::from(state)).unwrap_or_default())
    }

    /// The tickets alone, because nobody knows whether they changed.
    pub(crate) fn in_doubt(&self) -> String {
        self.lines(|_| String::new())
    }

    fn lines(&self, state: impl Fn(&TicketState) -> String) -> String {
        self.0.iter().fold(String::new(), |mut lines, (ticket, known)| {
            // Writing to a string does not fail.
            writeln!(lines, "{ticket}{}", state(known)).unwrap_or_default();
            lines
        })
    }
}

pub(crate) fn channel(client: &RedisClient) -> String {
    client.key("tickets", "changed")
}
