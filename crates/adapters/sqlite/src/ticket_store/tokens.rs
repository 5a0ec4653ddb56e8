//! The event and the currency by which an offer is found, in one text.
//!
//! A token is a letter that says what it is, and a word or the bytes of a name in hexadecimal digits; so it has no
//! character at which `SQLite`'s tokenizer would split it. A space stands before each, and one at the end. The other
//! tokens are those by which the release before searches a file of this schema.

use std::fmt::Write;

use ticketing_core::domain::attributes::Attributes;
use ticketing_core::domain::money::Currency;
use ticketing_core::domain::search::{attributes_to_find, event_to_find, name_to_find};
use ticketing_core::domain::ticket::{Listing, TicketStatus};

/// The tokens of a listing; none if it is not on sale.
pub(super) fn of(listing: &Listing) -> String {
    if listing.ticket.status != TicketStatus::OnSale {
        return String::new();
    }
    let offer = &listing.ticket.offer;
    let details = &offer.details;
    let words = details.words().into_iter().map(|word| self::word(&word));
    let category = details.category.as_deref().map(category);
    let city = details.event.city.as_deref().map(city);
    let currency = currency(offer.price.money().currency);
    let event = event_to_find(&details.event).map(|event| self::event(&event));
    let tokens =
        words.chain(category).chain(city).chain(event).chain([currency]).chain(attributes(&details.attributes));
    tokens.fold(String::new(), |all, token| all + " " + &token) + " "
}

fn word(word: &str) -> String {
    format!("w{word}")
}

fn category(name: &str) -> String {
    hex('k', &name_to_find(name))
}

fn city(name: &str) -> String {
    hex('c', &name_to_find(name))
}

/// An event, as it is recognised.
pub(super) fn event(event: &str) -> String {
    hex('e', event)
}

pub(super) fn currency(currency: Currency) -> String {
    hex('m', currency.code())
}

fn attributes(attributes: &Attributes) -> impl Iterator<Item = String> {
    attributes_to_find(attributes).into_iter().map(|attribute| hex('a', &attribute))
}

fn hex(letter: char, name: &str) -> String {
    name.bytes().fold(letter.to_string(), |mut token, byte| {
        // Writing to a string never fails.
        let _written = write!(token, "{byte:02x}");
        token
    })
}
