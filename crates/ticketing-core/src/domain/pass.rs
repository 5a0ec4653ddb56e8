//! Passes: each place of a completed order lets one person in, once.

mod code;

use sha2::{Digest, Sha256};
use uuid::Builder;

use super::event::Event;
use super::ids::{AccountId, OrderId, PassId, TicketId};
use super::order::IdempotencyKey;
use super::time::Timestamp;

pub use code::{CodeSeed, InvalidCode, PassCode};

/// What lets one person in: one place of a completed order.
///
/// Its code is not part of it, because a pass travels in events (see [`CodedPass`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// Unique id (UUID version 7), derived from the order and the place, so that issuing twice yields one pass.
    pub id: PassId,
    /// The order.
    pub order: OrderId,
    /// The ticket whose door it opens.
    pub ticket: TicketId,
    /// The account that ordered.
    pub buyer: AccountId,
    /// Which place of the order, from 1 to its quantity.
    pub place: u32,
    /// When the order was completed.
    pub issued_at: Timestamp,
    /// The state.
    pub status: PassStatus,
    /// The number of events so far.
    pub version: u64,
}

/// The state of a pass. A used pass may still be voided; a voided one never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassStatus {
    /// It lets somebody in.
    Issued,
    /// Somebody was let in with it.
    Used {
        /// When, by the clock of the service.
        at: Timestamp,
        /// Who let them in.
        by: AccountId,
    },
    /// It lets nobody in.
    Voided {
        /// When the order ended.
        at: Timestamp,
        /// Why.
        reason: VoidReason,
    },
}

/// Why a pass is void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoidReason {
    /// The order was cancelled.
    OrderCancelled,
    /// The order was refunded.
    OrderRefunded,
}

/// Why nobody is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassRefusal {
    /// Somebody was let in with it before.
    AlreadyUsed {
        /// When.
        at: Timestamp,
    },
    /// It is void.
    Voided {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: VoidReason,
    },
    /// It is good, for another ticket.
    OtherTicket,
    /// Only the seller of the ticket lets people in, and who has the key of a door link.
    NotSeller,
    /// The ticket has as many door links as it may have.
    TooManyDoorLinks,
}

/// A pass with its code, as its buyer and its door see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodedPass {
    /// The pass.
    pub pass: Pass,
    /// What a person reads out or types; unique among the passes of a ticket.
    pub code: PassCode,
    /// The key of the check-in that used it, if it had one: the same check-in again is welcome again.
    pub check: Option<IdempotencyKey>,
    /// When a door that was offline let somebody in with it too.
    pub again_at: Option<Timestamp>,
}

impl PassId {
    /// The id of the pass for one place of an order that was completed at `completed_at`.
    #[must_use]
    pub fn of(order: OrderId, place: u32, completed_at: Timestamp) -> Self {
        let digest = Sha256::new().chain_update(order.uuid().as_bytes()).chain_update(place.to_be_bytes()).finalize();
        let mut bytes = [0; 10];
        bytes.iter_mut().zip(digest).for_each(|(byte, of_digest)| *byte = of_digest);
        let millis = u64::try_from(completed_at.millis()).unwrap_or(0);
        Self::new(Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
    }
}

impl Pass {
    /// Lets somebody in.
    ///
    /// # Errors
    ///
    /// [`PassRefusal`] if somebody was let in before, or it is void.
    pub fn use_at(self, at: Timestamp, by: AccountId) -> Result<(Self, Event), PassRefusal> {
        match self.status {
            PassStatus::Issued => {
                let used = self.next(PassStatus::Used { at, by });
                Ok((used.clone(), Event::PassUsed(used)))
            }
            PassStatus::Used { at, .. } => Err(PassRefusal::AlreadyUsed { at }),
            PassStatus::Voided { at, reason } => Err(PassRefusal::Voided { at, reason }),
        }
    }

    /// Makes it void; `None` if it is already.
    #[must_use]
    pub fn void(self, at: Timestamp, reason: VoidReason) -> Option<(Self, Event)> {
        if matches!(self.status, PassStatus::Voided { .. }) {
            return None;
        }
        let voided = self.next(PassStatus::Voided { at, reason });
        Some((voided.clone(), Event::PassVoided(voided)))
    }

    fn next(self, status: PassStatus) -> Self {
        Self { status, version: self.version + 1, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const LATER: Timestamp = Timestamp::from_millis(1_800_000_060_000);

    fn pass() -> Pass {
        let order = OrderId::from_u128(7);
        Pass {
            id: PassId::of(order, 1, NOON),
            order,
            ticket: TicketId::from_u128(8),
            buyer: AccountId::from_u128(9),
            place: 1,
            issued_at: NOON,
            status: PassStatus::Issued,
            version: 1,
        }
    }

    #[test]
    fn a_pass_lets_one_person_in_and_tells_the_second_when() {
        let door = AccountId::from_u128(1);

        let (used, event) = pass().use_at(NOON, door).unwrap();

        assert_eq!((used.status, used.version), (PassStatus::Used { at: NOON, by: door }, 2));
        assert_eq!(event, Event::PassUsed(used.clone()));
        assert_eq!(used.use_at(LATER, door), Err(PassRefusal::AlreadyUsed { at: NOON }));
    }

    #[test]
    fn a_void_pass_lets_nobody_in_and_stays_void() {
        let (void, event) = pass().void(NOON, VoidReason::OrderCancelled).unwrap();

        assert_eq!(event, Event::PassVoided(void.clone()));
        let refusal = PassRefusal::Voided { at: NOON, reason: VoidReason::OrderCancelled };
        assert_eq!(void.clone().use_at(LATER, AccountId::from_u128(1)), Err(refusal));
        assert_eq!(void.void(LATER, VoidReason::OrderRefunded), None);
    }

    #[test]
    fn a_used_pass_can_be_voided() {
        let (used, _) = pass().use_at(NOON, AccountId::from_u128(1)).unwrap();

        let (void, _) = used.void(LATER, VoidReason::OrderRefunded).unwrap();

        assert_eq!(void.version, 3);
    }

    #[test]
    fn each_place_of_an_order_has_one_pass_id() {
        let [order, other] = [1, 2].map(OrderId::from_u128);
        let id = PassId::of(order, 1, NOON);

        assert_eq!(id, PassId::of(order, 1, NOON));
        assert!(id != PassId::of(order, 2, NOON) && id != PassId::of(other, 1, NOON));
        assert_eq!(id.drawn_at(), Some(NOON));
    }
}
