//! Letters: what an account is told by mail, why, and how far that got.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::ids::{AccountId, AlertId, LetterId, OrderId, TicketId};
use super::money::Money;
use super::order::{Order, OrderStatus};
use super::time::Timestamp;

/// Why somebody is written to. What the letter says is read when it is sent, so that it is never out of date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetterReason {
    /// The address of the account is to be confirmed.
    ConfirmAddress,
    /// The password was forgotten: the letter has a link to choose another.
    ResetPassword,
    /// The password was changed.
    PasswordChanged,
    /// Somebody signed in from a browser that was not seen before.
    NewBrowser {
        /// What the browser calls itself.
        device: Arc<str>,
    },
    /// The order is paid: here are its passes.
    OrderCompleted {
        /// The order.
        order: OrderId,
    },
    /// The event of a paid order changed; it may be given back.
    EventChanged {
        /// The order.
        order: OrderId,
    },
    /// The order was refunded: its passes are void, and its money goes back.
    OrderRefunded {
        /// The order.
        order: OrderId,
    },
    /// Money was sent back.
    MoneyReturned {
        /// The order that was paid.
        order: OrderId,
        /// How much.
        amount: Money,
    },
    /// Places of a ticket were sold; tells its seller.
    PlacesSold {
        /// The ticket.
        ticket: TicketId,
    },
    /// A ticket has begun to answer a question that is kept.
    TicketFound {
        /// The ticket.
        ticket: TicketId,
        /// The question.
        alert: AlertId,
        /// So many others were found since the last such letter, and left out.
        left_out: u32,
    },
}

impl LetterReason {
    /// Its name in stores, logs and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ConfirmAddress => "confirm_address",
            Self::ResetPassword => "reset_password",
            Self::PasswordChanged => "password_changed",
            Self::NewBrowser { .. } => "new_browser",
            Self::OrderCompleted { .. } => "order_completed",
            Self::EventChanged { .. } => "event_changed",
            Self::OrderRefunded { .. } => "order_refunded",
            Self::MoneyReturned { .. } => "money_returned",
            Self::PlacesSold { .. } => "places_sold",
            Self::TicketFound { .. } => "ticket_found",
        }
    }

    /// The order that the letter is about, if it is about one.
    #[must_use]
    pub const fn order(&self) -> Option<OrderId> {
        match *self {
            Self::OrderCompleted { order }
            | Self::EventChanged { order }
            | Self::OrderRefunded { order }
            | Self::MoneyReturned { order, .. } => Some(order),
            Self::ConfirmAddress
            | Self::ResetPassword
            | Self::PasswordChanged
            | Self::NewBrowser { .. }
            | Self::PlacesSold { .. }
            | Self::TicketFound { .. } => None,
        }
    }

    /// How long after its cause the letter is of use. One that could not be sent by then is dropped.
    #[must_use]
    pub const fn is_of_use_for(&self) -> Duration {
        match self {
            // As long as the link in it.
            Self::ConfirmAddress | Self::ResetPassword => Duration::from_hours(1),
            Self::PasswordChanged | Self::NewBrowser { .. } | Self::PlacesSold { .. } | Self::TicketFound { .. } => {
                Duration::from_hours(24)
            }
            Self::OrderCompleted { .. }
            | Self::EventChanged { .. }
            | Self::OrderRefunded { .. }
            | Self::MoneyReturned { .. } => Duration::from_hours(72),
        }
    }
}

/// How far a letter got. One that was sent or dropped never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterStatus {
    /// It waits to be sent.
    Waiting {
        /// Not before.
        due_at: Timestamp,
        /// How often it was tried.
        tries: u32,
    },
    /// It is being sent: from here on it may have arrived.
    Sending {
        /// Until then nobody sends it again.
        until: Timestamp,
        /// How often it was tried, this time included.
        tries: u32,
    },
    /// The mail server accepted it.
    Sent {
        /// When.
        at: Timestamp,
    },
    /// It is never sent.
    Dropped {
        /// When that was decided.
        at: Timestamp,
        /// Why.
        reason: DropReason,
    },
}

/// Why a letter is never sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// The account is gone, or the reason is: there is nothing to say any more.
    NothingToSay,
    /// The mail server refused it for good.
    Refused,
    /// It could not be sent while it was of use.
    TooLate,
    /// Its reader was told often enough that day; the next such letter counts it.
    LeftOut,
}

/// By how much a letter with a link is due before others: letters are sent in the order in which they are due.
const HEAD_START: Duration = Duration::from_hours(72);

/// One message to one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Unique id (UUID version 8), derived from what caused it, so that one cause writes one letter.
    pub id: LetterId,
    /// Who is told. The address is not kept here: it stays with the account.
    pub to: AccountId,
    /// Why.
    pub reason: LetterReason,
    /// When what it tells happened.
    pub caused_at: Timestamp,
    /// How far it got.
    pub status: LetterStatus,
}

