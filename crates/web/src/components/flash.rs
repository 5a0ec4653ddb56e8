//! A message about what was just done, shown once at the top of the next page.

use leptos::prelude::*;

/// A message about what was just done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flash {
    /// How it is to be taken.
    pub kind: FlashKind,
    /// One sentence.
    pub text: String,
}

/// How a message is to be taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlashKind {
    /// It worked.
    #[default]
    Success,
    /// Something to know.
    Notice,
    /// It did not work.
    Failure,
}

/// What was just done: a word that survives a redirect, and what it says to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// An account was opened.
    SignedUp,
    /// The session was ended.
    SignedOut,
    /// A ticket was put on sale.
    TicketOffered,
    /// A ticket was changed.
    TicketChanged,
    /// A ticket was taken off sale.
    TicketWithdrawn,
    /// An order was cancelled by its buyer.
    OrderCancelled,
    /// An order was paid.
    OrderPaid,
    /// An order had been paid before.
    OrderPaidBefore,
    /// The card's answer is late.
    PaymentPending,
    /// The money goes back, since the order is over.
    PaymentRefunded,
    /// The password was changed.
    PasswordChanged,
    /// A session elsewhere was ended.
    SessionRevoked,
    /// Nothing, since the form was opened by another account.
    NothingChanged,
    /// Nothing: a form that was not accepted is no longer kept.
    EntriesLost,
}

impl Done {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::SignedUp,
        Self::SignedOut,
        Self::TicketOffered,
        Self::TicketChanged,
        Self::TicketWithdrawn,
        Self::OrderCancelled,
        Self::OrderPaid,
        Self::OrderPaidBefore,
        Self::PaymentPending,
        Self::PaymentRefunded,
        Self::PasswordChanged,
        Self::SessionRevoked,
        Self::NothingChanged,
        Self::EntriesLost,
    ];

    /// The word for it, fit for a cookie.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::SignedUp => "signed-up",
            Self::SignedOut => "signed-out",
            Self::TicketOffered => "ticket-offered",
            Self::TicketChanged => "ticket-changed",
            Self::TicketWithdrawn => "ticket-withdrawn",
            Self::OrderCancelled => "order-cancelled",
            Self::OrderPaid => "order-paid",
            Self::OrderPaidBefore => "order-paid-before",
            Self::PaymentPending => "payment-pending",
            Self::PaymentRefunded => "payment-refunded",
            Self::PasswordChanged => "password-changed",
            Self::SessionRevoked => "session-revoked",
            Self::NothingChanged => "nothing-changed",
            Self::EntriesLost => "entries-lost",
        }
    }

    /// What a word stands for; any other text says nothing.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|done| done.word() == word)
    }

    const fn sentence(self) -> (FlashKind, &'static str) {
        match self {
            Self::SignedUp => (FlashKind::Success, "Welcome. Your account is open and you are signed in."),
            Self::SignedOut => (FlashKind::Success, "You are signed out."),
            Self::TicketOffered => (FlashKind::Success, "Your ticket is on sale."),
            Self::TicketChanged => (FlashKind::Success, "The ticket was changed."),
            Self::TicketWithdrawn => (FlashKind::Success, "The ticket was withdrawn. Orders already placed go on."),
            Self::OrderCancelled => (FlashKind::Success, "The order was cancelled."),
            Self::OrderPaid => (FlashKind::Success, "Your payment was received."),
            Self::OrderPaidBefore => (FlashKind::Notice, "This order is paid already; you are not charged twice."),
            Self::PaymentPending => {
                (FlashKind::Notice, "Your card has not answered yet. Please look again in a moment.")
            }
            Self::PaymentRefunded => (FlashKind::Notice, "The order is over, so your money is on its way back."),
            Self::PasswordChanged => {
                (FlashKind::Success, "The password was changed, and all other sessions were ended.")
            }
            Self::SessionRevoked => (FlashKind::Success, "The session was ended."),
            Self::NothingChanged => (
                FlashKind::Failure,
                "You are now signed in with another account than when you opened this form. Nothing was changed.",
            ),
            Self::EntriesLost => {
                (FlashKind::Notice, "What you entered before is no longer kept. Please fill in the form again.")
            }
        }
    }
}

impl From<Done> for Flash {
    fn from(done: Done) -> Self {
        let (kind, text) = done.sentence();
        Self { kind, text: text.to_owned() }
    }
}

/// Tells who somebody is now whose form was opened by another account.
#[must_use]
pub fn nothing_changed(email: &str) -> Flash {
    let text = format!(
        "You are now signed in as {email}. This form was opened by another account, so it was not carried out. \
         Nothing was changed."
    );
    Flash { kind: FlashKind::Failure, text }
}

pub(crate) fn flash_message(flash: Flash) -> impl IntoView {
    let (kind, role) = match flash.kind {
        FlashKind::Success => ("success", "status"),
        FlashKind::Notice => ("notice", "status"),
        FlashKind::Failure => ("failure", "alert"),
    };
    view! { <p class="message" data-kind=kind role=role>{flash.text}</p> }
}

#[cfg(test)]
mod tests {
    use super::Done;

    #[test]
    fn a_word_leads_back_to_what_it_stands_for() {
        for done in Done::ALL {
            assert_eq!(Done::of_word(done.word()), Some(done));
        }
        assert_eq!(Done::of_word("<b>free text</b>"), None);
    }
}
