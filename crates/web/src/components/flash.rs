//! A message about what was just done, shown once at the top of the next page.

use leptos::prelude::*;

/// A message about the last action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flash {
    /// The kind of message.
    pub kind: FlashKind,
    /// One sentence.
    pub text: String,
}

/// The kinds of message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlashKind {
    /// Success.
    #[default]
    Success,
    /// Information.
    Notice,
    /// Failure.
    Failure,
}

/// The last action: a code that survives a redirect, and its message.
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
    /// An event was rescheduled.
    TicketRescheduled,
    /// An event was called off.
    TicketCalledOff,
    /// A paid order was given back.
    OrderGivenBack,
    /// Somebody was let in at a door.
    LetIn,
    /// Nobody issued the pass that was shown at a door.
    PassUnknown,
    /// Somebody was let in before with the pass that was shown at a door.
    PassUsed,
    /// The pass that was shown at a door is void.
    PassVoid,
    /// The pass that was shown at a door is for another event.
    PassOfAnother,
    /// The key of a door link opens nothing, or nothing any more.
    DoorClosed,
    /// A door link was revoked.
    DoorLinkRevoked,
    /// An order was cancelled by its buyer.
    OrderCancelled,
    /// Nothing, because the buyer holds places of this ticket already.
    OrderHeld,
    /// An order was paid.
    OrderPaid,
    /// An order had been paid before.
    OrderPaidBefore,
    /// The card's result is late.
    PaymentPending,
    /// The buyer's bank declined a payment.
    PaymentDeclined,
    /// The money is refunded, since the order has ended.
    PaymentRefunded,
    /// The password was changed.
    PasswordChanged,
    /// The address of an account was confirmed.
    AddressConfirmed,
    /// A letter was asked for that confirms an address.
    LetterSent,
    /// A letter was asked for that replaces a password.
    ResetSent,
    /// A forgotten password was replaced.
    PasswordReset,
    /// The owner of an account is called something else.
    Renamed,
    /// A search is kept, to tell of new tickets.
    AlertKept,
    /// A search is not kept any more.
    AlertEnded,
    /// An account was deleted.
    AccountDeleted,
    /// A session on another device was ended.
    SessionRevoked,
    /// All sessions but this one were ended.
    OtherSessionsRevoked,
    /// Nothing, because another account opened the form.
    NothingChanged,
    /// Nothing: a refused form is no longer kept.
    EntriesLost,
}

impl Done {
    /// Every variant.
    pub const ALL: [Self; 35] = [
        Self::SignedUp,
        Self::SignedOut,
        Self::TicketOffered,
        Self::TicketChanged,
        Self::TicketWithdrawn,
        Self::TicketRescheduled,
        Self::TicketCalledOff,
        Self::OrderGivenBack,
        Self::LetIn,
        Self::PassUnknown,
        Self::PassUsed,
        Self::PassVoid,
        Self::PassOfAnother,
        Self::DoorClosed,
        Self::DoorLinkRevoked,
        Self::OrderCancelled,
        Self::OrderHeld,
        Self::OrderPaid,
        Self::OrderPaidBefore,
        Self::PaymentPending,
        Self::PaymentDeclined,
        Self::PaymentRefunded,
        Self::PasswordChanged,
        Self::AddressConfirmed,
        Self::LetterSent,
        Self::ResetSent,
        Self::PasswordReset,
        Self::Renamed,
        Self::AlertKept,
        Self::AlertEnded,
        Self::AccountDeleted,
        Self::SessionRevoked,
        Self::OtherSessionsRevoked,
        Self::NothingChanged,
        Self::EntriesLost,
    ];