/// What made a letter necessary: a version of an aggregate, or a span of time about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LetterCause {
    /// The id of the aggregate.
    pub subject: Uuid,
    /// Its version, or the number of the span.
    pub number: u64,
    /// When it happened.
    pub at: Timestamp,
}

impl Letter {
    /// A letter that is to be sent at once.
    #[must_use]
    pub fn new(to: AccountId, reason: LetterReason, cause: LetterCause) -> Self {
        let id = LetterId::of(to, &reason, cause);
        let due_at = match reason {
            // Its link lasts an hour: it does not wait behind letters that are of use for days.
            LetterReason::ConfirmAddress | LetterReason::ResetPassword => cause.at.before(HEAD_START),
            _ => cause.at,
        };
        let status = LetterStatus::Waiting { due_at, tries: 0 };
        Self { id, to, reason, caused_at: cause.at, status }
    }

    /// The letter to a buyer whose order was completed or refunded at `at`; no other order has one of its own.
    #[must_use]
    pub fn about(order: &Order, at: Timestamp) -> Option<Self> {
        let reason = match order.status {
            OrderStatus::Completed { .. } => LetterReason::OrderCompleted { order: order.id },
            OrderStatus::Refunded { .. } => LetterReason::OrderRefunded { order: order.id },
            OrderStatus::AwaitingPayment { .. } | OrderStatus::Cancelled { .. } => return None,
        };
        let cause = LetterCause { subject: order.id.uuid(), number: order.version, at };
        Some(Self::new(order.buyer, reason, cause))
    }

    /// From when on it may be sent, or sent again; `None` if it never is.
    #[must_use]
    pub const fn due_at(&self) -> Option<Timestamp> {
        match self.status {
            LetterStatus::Waiting { due_at, .. } => Some(due_at),
            LetterStatus::Sending { until, .. } => Some(until),
            LetterStatus::Sent { .. } | LetterStatus::Dropped { .. } => None,
        }
    }

    /// Whether it is of no more use at `now`.
    #[must_use]
    pub fn is_too_late(&self, now: Timestamp) -> bool {
        now >= self.caused_at.after(self.reason.is_of_use_for())
    }

    /// How often it was tried.
    #[must_use]
    pub const fn tries(&self) -> u32 {
        match self.status {
            LetterStatus::Waiting { tries, .. } | LetterStatus::Sending { tries, .. } => tries,
            LetterStatus::Sent { .. } | LetterStatus::Dropped { .. } => 0,
        }
    }

    /// The same letter, further on.
    #[must_use]
    pub fn with_status(self, status: LetterStatus) -> Self {
        Self { status, ..self }
    }
}

impl LetterId {
    /// The id of the letter to an account about one cause, whenever that is told to have happened.
    #[must_use]
    pub fn of(to: AccountId, reason: &LetterReason, cause: LetterCause) -> Self {
        let digest = Sha256::new()
            .chain_update(to.uuid().as_bytes())
            .chain_update(cause.subject.as_bytes())
            .chain_update(cause.number.to_be_bytes())
            .chain_update(reason.code())
            .finalize();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest).for_each(|(byte, of_digest)| *byte = of_digest);
        Self::new(Builder::from_custom_bytes(bytes).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(reason: LetterReason, number: u64) -> Letter {
        let cause = LetterCause { subject: Uuid::from_u128(7), number, at: Timestamp::from_millis(1_000) };
        Letter::new(AccountId::from_u128(1), reason, cause)
    }

    #[test]
    fn one_cause_writes_one_letter() {
        let order = OrderId::from_u128(7);
        let told = letter(LetterReason::OrderCompleted { order }, 2);

        assert_eq!(letter(LetterReason::OrderCompleted { order }, 2).id, told.id);
        assert_ne!(letter(LetterReason::OrderRefunded { order }, 2).id, told.id);
        assert_ne!(letter(LetterReason::OrderCompleted { order }, 3).id, told.id);
        let later = LetterCause { subject: order.uuid(), number: 2, at: Timestamp::from_millis(2_000) };
        assert_eq!(LetterId::of(told.to, &told.reason, later), told.id);
    }

    #[test]
    fn a_letter_is_of_use_as_long_as_its_link() {
        let letter = letter(LetterReason::ResetPassword, 1);
        let end = letter.caused_at.after(Duration::from_hours(1));

        assert!(!letter.is_too_late(Timestamp::from_millis(end.millis() - 1)));
        assert!(letter.is_too_late(end));
    }

    #[test]
    fn what_was_sent_is_never_due() {
        let letter = letter(LetterReason::PasswordChanged, 1);
        let at = letter.caused_at;

        assert_eq!(letter.due_at(), Some(at));
        assert_eq!(letter.clone().with_status(LetterStatus::Sent { at }).due_at(), None);
        let until = at.after(Duration::from_mins(10));
        assert_eq!(letter.with_status(LetterStatus::Sending { until, tries: 1 }).due_at(), Some(until));
    }
}
