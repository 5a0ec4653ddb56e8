//! Letters.

use ticketing_core::domain::ids::{AccountId, OrderId, TicketId};
use ticketing_core::domain::letter::{Letter, LetterCause, LetterReason};

use super::{NOW, price, uuid};

/// A letter that is due.
#[must_use]
pub fn letter() -> Letter {
    letter_about(LetterReason::PasswordChanged)
}

/// A letter that is due, for this reason.
#[must_use]
pub fn letter_about(reason: LetterReason) -> Letter {
    let cause = LetterCause { subject: uuid(), number: u64::from(u32::MAX) * 8, at: NOW };
    Letter::new(AccountId::new(uuid()), reason, cause)
}

/// Every reason to write.
#[must_use]
pub fn letter_reasons() -> Vec<LetterReason> {
    let order = OrderId::new(uuid());
    vec![
        LetterReason::ConfirmAddress,
        LetterReason::ResetPassword,
        LetterReason::PasswordChanged,
        LetterReason::NewBrowser { device: "Firefox “ü” \u{1F3AB}".into() },
        LetterReason::OrderCompleted { order },
        LetterReason::EventChanged { order },
        LetterReason::OrderRefunded { order },
        LetterReason::MoneyReturned { order, amount: price(4500).money() },
        LetterReason::PlacesSold { ticket: TicketId::new(uuid()) },
    ]
}
