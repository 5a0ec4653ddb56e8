//! The API's refusals in words: what they mean and what to do.

use crate::components::form::{FieldError, Form};

/// A refusal in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The heading.
    pub title: &'static str,
    /// The explanation, and what the reader can do.
    pub message: &'static str,
}

/// Explains a refusal by its API code.
///
/// # Examples
///
/// ```
/// assert_eq!(ticketing_web::explain("order_not_found").title, "There is no such order");
/// assert_eq!(ticketing_web::explain("of another age").title, "Something went wrong");
/// ```
#[must_use]
pub fn explain(code: &str) -> Explanation {
    let found = EXPLANATIONS.iter().find(|(known, ..)| *known == code);
    let (title, message) = found.map_or(UNKNOWN, |(_, title, message)| (*title, *message));
    Explanation { title, message }
}

/// As [`explain`], with the time to wait after too many attempts, if known.
///
/// # Examples
///
/// ```
/// let (_, message) = ticketing_web::explain_with_wait("rate_limited", Some(90));
///
/// assert!(message.ends_with("Try again in 2 minutes."));
/// ```
#[must_use]
pub fn explain_with_wait(code: &str, seconds: Option<u64>) -> (&'static str, String) {
    let Explanation { title, message } = explain(code);
    match seconds {
        Some(seconds) if code == "rate_limited" => (title, format!("There were too many tries. {}", wait(seconds))),
        Some(_) | None => (title, message.to_owned()),
    }
}

fn wait(seconds: u64) -> String {
    let counted = |count: u64, unit: &str| format!("Try again in {count} {unit}{}.", if count == 1 { "" } else { "s" });
    // Rounded up: coming back too early would be in vain.
    match seconds {
        0..=60 => counted(seconds.max(1), "second"),
        61..=3600 => counted(seconds.div_ceil(60), "minute"),
        _ => counted(seconds.div_ceil(3600), "hour"),
    }
}

const UNKNOWN: (&str, &str) = ("Something went wrong", "Go back and try again.");

