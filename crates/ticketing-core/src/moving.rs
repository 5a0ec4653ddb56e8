//! Everything that a marketplace keeps, as values that every engine can keep: what is moved from one to another.
//!
//! Adapters read and write their records as [`KeptRecord`]s, page by page in the order of ids, and [`Comparison`] says how
//! a page of one side differs from what the other side has of it. Sessions, limits and refused forms are no records of the
//! marketplace: who moves it decides what becomes of them. Events are none either: a marketplace is moved once all of them
//! are handled.

mod comparison;
mod kind;

use uuid::Uuid;

use crate::domain::account::AccountRecord;
use crate::domain::ids::{PaymentId, RefundId};
use crate::domain::money::Money;
use crate::domain::payment::CaptureOutcome;
use crate::domain::time::Timestamp;
use crate::ports::attempt_notes::AttemptNote;
use crate::ports::letter_store::LetterRecord;
use crate::ports::order_store::OrderRecord;
use crate::ports::parking::Parked;
use crate::ports::pass_store::PassRecord;
use crate::ports::payment_store::PaymentRecord;
use crate::ports::ticket_store::TicketRecord;

pub use comparison::Comparison;
pub use kind::RecordKind;

/// A record of any service, or of what takes the money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptRecord {
    /// Of the accounts service.
    Account(AccountRecord),
    /// Of the tickets service.
    Ticket(TicketRecord),
    /// Of the orders service.
    Order(OrderRecord),
    /// Of the payments service.
    Payment(PaymentRecord),
    /// Of the admissions service.
    Pass(PassRecord),
    /// Of the notifications service.
    Letter(LetterRecord),
    /// Of the sandbox.
    SandboxAttempt(SandboxAttempt),
    /// Whether an attempt to pay may still be sent.
    AttemptKey(AttemptKey),
    /// The first note of an attempt to pay.
    AttemptNote {
        /// The attempt.
        payment: PaymentId,
        /// The note.
        note: AttemptNote,
    },
    /// A delivery that could not be handled.
    Parked(Parked),
}

/// An attempt to pay, as the books of the sandbox have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxAttempt {
    /// The attempt.
    pub payment: PaymentId,
    /// How it ended, or what the buyer must do.
    pub outcome: CaptureOutcome,
    /// How much was taken, or is to be.
    pub total: Option<Money>,
    /// What went back, in the order of ids.
    pub refunds: Vec<SandboxRefund>,
}

/// Money of the sandbox that went back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SandboxRefund {
    /// The refund.
    pub id: RefundId,
    /// How much, in the currency of the attempt.
    pub amount: u64,
}

/// The key of an attempt to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptKey {
    /// The attempt.
    pub payment: PaymentId,
    /// When it was opened last.
    pub opened_at: Option<Timestamp>,
    /// How much it was opened for.
    pub total: Option<Money>,
    /// Whether nothing may be sent under it any more.
    pub is_closed: bool,
}

impl KeptRecord {
    /// Its id, unique among its kind.
    #[must_use]
    pub fn id(&self) -> Uuid {
        match self {
            Self::Account(account) => account.id().uuid(),
            Self::Ticket(TicketRecord::Listing(listing)) => listing.ticket.id.uuid(),
            Self::Ticket(TicketRecord::Seller(seller)) => seller.account.uuid(),
            Self::Order(OrderRecord::Stock(stock)) => stock.ticket.uuid(),
            Self::Order(OrderRecord::Order(order)) => order.id.uuid(),
            Self::Payment(PaymentRecord::Payable(payable)) => payable.order.uuid(),
            Self::Payment(PaymentRecord::Payment(payment)) => payment.id.uuid(),
            Self::Pass(PassRecord::Admission(admission)) => admission.order.uuid(),
            Self::Pass(PassRecord::Entrance(entrance)) => entrance.ticket.uuid(),
            Self::Pass(PassRecord::DoorLinks(links)) => links.ticket.uuid(),
            Self::Letter(record) => Self::of_letters(record),
            Self::SandboxAttempt(attempt) => attempt.payment.uuid(),
            Self::AttemptKey(key) => key.payment.uuid(),
            Self::AttemptNote { payment, .. } => payment.uuid(),
            Self::Parked(parked) => parked.id,
        }
    }

    fn of_letters(record: &LetterRecord) -> Uuid {
        match record {
            LetterRecord::Letter(letter) => letter.id.uuid(),
            LetterRecord::Order(order) => order.id.uuid(),
            LetterRecord::Ticket(ticket) => ticket.id.uuid(),
            LetterRecord::Alerts(alerts) => alerts.account.uuid(),
            LetterRecord::Entry(entry) => entry.id.uuid(),
        }
    }

    /// What kind of record it is.
    #[must_use]
    pub const fn kind(&self) -> RecordKind {
        match self {
            Self::Account(_) => RecordKind::Accounts,
            Self::Ticket(TicketRecord::Listing(_)) => RecordKind::Listings,
            Self::Ticket(TicketRecord::Seller(_)) => RecordKind::Sellers,
            Self::Order(OrderRecord::Stock(_)) => RecordKind::Stocks,
            Self::Order(OrderRecord::Order(_)) => RecordKind::Orders,
            Self::Payment(PaymentRecord::Payable(_)) => RecordKind::Payables,
            Self::Payment(PaymentRecord::Payment(_)) => RecordKind::Payments,
            Self::Pass(PassRecord::Admission(_)) => RecordKind::Admissions,
            Self::Pass(PassRecord::Entrance(_)) => RecordKind::Entrances,
            Self::Pass(PassRecord::DoorLinks(_)) => RecordKind::DoorLinks,
            Self::Letter(LetterRecord::Letter(_)) => RecordKind::Letters,
            Self::Letter(LetterRecord::Order(_)) => RecordKind::OrderReplicas,
            Self::Letter(LetterRecord::Ticket(_)) => RecordKind::TicketReplicas,
            Self::Letter(LetterRecord::Alerts(_)) => RecordKind::Alerts,
            Self::Letter(LetterRecord::Entry(_)) => RecordKind::AlertEntries,
            Self::SandboxAttempt(_) => RecordKind::SandboxAttempts,
            Self::AttemptKey(_) => RecordKind::AttemptKeys,
            Self::AttemptNote { .. } => RecordKind::AttemptNotes,
            Self::Parked(_) => RecordKind::Parked,
        }
    }
}
