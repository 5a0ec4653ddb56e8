//! The right to settle one delivery, and for how long.

use std::fmt;
use std::time::Duration;

use crate::ports::transport::{Arrival, Delivery, Settle, Settlement, TransportError};

/// The time from when a sequence is assigned to a reader until it is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// No two epochs of a sequence have the same number.
    pub number: u64,
    /// The first position that the reader has not settled before.
    pub start: u64,
}

/// The right to settle one delivery, once, within one epoch.
#[derive(Debug)]
pub struct Loan {
    pub(super) epoch: u64,
    pub(super) position: u64,
}

impl Loan {
    /// Where the delivery is in its sequence.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// Hands the delivery to a consumer. `settle` ends the loan, also if the delivery is dropped.
    pub fn into_delivery<S>(self, arrival: Arrival, attempt: u32, settle: S) -> Delivery
    where
        S: FnOnce(Self, Settlement) -> Result<(), TransportError> + Send + Sync + 'static,
    {
        Delivery::new(arrival, attempt, Box::new(Unsettled(Some((self, settle)))))
    }
}

struct Unsettled<S: FnOnce(Loan, Settlement) -> Result<(), TransportError>>(Option<(Loan, S)>);

impl<S: FnOnce(Loan, Settlement) -> Result<(), TransportError>> Unsettled<S> {
    fn end(&mut self, settlement: Settlement) -> Result<(), TransportError> {
        let (loan, settle) = self.0.take().ok_or(TransportError::Closed)?;
        settle(loan, settlement)
    }
}

impl<S: FnOnce(Loan, Settlement) -> Result<(), TransportError> + Send + Sync> Settle for Unsettled<S> {
    fn settle(mut self: Box<Self>, settlement: Settlement) -> Result<(), TransportError> {
        self.end(settlement)
    }
}

impl<S: FnOnce(Loan, Settlement) -> Result<(), TransportError>> Drop for Unsettled<S> {
    fn drop(&mut self) {
        // It fails if it is settled, or if the epoch is over: then the delivery comes again anyway.
        let _returned = self.end(Settlement::Retry { after: Duration::ZERO });
    }
}

impl<S: FnOnce(Loan, Settlement) -> Result<(), TransportError>> fmt::Debug for Unsettled<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Unsettled").field(&self.0.as_ref().map(|(loan, _)| loan)).finish()
    }
}
