//! Changed tickets ⇄ bytes: one line per ticket, its id and the JSON of its state.
//!
//! A line is decoded only when its state is asked for, so a ticket that nobody
//! watches costs no more than its id.

use std::borrow::Cow;

use bytes::Bytes;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::ids::TicketId;
use crate::domain::money::{Money, Price, Quantity};
use crate::domain::ticket::{Listing, Sales, TicketStatus};
use crate::domain::time::Timestamp;

/// The part of a listing that live updates show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketState {
    /// Of one place.
    pub price: Price,
    /// How many places there are in all.
    pub quantity: Quantity,
    /// Whether it may be ordered.
    pub status: TicketStatus,
    /// The version of the ticket: of two states the higher one has the newer offer.
    pub version: u64,
    /// What is held and sold, with its own version.
    pub sales: Sales,
    /// From when nothing more is ordered, if it has such a time.
    pub closes_at: Option<Timestamp>,
}

impl From<&Listing> for TicketState {
    fn from(Listing { ticket, sales, .. }: &Listing) -> Self {
        let (price, quantity) = (ticket.offer.price, ticket.offer.quantity);
        let closes_at = ticket.offer.details.closes_at();
        Self { price, quantity, status: ticket.status, version: ticket.version, sales: *sales, closes_at }
    }
}

/// Tickets that changed, or may have, as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketChanges(Bytes);

/// A ticket that changed, or may have.
#[derive(Debug, Clone, Copy)]
pub struct TicketChange<'a> {
    /// Its id.
    pub ticket: TicketId,
    state: &'a [u8],
}

/// The length of an id as text.
const ID: usize = 36;

impl TicketChanges {
    /// Encodes tickets with their states; a ticket without one may have changed.
    #[must_use]
    pub fn encode(tickets: impl IntoIterator<Item = (TicketId, Option<TicketState>)>) -> Self {
        let mut lines = Vec::new();
        for (ticket, state) in tickets {
            lines.extend_from_slice(ticket.uuid().hyphenated().encode_lower(&mut [0; ID]).as_bytes());
            if let Some(state) = state {
                // Writing to memory does not fail; if it did, the state would be unknown to its readers.
                serde_json::to_writer(&mut lines, &state).unwrap_or_default();
            }
            lines.push(b'\n');
        }
        Self(lines.into())
    }

    /// The changed tickets; lines that cannot be decoded are skipped.
    pub fn iter(&self) -> impl Iterator<Item = TicketChange<'_>> {
        self.0.split(|byte| *byte == b'\n').filter_map(TicketChange::of)
    }
}

/// Whatever a channel delivered; what is wrong with it shows when it is decoded.
impl From<Bytes> for TicketChanges {
    fn from(encoded: Bytes) -> Self {
        Self(encoded)
    }
}

impl AsRef<[u8]> for TicketChanges {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl<'a> TicketChange<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        let (ticket, state) = line.split_at_checked(ID)?;
        Some(Self { ticket: str::from_utf8(ticket).ok()?.parse().ok()?, state })
    }

    /// Decodes the state; `None` if it is unknown, so read the ticket.
    #[must_use]
    pub fn state(&self) -> Option<TicketState> {
        serde_json::from_slice(self.state).ok()
    }
}

/// The JSON of a state.
#[derive(Serialize, Deserialize)]
struct StatePayload<'a> {
    amount: u64,
    #[serde(borrow)]
    currency: Cow<'a, str>,
    quantity: u32,
    on_sale: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    called_off: bool,
    version: u64,
    held: u32,
    sold: u32,
    sales_version: u64,
    /// In milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    closes_at: Option<i64>,
}

impl Serialize for TicketState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { price, quantity, status, version, sales, closes_at } = *self;
        let Money { amount, currency } = price.money();
        let payload = StatePayload {
            amount,
            currency: Cow::Borrowed(currency.code()),
            quantity: quantity.get(),
            on_sale: status == TicketStatus::OnSale,
            called_off: status == TicketStatus::CalledOff,
            version,
            held: sales.held,
            sold: sales.sold,
            sales_version: sales.version,
            closes_at: closes_at.map(Timestamp::millis),
        };
        payload.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TicketState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let payload = StatePayload::deserialize(deserializer)?;
        let StatePayload { amount, currency, quantity, on_sale, called_off, version, .. } = payload;
        let StatePayload { held, sold, sales_version, closes_at, .. } = payload;
        let currency = currency.parse().map_err(D::Error::custom)?;
        Ok(Self {
            price: Price::new(Money { amount, currency }).map_err(D::Error::custom)?,
            quantity: Quantity::new(quantity).map_err(D::Error::custom)?,
            status: TicketStatus::stored(on_sale, called_off),
            version,
            sales: Sales { held, sold, version: sales_version },
            closes_at: closes_at.map(Timestamp::from_millis),
        })
    }
}