const EXPLANATIONS: [(&str, &str, &str); 56] = [
    ("malformed", "This request makes no sense", "Go back, reload the page and try again."),
    ("bad_cursor", "This page of the list is gone", "Begin again with the first page."),
    ("method_not_allowed", "This page takes no such request", "Begin again with the page before."),
    ("route_not_found", "There is no such page", "The address may be mistyped, or the page has moved."),
    ("slow_body", "This took too long to arrive", "Your connection may be slow. Go back and try again."),
    ("too_large", "This is too much at once", "Go back and shorten what you entered."),
    ("unsupported_media_type", "This request makes no sense", "Go back, reload the page and try again."),
    ("invalid", "Something is not filled in right", "Please check what you entered."),
    ("starts_in_the_past", "The event would begin in the past", "Please check what you entered."),
    (
        "starts_too_late",
        "The event would begin too late",
        "It can begin ten years from now at the latest. Please check the year.",
    ),
    ("sales_end_in_the_past", "Sales would end in the past", "Please check when sales end."),
    ("currency_not_in_use", "This currency is no more", "Nobody pays in this currency any more. Choose another one."),
    (
        "idempotency_key_reused",
        "This form was sent before",
        "This form was sent before, with something else in it. Look at what came of that; send it again to ask for more.",
    ),
    ("not_signed_in", "Sign in first", "This page is for people who are signed in."),
    ("wrong_credentials", "This does not go together", "This e-mail address and this password do not go together."),
    ("session_over", "You were signed out", "Sign in again to go on."),
    (
        "link_over",
        "This link is over",
        "It was used before, or its time has passed. Where you still need one, have another letter sent.",
    ),
    (
        "address_unconfirmed",
        "Confirm your e-mail address first",
        "Selling and alerts need an address that is confirmed. Follow the link in our letter; your account page sends another.",
    ),
    ("not_seller", "This is not your ticket", "Only its seller may change a ticket."),
    ("cross_origin", "This came from another site", "For your safety, nothing was done. Begin again on this site."),
    ("account_not_found", "There is no such account", "It may be gone."),
    ("ticket_not_found", "There is no such ticket", "The address may be mistyped, or the ticket is gone."),
    ("order_not_found", "There is no such order", "There is none at this address, or it is not yours to see."),
    ("session_not_found", "This session is over", "It ended before, or it is not yours."),
    ("email_taken", "There is an account already", "This e-mail address has an account. Sign in instead."),
    (
        "ticket_withdrawn",
        "The ticket was withdrawn",
        "The ticket was withdrawn: it takes no more orders and no changes.",
    ),
    (
        "ticket_called_off",
        "The event was called off",
        "The event does not take place. Everybody who paid gets the money back.",
    ),
    (
        "facts_are_sold",
        "What was sold stays as it is",
        "Places are held or sold, so what, where and when cannot be changed here. Reschedule the event, or call it off.",
    ),
    ("sales_ended", "Sales have ended", "The event has begun, or its seller ended the sales. Nothing was ordered."),
    ("quantity_below_sales", "Not that many are free", "More are held or sold than you want to offer."),
    ("own_ticket", "This is your own ticket", "Nobody orders their own ticket."),
    ("sold_out", "Not enough are left", "Fewer are left than you asked for, so nothing was ordered."),
    (
        "price_changed",
        "The price has changed",
        "The price has changed since you saw it, and nothing was ordered. Order again if you agree to the new price.",
    ),
    (
        "event_changed",
        "The event has changed",
        "What, where or when has changed since you saw it, and nothing was ordered. Look at it, and order again if you still want it.",
    ),
    (
        "too_many_places",
        "That is more than one buyer may have",
        "One buyer may have only so many of these. Ask for fewer, or pay for what you hold first.",
    ),
    (
        "too_many_open_orders",
        "You hold enough for now",
        "You have orders that are not paid yet. Pay for one or cancel one, then order again.",
    ),
    (
        "hold_paused",
        "Please wait before you order again",
        "Your last orders were not paid, so the next one has to wait a little. Try again later.",
    ),
    ("order_refunded", "The order was refunded", "This order was refunded, and the money is on its way back."),
    ("order_not_paid", "The order is not paid", "There is no money to give back."),
    (
        "event_unchanged",
        "The event is what you ordered",
        "Tickets can be given back only after the event was rescheduled.",
    ),
    (
        "event_begun",
        "The event has begun",
        "From its start on, an event cannot be rescheduled, and tickets cannot be given back.",
    ),
    ("order_used", "Somebody was let in", "Somebody was let in with this order, so it cannot be given back."),
    ("order_completed", "The order is paid", "This order is paid, so it stays."),
    ("order_cancelled", "The order was cancelled", "This order was cancelled or has expired. Nothing more is charged."),
    (
        "order_overdue",
        "The time to pay is over",
        "The time to pay is over, and nothing was charged. You may order again.",
    ),
    (
        "too_many_declines",
        "Too many cards were declined",
        "Too many cards were declined, so this order cannot be paid any more. You may cancel it and order again.",
    ),
    ("already_paid", "The order is paid", "This order is paid already; you are not charged twice."),
    (
        "payment_in_progress",
        "A payment is under way",
        "Another payment of this order has no answer yet. It is settled by itself, so please wait.",
    ),
    ("card_declined", "The card was declined", "The card was declined and nothing was charged. Try another one."),
    (
        "stale_version",
        "The ticket has changed meanwhile",
        "The ticket was changed since you opened it. What you entered is kept: look at it and send it again to replace \
         the other change.",
    ),
    ("too_many_alerts", "You have as many alerts as you may have", "End one of them first."),
    (
        "too_many_door_links",
        "That is enough of links",
        "This door has as many links as it may have. Revoke one that nobody needs.",
    ),
    ("rate_limited", "Too many tries", "There were too many tries. Wait a little, then try again."),
    (
        "timeout",
        "This took too long",
        "It may have happened all the same. Look, then try again; nothing is done twice.",
    ),
    ("unavailable", "We are busy right now", "Try again in a moment; nothing is done twice."),
    ("broken", "Something is broken here", "It is our fault, not yours. Try again later."),
];

/// The form field that a refusal is about, and its error.
const BLAMED: [(&str, &str, &str); 4] = [
    ("email_taken", "email", "has an account already"),
    ("sold_out", "quantity", "is more than are left"),
    ("card_declined", "token", "was declined"),
    ("order_overdue", "token", "comes too late"),
];

impl<V> Form<V> {
    /// Adds the reason of a refusal, by its API code.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_web::{Form, SignInValues};
    ///
    /// let form = Form::new(SignInValues { email: "ada@example.org".into() }).refused("email_taken");
    ///
    /// assert_eq!(form.errors[0].field, "email");
    /// ```
    #[must_use]
    pub fn refused(self, code: &str) -> Self {
        self.refused_for(code, None)
    }

    /// As [`Form::refused`], with the seconds to wait.
    #[must_use]
    pub fn refused_for(mut self, code: &str, wait: Option<u64>) -> Self {
        let blamed = BLAMED.iter().find(|(known, ..)| *known == code);
        if let Some((_, field, message)) = blamed.filter(|_| self.errors.is_empty()) {
            self.errors.push(FieldError { field: (*field).into(), message: (*message).into() });
        }
        self.alert(explain_with_wait(code, wait).1)
    }
}