    /// The code, safe in a cookie.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::SignedUp => "signed-up",
            Self::SignedOut => "signed-out",
            Self::TicketOffered => "ticket-offered",
            Self::TicketChanged => "ticket-changed",
            Self::TicketWithdrawn => "ticket-withdrawn",
            Self::TicketRescheduled => "ticket-rescheduled",
            Self::TicketCalledOff => "ticket-called-off",
            Self::OrderGivenBack => "order-given-back",
            Self::LetIn => "let-in",
            Self::PassUnknown => "pass-unknown",
            Self::PassUsed => "pass-used",
            Self::PassVoid => "pass-void",
            Self::PassOfAnother => "pass-of-another",
            Self::DoorClosed => "door-closed",
            Self::DoorLinkRevoked => "door-link-revoked",
            Self::OrderCancelled => "order-cancelled",
            Self::OrderHeld => "order-held",
            Self::OrderPaid => "order-paid",
            Self::OrderPaidBefore => "order-paid-before",
            Self::PaymentPending => "payment-pending",
            Self::PaymentDeclined => "payment-declined",
            Self::PaymentRefunded => "payment-refunded",
            Self::PasswordChanged => "password-changed",
            Self::AddressConfirmed => "address-confirmed",
            Self::LetterSent => "letter-sent",
            Self::ResetSent => "reset-sent",
            Self::PasswordReset => "password-reset",
            Self::Renamed => "renamed",
            Self::AlertKept => "alert-kept",
            Self::AlertEnded => "alert-ended",
            Self::AccountDeleted => "account-deleted",
            Self::SessionRevoked => "session-revoked",
            Self::OtherSessionsRevoked => "other-sessions-revoked",
            Self::NothingChanged => "nothing-changed",
            Self::EntriesLost => "entries-lost",
        }
    }

    /// The action of a code; `None` for any other text.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|done| done.word() == word)
    }

    const fn sentence(self) -> (FlashKind, &'static str) {
        match self {
            Self::LetIn | Self::PassUnknown | Self::PassUsed | Self::PassVoid | Self::PassOfAnother => self.at_door(),
            Self::DoorClosed | Self::DoorLinkRevoked => self.at_door(),
            Self::SignedUp => (FlashKind::Success, "Welcome. Your account is open and you are signed in."),
            Self::SignedOut => (FlashKind::Success, "You are signed out."),
            Self::TicketOffered => (FlashKind::Success, "Your ticket is on sale."),
            Self::TicketChanged => (FlashKind::Success, "The ticket was changed."),
            Self::TicketWithdrawn => (FlashKind::Success, "The ticket was withdrawn. Orders already placed go on."),
            Self::TicketRescheduled => (FlashKind::Success, "The event was rescheduled. Buyers see what has changed."),
            Self::TicketCalledOff => {
                (FlashKind::Success, "The event was called off. Every paid order is being refunded.")
            }
            Self::OrderGivenBack => (FlashKind::Success, "You gave the tickets back. Your money is on its way."),
            Self::OrderCancelled => (FlashKind::Success, "The order was cancelled."),
            Self::OrderHeld => (
                FlashKind::Notice,
                "You hold places of this ticket already, so no more were ordered. Pay for them or cancel them first.",
            ),
            Self::OrderPaid => (FlashKind::Success, "Your payment was received."),
            Self::OrderPaidBefore => (FlashKind::Notice, "This order is paid already; you are not charged twice."),
            Self::PaymentPending => {
                (FlashKind::Notice, "Your card has not answered yet. Please look again in a moment.")
            }
            Self::PaymentDeclined => {
                (FlashKind::Failure, "The payment was declined. Nothing was charged; try another card.")
            }
            Self::PaymentRefunded => (FlashKind::Notice, "The order is over, so your money is on its way back."),
            Self::PasswordChanged => {
                (FlashKind::Success, "The password was changed, and all other sessions were ended.")
            }
            Self::AddressConfirmed => (FlashKind::Success, "Thank you. Your e-mail address is confirmed."),
            Self::LetterSent => (FlashKind::Success, "A letter with a new link is on its way to you."),
            Self::ResetSent => (
                FlashKind::Notice,
                "If this address has an account, a letter with a link is on its way to it. The link works for an hour.",
            ),
            Self::PasswordReset => (FlashKind::Success, "The password was changed. Sign in with the new one."),
            Self::Renamed => (FlashKind::Success, "Your name was saved."),
            Self::AlertKept | Self::AlertEnded => self.of_alerts(),
            Self::AccountDeleted => (FlashKind::Success, "Your account was deleted."),
            Self::SessionRevoked => (FlashKind::Success, "The session was ended."),
            Self::OtherSessionsRevoked => (FlashKind::Success, "You are signed out everywhere else."),
            Self::NothingChanged => (
                FlashKind::Failure,
                "You are now signed in with another account than when you opened this form. Nothing was changed.",
            ),
            Self::EntriesLost => {
                (FlashKind::Notice, "What you entered before is no longer kept. Please fill in the form again.")
            }
        }
    }

    /// What is told of alerts.
    const fn of_alerts(self) -> (FlashKind, &'static str) {
        match self {
            Self::AlertEnded => (FlashKind::Success, "The alert has ended. You hear nothing more of it."),
            _ => (FlashKind::Success, "We will write to you when there are new ones."),
        }
    }

    /// What is told at a door.
    const fn at_door(self) -> (FlashKind, &'static str) {
        match self {
            Self::LetIn => (FlashKind::Success, "One person may come in."),
            Self::PassUnknown => (FlashKind::Failure, "There is no such ticket."),
            Self::PassUsed => (FlashKind::Failure, "Somebody was let in with this ticket before."),
            Self::PassVoid => (FlashKind::Failure, "This ticket is void."),
            Self::PassOfAnother => (FlashKind::Failure, "This ticket is for another event."),
            Self::DoorClosed => {
                (FlashKind::Failure, "This link opens nothing, or nothing any more. Ask the seller for another.")
            }
            Self::DoorLinkRevoked => (FlashKind::Success, "The link was revoked. Nobody enters by it any more."),
            _ => (FlashKind::Notice, ""),
        }
    }
}

impl From<Done> for Flash {
    fn from(done: Done) -> Self {
        let (kind, text) = done.sentence();
        Self { kind, text: text.to_owned() }
    }
}

/// The message for a form that another account opened: says who is signed in now.
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
    let focused = flash.kind == FlashKind::Failure;
    view! { <p class="message" data-kind=kind role=role tabindex=focused.then_some("-1") autofocus=focused>{flash.text}</p> }
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
