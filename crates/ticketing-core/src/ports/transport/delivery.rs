//! What arrives, and how it is settled.

use std::fmt;
use std::time::Duration;

use tracing::field::{DisplayValue, display};
use uuid::Uuid;

use crate::domain::time::Timestamp;
use crate::wire::{EventEnvelope, RawMessage, Undecodable};

use super::TransportError;

/// How a delivery is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// It was handled, or parked durably.
    Ack,
    /// It could not be handled: deliver it again, together with all later ones of its subject.
    Retry {
        /// Not before this span has passed.
        after: Duration,
    },
}

/// Reports to a subscription how one delivery was settled.
///
/// # Examples
///
/// ```
/// use std::sync::mpsc::{Sender, channel};
/// use ticketing_core::ports::transport::{Delivery, Settle, Settlement, TransportError};
/// # use ticketing_core::ports::transport::Arrival;
/// # use ticketing_core::wire::{RawMessage, Undecodable};
///
/// /// A message to the thread of a subscription.
/// #[derive(Debug)]
/// struct ToThread(Sender<Settlement>);
///
/// impl Settle for ToThread {
///     fn settle(self: Box<Self>, settlement: Settlement) -> Result<(), TransportError> {
///         self.0.send(settlement).map_err(|_| TransportError::Closed)
///     }
/// }
///
/// # let raw = RawMessage { topic: "orders".into(), key: "k".into(), headers: Vec::new(), body: Default::default() };
/// # let arrival = Arrival::Undecodable { raw, reason: Undecodable { what: "no headers".into() } };
/// let (sender, settled) = channel();
/// let delivery = Delivery::new(arrival, 1, Box::new(ToThread(sender)));
/// delivery.settle(Settlement::Ack)?;
/// assert_eq!(settled.try_recv()?, Settlement::Ack);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Settle: Send + Sync + fmt::Debug {
    /// Settles the delivery. Called once.
    ///
    /// # Errors
    ///
    /// [`TransportError::Closed`] if it is too late: the delivery comes again.
    fn settle(self: Box<Self>, settlement: Settlement) -> Result<(), TransportError>;
}

/// The content of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// An event.
    Event(EventEnvelope),
    /// Bytes that are not one of our events.
    Undecodable {
        /// The bytes.
        raw: RawMessage,
        /// Why they cannot be decoded.
        reason: Undecodable,
    },
}

impl Arrival {
    /// When the event happened; `None` for bytes that are not one.
    #[must_use]
    pub const fn time(&self) -> Option<Timestamp> {
        match self {
            Self::Event(envelope) => Some(envelope.time),
            Self::Undecodable { .. } => None,
        }
    }

    /// The ordering key: the subject of an event, or the key of a raw message, in the normal form of [`ordering_key`].
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Event(envelope) => envelope.subject.to_string(),
            Self::Undecodable { raw, .. } => ordering_key(&raw.key),
        }
    }

    /// What an event has in common with all that the same request set off, as a field of the log.
    pub(crate) fn correlation(&self) -> Option<DisplayValue<Uuid>> {
        match self {
            Self::Event(envelope) => Some(display(envelope.origin.correlation)),
            Self::Undecodable { .. } => None,
        }
    }
}

/// The normal form in which keys are compared: a UUID in lower case with hyphens, however it was written;
/// anything else unchanged.
#[must_use]
pub fn ordering_key(key: &str) -> String {
    Uuid::try_parse(key).map_or_else(|_| key.to_owned(), |subject| subject.to_string())
}

/// A delivered event: settle it, or it comes again.
#[derive(Debug)]
#[must_use = "an unsettled delivery is delivered again"]
pub struct Delivery {
    /// The content.
    pub arrival: Arrival,
    /// How often this member delivered it to this group, from 1.
    pub attempt: u32,
    settle: Box<dyn Settle>,
}

impl Delivery {
    /// Wraps content for delivery; for subscriptions.
    pub fn new(arrival: Arrival, attempt: u32, settle: Box<dyn Settle>) -> Self {
        Self { arrival, attempt, settle }
    }

    /// Settles the delivery.
    ///
    /// # Errors
    ///
    /// [`TransportError::Closed`] if it is too late: the delivery comes again.
    pub fn settle(self, settlement: Settlement) -> Result<(), TransportError> {
        self.settle.settle(settlement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_a_subject_is_written_its_key_is_one() {
        let subject = "0191f0a4-7b7e-7c3a-9d3e-a1b2c3d4e5f6";
        for key in [
            subject.to_owned(),
            subject.to_uppercase(),
            subject.replace('-', ""),
            subject.replace('-', "").to_uppercase(),
            format!("{{{subject}}}"),
            format!("{{{}}}", subject.to_uppercase()),
            format!("urn:uuid:{subject}"),
        ] {
            let raw = RawMessage { topic: "orders".into(), key, headers: Vec::new(), body: bytes::Bytes::new() };
            let arrival = Arrival::Undecodable { raw, reason: Undecodable { what: "no headers".into() } };
            assert_eq!(arrival.key(), subject);
        }
    }

    #[test]
    fn a_key_that_is_no_subject_stays_as_it_is() {
        for key in ["", "Schlüssel", "AB", "0191F0A4-7B7E-7C3A-9D3E"] {
            assert_eq!(ordering_key(key), key);
        }
    }
}
