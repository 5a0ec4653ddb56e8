//! The letter about a ticket that answers a question which its reader keeps.

use ticketing_core::domain::alert::{Alert, AlertLink, Alerts};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::money::Money;
use ticketing_core::domain::search::{Filters, PriceRange};
use ticketing_core::ports::letter_writer::LetterToWrite;

use crate::format::ticket_address;

use super::letters::{greeting, title_of};
use super::template::Values;
use super::value::{Fact, Value};
use super::{Letters, facts, name};

impl Letters {
    pub(super) fn about_find(&self, letter: &LetterToWrite, ticket: TicketId, left_out: u32) -> Values {
        let text = |text: String| Value::Text(text);
        let end =
            letter.alert.as_ref().map_or_else(|| self.link("/account/alerts"), |alert| self.end_of(letter, alert));
        let mut lines = facts::ticket(ticket, letter.ticket.as_ref());
        lines.extend(
            letter
                .ticket
                .as_ref()
                .map(|ticket| Fact { name: "Price each", text: facts::amount(ticket.offer.price.money()) }),
        );
        lines.extend(letter.alert.as_ref().and_then(asked).map(|text| Fact { name: "You look for", text }));
        Values::from([
            ("marketplace", text(self.marketplace.clone())),
            ("greeting", greeting(letter)),
            ("title", text(title_of(letter))),
            ("facts", Value::Facts(lines)),
            ("ticket", text(self.link(&ticket_address(&ticket.to_string())))),
            ("more", text(more(left_out))),
            ("alerts", text(self.link("/account/alerts"))),
            ("end", text(end)),
        ])
    }

    /// Where a reader ends an alert without signing in.
    pub(super) fn end_of(&self, letter: &LetterToWrite, alert: &Alert) -> String {
        let link = AlertLink { account: letter.owner, alert: alert.id, key: alert.key };
        self.link(&["/alerts/end/", &link.expose()].concat())
    }
}

/// What was left out since the last letter.
fn more(left_out: u32) -> String {
    let most = Alerts::LETTERS_A_DAY;
    match left_out {
        0 => format!("You hear of at most {most} tickets a day."),
        1 => format!("One more was on sale that you were not told of: you hear of at most {most} tickets a day."),
        more => {
            format!("{more} more were on sale that you were not told of: you hear of at most {most} tickets a day.")
        }
    }
}

/// The question in a line. What could be read as anything else, such as an address to open, is left out: who signs up
/// with the address of another could have us send any words to anybody.
fn asked(alert: &Alert) -> Option<String> {
    let Filters { category, city, country, price, .. } = alert.question.filters();
    let names = [Some(alert.question.text()), category.as_deref(), city.as_deref(), country.as_deref()];
    let names = names.into_iter().flatten().filter_map(name::plain).map(str::to_owned);
    let all: Vec<String> = names.chain(price.and_then(most_of)).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn most_of(price: PriceRange) -> Option<String> {
    let amount = Money { amount: price.most?, currency: price.currency };
    Some(format!("at most {}", facts::amount(amount)))
}
