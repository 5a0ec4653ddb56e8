//! Which words a letter has, and what is filled in.

use std::time::Duration;

use ticketing_core::domain::ids::{OrderId, TicketId};
use ticketing_core::domain::letter::LetterReason;
use ticketing_core::domain::order::{OrderStatus, RefundReason};
use ticketing_core::domain::ticket::TicketStatus;
use ticketing_core::ports::letter_writer::LetterToWrite;

use crate::format::{device_name, order_address, utc_text};

use super::template::{self, Composed, Template, Values};
use super::value::{Fact, Value};
use super::{Letters, facts, name};

/// What stands for an event whose title is not known.
const AN_EVENT: &str = "an event";
/// The longest title in a subject, which a phone shows in part anyway.
const TITLE_CHARS: usize = 80;

impl Letters {
    pub(super) fn compose(&self, letter: &LetterToWrite) -> Composed {
        let (template, values) = match &letter.reason {
            LetterReason::ConfirmAddress => (template::CONFIRM_ADDRESS, self.with_link(letter, "/confirm")),
            LetterReason::ResetPassword => (template::RESET_PASSWORD, self.with_link(letter, "/reset")),
            LetterReason::PasswordChanged => {
                let mut values = self.about_account(letter);
                values.insert("forgot", text(self.link("/forgot")));
                (template::PASSWORD_CHANGED, values)
            }
            LetterReason::NewBrowser { device } => {
                let mut values = self.about_account(letter);
                values.insert("device", text(browser(device)));
                (template::NEW_BROWSER, values)
            }
            LetterReason::OrderCompleted { order } => (template::ORDER_COMPLETED, self.about_order(letter, *order)),
            LetterReason::EventChanged { order } => self.about_change(letter, *order),
            LetterReason::OrderRefunded { order } => {
                let mut values = self.about_order(letter, *order);
                values.insert("reason", text(why_refunded(letter)));
                (template::ORDER_REFUNDED, values)
            }
            LetterReason::MoneyReturned { order, amount } => {
                let mut values = self.about_order(letter, *order);
                values.insert("amount", text(facts::amount(*amount)));
                (template::MONEY_RETURNED, values)
            }
            LetterReason::PlacesSold { ticket } => (template::PLACES_SOLD, self.about_sales(letter, *ticket)),
            LetterReason::TicketFound { ticket, left_out, .. } => {
                (template::TICKET_FOUND, self.about_find(letter, *ticket, *left_out))
            }
        };
        let frame = Values::from([("marketplace", self.name()), ("home", text(self.link("/")))]);
        Composed { template, values, frame }
    }

    fn name(&self) -> Value {
        text(&*self.marketplace)
    }

    /// Nobody is greeted by name before the address is theirs: who signs up could have us send any words to anybody.
    fn with_link(&self, letter: &LetterToWrite, path: &str) -> Values {
        let token = letter.to.token.as_ref().map(|token| format!("/{}", token.expose()));
        let link = text(self.link(&[path, &token.unwrap_or_default()].concat()));
        let lasts = text(span(letter.reason.is_of_use_for()));
        Values::from([("marketplace", self.name()), ("link", link), ("lasts", lasts)])
    }

    fn about_account(&self, letter: &LetterToWrite) -> Values {
        Values::from([
            ("marketplace", self.name()),
            ("greeting", greeting(letter)),
            ("when", text(format!("on {}", utc_text(&letter.caused_at.to_string())))),
            ("account", text(self.link("/account"))),
        ])
    }

    fn about_order(&self, letter: &LetterToWrite, order: OrderId) -> Values {
        let title = letter.order.as_ref().map(|order| &*order.ticket.event.title);
        Values::from([
            ("marketplace", self.name()),
            ("greeting", greeting(letter)),
            ("title", text(short(title.unwrap_or(AN_EVENT)))),
            ("facts", Value::Facts(facts::order(order, letter.order.as_ref()))),
            ("order", text(self.link(&order_address(&order.to_string())))),
        ])
    }

    fn about_change(&self, letter: &LetterToWrite, id: OrderId) -> (Template, Values) {
        let mut values = self.about_order(letter, id);
        let ordered = letter.order.as_ref().map(|order| &order.ticket);
        let then = ordered.map(|ticket| &*ticket.event);
        let now = match (then, &letter.ticket) {
            (_, Some(ticket)) if ticket.status == TicketStatus::CalledOff => {
                return (template::EVENT_CALLED_OFF, values);
            }
            (Some(then), Some(ticket)) if *then == *ticket.offer.details.event => {
                return (template::EVENT_AS_ORDERED, values);
            }
            (_, ticket) => ticket.as_ref().map(|ticket| facts::event(&ticket.offer.details.event)),
        };
        values.remove("facts");
        values.insert("then", known(ordered.map(facts::ordered)));
        values.insert("now", known(now));
        (template::EVENT_CHANGED, values)
    }

    fn about_sales(&self, letter: &LetterToWrite, ticket: TicketId) -> Values {
        Values::from([
            ("marketplace", self.name()),
            ("greeting", greeting(letter)),
            ("title", text(title_of(letter))),
            ("facts", Value::Facts(facts::ticket(ticket, letter.ticket.as_ref()))),
            ("selling", text(self.link("/my/tickets"))),
        ])
    }
}

/// The title of the ticket that a letter is about.
pub(super) fn title_of(letter: &LetterToWrite) -> String {
    let title = letter.ticket.as_ref().map(|ticket| &*ticket.offer.details.event.title);
    short(title.unwrap_or(AN_EVENT))
}

fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

fn known(facts: Option<Vec<Fact>>) -> Value {
    facts.map_or_else(|| text("See the page of your order."), Value::Facts)
}

/// A name that could be read as anything else, such as an address to open, is left out.
pub(super) fn greeting(letter: &LetterToWrite) -> Value {
    let name = letter.to.display_name.as_deref().and_then(name::plain);
    text(name.map_or_else(|| "Hello,".to_owned(), |name| format!("Hello {name},")))
}

/// A browser that is not known is not called by the name that it gives itself, which anybody chooses.
fn browser(agent: &str) -> String {
    let name = device_name(agent);
    if name == agent { "a browser or program that we do not know".to_owned() } else { name }
}

fn short(title: &str) -> String {
    if title.chars().count() <= TITLE_CHARS {
        return title.to_owned();
    }
    let begin: String = title.chars().take(TITLE_CHARS - 1).collect();
    begin.trim_end().to_owned() + "…"
}

fn span(span: Duration) -> String {
    match span.as_secs() / 60 {
        60 => "one hour".to_owned(),
        minutes if minutes % 60 == 0 => format!("{} hours", minutes / 60),
        minutes => format!("{minutes} minutes"),
    }
}

fn why_refunded(letter: &LetterToWrite) -> &'static str {
    match letter.order.as_ref().map(|order| order.status) {
        Some(OrderStatus::Refunded { reason: RefundReason::CalledOff, .. }) => "The event was called off.",
        Some(OrderStatus::Refunded { reason: RefundReason::ByBuyer, .. }) => "You gave your order back.",
        Some(OrderStatus::Refunded { reason: RefundReason::BySeller, .. }) => "The seller took your order back.",
        Some(OrderStatus::AwaitingPayment { .. } | OrderStatus::Completed { .. } | OrderStatus::Cancelled { .. })
        | None => "Your order was refunded.",
    }
}
