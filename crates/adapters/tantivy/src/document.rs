//! An entry as a document of the index, and back.

use std::collections::BTreeMap;
use std::iter;

use serde::{Deserialize, Serialize};
use tantivy::TantivyDocument;
use tantivy::schema::{Field, Value};
use tantivy::tokenizer::{PreTokenizedString, Token};
use ticketing_core::domain::event::Event;
use ticketing_core::domain::ids::{EventId, TicketId};
use ticketing_core::domain::search::{
    Facet, Gram, SearchEntry, SearchTexts, Standing, beginnings, country_of, event_to_find,
};
use ticketing_core::domain::ticket::{ChangedTicket, Sales, Ticket};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::wire::{self, EventEnvelope, Origin};
use uuid::Uuid;

use crate::name;
use crate::schema::Fields;
use crate::standing::times;

/// The numbers of an entry, before its facts.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    id: Uuid,
    sales: (u32, u32, u64),
    facts: Option<FactsHeader>,
}

/// How the facts behind the header are to be read.
#[derive(Debug, Serialize, Deserialize)]
struct FactsHeader {
    kind: String,
    schema: u32,
    version: u64,
}

/// When sales end that nobody ends: after any time that a ticket may have, and few bits more.
const OPEN_END: i64 = 1 << 48;

/// An entry that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("an entry of the index cannot be read: {0}")]
pub(crate) struct Unreadable(String);

/// A ticket is stored in the form in which it travels, which every later release reads. Its envelope is never published.
fn sealed(ticket: &Ticket) -> EventEnvelope {
    let event = ChangedTicket::from(ticket.clone()).event();
    wire::seal(&event, EventId::new(Uuid::nil()), Timestamp::EPOCH, &Origin::new(Uuid::nil()))
}

/// The bytes of an entry: a line with its numbers, and its facts.
pub(crate) fn encode(entry: &SearchEntry) -> Result<Vec<u8>, Unreadable> {
    let facts = entry.facts.as_ref().map(sealed);
    let Sales { held, sold, version } = entry.sales;
    let header = Header {
        id: entry.id.uuid(),
        sales: (held, sold, version),
        facts: facts.as_ref().map(|facts| FactsHeader {
            kind: facts.kind.clone().into_owned(),
            schema: facts.schema,
            version: facts.version,
        }),
    };
    let mut bytes = serde_json::to_vec(&header).map_err(|error| Unreadable(error.to_string()))?;
    bytes.push(b'\n');
    bytes.extend(facts.iter().flat_map(|facts| facts.data.iter()));
    Ok(bytes)
}

/// The entry in a document.
pub(crate) fn entry(document: &TantivyDocument, fields: &Fields) -> Result<SearchEntry, Unreadable> {
    let bytes = document.get_first(fields.entry).and_then(|value| value.as_bytes());
    decode(bytes.ok_or_else(|| Unreadable("it is not there".to_owned()))?)
}

fn decode(bytes: &[u8]) -> Result<SearchEntry, Unreadable> {
    let unreadable = |error: String| Unreadable(error);
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(|| unreadable("it has no header".to_owned()))?;
    let (header, data) = (bytes.get(..end).unwrap_or_default(), bytes.get(end + 1..).unwrap_or_default());
    let header: Header = serde_json::from_slice(header).map_err(|error| unreadable(error.to_string()))?;
    let facts = header.facts.map(|facts| facts_of(header.id, facts, data)).transpose()?;
    let (held, sold, version) = header.sales;
    Ok(SearchEntry { id: TicketId::new(header.id), facts, sales: Sales { held, sold, version } })
}

fn facts_of(subject: Uuid, facts: FactsHeader, data: &[u8]) -> Result<Ticket, Unreadable> {
    let envelope = EventEnvelope {
        id: EventId::new(Uuid::nil()),
        topic: ticketing_core::domain::event::Topic::Tickets,
        kind: facts.kind.into(),
        schema: facts.schema,
        time: Timestamp::EPOCH,
        subject,
        version: facts.version,
        origin: Origin::new(Uuid::nil()),
        data: data.to_vec().into(),
    };
    let event = wire::open(&envelope).map_err(|error| Unreadable(error.to_string()))?;
    let ticket = event.as_ref().and_then(Event::ticket).cloned();
    ticket.ok_or_else(|| Unreadable("its facts are not those of a ticket".to_owned()))
}

/// The document of an entry. What is not shown has no terms, and is found by its id alone.
pub(crate) fn document(entry: &SearchEntry, fields: &Fields) -> Result<TantivyDocument, Unreadable> {
    let mut document = TantivyDocument::default();
    let id = entry.id.uuid();
    let (high, low) = id.as_u64_pair();
    document.add_bytes(fields.id, id.as_bytes());
    document.add_bytes(fields.entry, &encode(entry)?);
    document.add_u64(fields.id_high, high);
    document.add_u64(fields.id_low, low);
    // Every document has these, also one that is not shown: a column without gaps is read several times as fast.
    let closes_at = entry.shown().and_then(|ticket| ticket.offer.details.closes_at());
    document.add_i64(fields.closes, closes_at.map_or(OPEN_END, Timestamp::millis));
    let offer = entry.facts.as_ref().map(|ticket| &ticket.offer);
    document.add_u64(fields.price, offer.map_or(0, |offer| offer.price.money().amount));
    let is_together = offer.is_some_and(|offer| offer.details.event.seating.together);
    document.add_u64(fields.left, u64::from(entry.left()) * 2 + u64::from(is_together));
    if let Some(ticket) = entry.shown() {
        add_times(&mut document, fields, ticket);
        add_names(&mut document, fields, ticket);
        add_texts(&mut document, fields, ticket);
    }
    Ok(document)
}

fn add_times(document: &mut TantivyDocument, fields: &Fields, ticket: &Ticket) {
    let event = &ticket.offer.details.event;
    event.starts_at.into_iter().for_each(|at| document.add_i64(fields.starts, at.millis()));
    event.starts_local().into_iter().for_each(|at| document.add_i64(fields.starts_local, at.millis()));
}

fn add_names(document: &mut TantivyDocument, fields: &Fields, ticket: &Ticket) {
    let details = &ticket.offer.details;
    let currency = ticket.offer.price.money().currency;
    let mut names = vec![name::SHOWN.to_owned(), name::currency(currency.code())];
    names.extend(details.category.as_deref().map(name::category));
    names.extend(details.event.city.as_deref().map(name::city));
    names.extend(country_of(&details.attributes).map(name::country));
    names.extend(event_to_find(&details.event).as_deref().map(name::event));
    names.extend(name::attributes(&details.attributes));
    names.iter().for_each(|name| document.add_text(fields.names, name));
    for (facet, field) in fields.facets {
        let value = match facet {
            Facet::Category => details.category.as_deref(),
            Facet::City => details.event.city.as_deref(),
            Facet::Country => country_of(&details.attributes),
            Facet::Currency => Some(currency.code()),
        };
        value.into_iter().for_each(|value| document.add_text(field, name::choice(value)));
    }
}

fn add_texts(document: &mut TantivyDocument, fields: &Fields, ticket: &Ticket) {
    let texts = SearchTexts::of(&ticket.offer.details);
    document.add_text(fields.names, name::whole_title(&texts.title.whole));
    let signs = texts.title.signs.iter().chain(&texts.place.signs);
    signs.for_each(|sign| document.add_text(fields.names, name::sign(sign)));
    let (mut words, mut beginning) = (BTreeMap::new(), BTreeMap::new());
    // The best standing comes last, and so it stays.
    for (standing, grams) in fields.grams.into_iter().rev() {
        let terms = texts.at(standing);
        add_grams(document, grams, &terms.grams);
        words.extend(terms.words.iter().map(|word| (word.as_str(), standing)));
        if standing != Standing::About {
            beginning.extend(terms.words.iter().flat_map(|word| beginnings(word)).map(|first| (first, standing)));
        }
    }
    add_standing(document, fields.words, &words);
    add_standing(document, fields.beginnings, &beginning);
}

/// Adds each term as often as its standing says.
fn add_standing(document: &mut TantivyDocument, field: Field, terms: &BTreeMap<&str, Standing>) {
    let written = terms.iter().flat_map(|(text, standing)| iter::repeat_n(*text, times(*standing)));
    let token = |(position, text): (usize, &str)| Token { position, text: text.to_owned(), ..Token::default() };
    add_tokens(document, field, written.enumerate().map(token).collect());
}

fn add_grams(document: &mut TantivyDocument, field: Field, grams: &[Gram]) {
    let token = |gram: &Gram| Token {
        position: usize::try_from(gram.place).unwrap_or_default(),
        text: gram.text.clone(),
        ..Token::default()
    };
    add_tokens(document, field, grams.iter().map(token).collect());
}

fn add_tokens(document: &mut TantivyDocument, field: Field, tokens: Vec<Token>) {
    if !tokens.is_empty() {
        document.add_pre_tokenized_text(field, PreTokenizedString { text: String::new(), tokens });
    }
}
