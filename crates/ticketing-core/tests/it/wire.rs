//! Events on the wire: golden files, what is refused, and what any event survives.
//!
//! A golden file is never edited: it is what a release once wrote. A new type or
//! schema gets a new file; the test that misses it prints what to put there.

mod generated;
pub(crate) mod samples;
mod ticket_changes;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use ticketing_core::domain::event::Event;
use ticketing_core::domain::ids::EventId;
use ticketing_core::domain::ticket::{Offer, OfferInput};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::wire::{EventEnvelope, Origin, RawMessage, Undecodable, from_message, open, seal, to_headers};
use uuid::Uuid;

use samples::{envelope, samples, samples_with_attributes, samples_with_sales, samples_with_seller};

/// Where these are among the samples.
const CREATED_TICKET: usize = 8;
const CREATED_ORDER: usize = 13;
const CAPTURED_PAYMENT: usize = 17;

/// A message as its golden file shows it; the body to the byte.
#[derive(Serialize, Deserialize)]
struct Golden {
    topic: String,
    key: String,
    headers: BTreeMap<String, String>,
    body: Box<RawValue>,
}

impl Golden {
    fn of(message: RawMessage) -> Self {
        let body = String::from_utf8(message.body.to_vec()).expect("JSON is UTF-8");
        Self {
            topic: message.topic,
            key: message.key,
            headers: message.headers.into_iter().collect(),
            body: RawValue::from_string(body).expect("a payload is JSON"),
        }
    }

    fn into_message(self) -> RawMessage {
        RawMessage {
            topic: self.topic,
            key: self.key,
            headers: self.headers.into_iter().collect(),
            body: Bytes::from(self.body.get().to_owned()),
        }
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden")
}

fn golden(name: &str) -> Golden {
    let text = fs::read_to_string(folder().join(name)).expect("the golden file is there");
    serde_json::from_str(&text).expect("a golden file is a message")
}

/// With which the name of a golden file begins, such as `order.created.v1`.
fn version_name(envelope: &EventEnvelope) -> String {
    format!("{}.v{}", envelope.kind, envelope.schema)
}

fn message(envelope: &EventEnvelope) -> RawMessage {
    RawMessage {
        topic: envelope.topic.name().to_owned(),
        key: envelope.subject.to_string(),
        headers: to_headers(envelope),
        body: envelope.data.clone(),
    }
}

fn decode(message: &RawMessage) -> Result<Option<Event>, Undecodable> {
    from_message(message).and_then(|envelope| open(&envelope))
}

/// A message with one header changed, or without it.
fn with_header(name: &str, value: Option<&str>) -> RawMessage {
    let mut message = message(&envelope(&samples().swap_remove(CREATED_ORDER)));
    message.headers.retain(|(known, _)| known != name);
    message.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    message
}

/// `OrderCreated` as the wire calls it: `order.created`.
fn kind_of_variant(variant: &str) -> String {
    let words = variant.chars().enumerate().flat_map(|(at, c)| {
        let is_first = variant.chars().take(at).filter(char::is_ascii_uppercase).count() == 1;
        let gap = (c.is_uppercase() && at > 0).then_some(if is_first { '.' } else { '_' });
        gap.into_iter().chain(c.to_lowercase())
    });
    words.collect()
}

/// The kinds of all events there are, read from the source so that none can be forgotten.
fn all_kinds() -> Vec<String> {
    let source = include_str!("../../src/domain/event.rs");
    let (_, rest) = source.split_once("pub enum Event {").expect("the enum is there");
    let (body, _) = rest.split_once("\n}").expect("the enum ends");
    let variants = body.lines().filter_map(|line| line.strip_prefix("    "));
    let variants = variants.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    variants.map(|line| kind_of_variant(line.split(['(', ' ', ',']).next().unwrap_or(line))).collect()
}

#[test]
fn every_event_has_a_sample() {
    let kinds = samples().iter().map(|event| envelope(event).kind).collect::<Vec<_>>();

    assert_eq!(kinds, all_kinds());
}

/// Every sample, and the name of its golden file.
fn golden_samples() -> Vec<(String, Event)> {
    let name = |event: &Event, end: &str| format!("{}{end}.json", version_name(&envelope(event)));
    let plain = samples().into_iter().map(|event| (name(&event, ""), event));
    let attributes = samples_with_attributes().into_iter().map(|event| (name(&event, ".attributes"), event));
    let seller = samples_with_seller().into_iter().map(|event| (name(&event, ".seller"), event));
    let sales = samples_with_sales().into_iter().map(|event| (name(&event, ".sales"), event));
    plain.chain(attributes).chain(seller).chain(sales).collect()
}

#[test]
fn an_event_is_written_as_its_golden_file_shows() {
    for (name, event) in golden_samples() {
        let written = serde_json::to_string_pretty(&Golden::of(message(&envelope(&event)))).unwrap() + "\n";
        let golden = fs::read_to_string(folder().join(&name)).unwrap_or_default();

        assert_eq!(written, golden, "{name} should hold:\n{written}");
    }
}

#[test]
fn the_newest_golden_file_is_read_as_the_event_it_was() {
    for (name, event) in golden_samples() {
        let envelope = envelope(&event);
        let message = golden(&name).into_message();

        assert_eq!(from_message(&message), Ok(envelope));
        assert_eq!(decode(&message), Ok(Some(event)));
    }
}

#[test]
fn every_golden_file_ever_written_is_still_read() {
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let message = golden(&name).into_message();
        let envelope = from_message(&message).unwrap();

        assert!(name.starts_with(&format!("{}.", version_name(&envelope))), "{name}");
        assert!(matches!(open(&envelope), Ok(Some(_))), "{name}");
    }
}

#[test]
fn every_event_is_documented_with_its_topic() {
    let docs = include_str!("../../../../docs/events.md");

    for event in samples() {
        let kind = envelope(&event).kind;
        let title = format!("### `{kind}`");
        assert!(docs.contains(&title), "docs/events.md lacks {title}");
        assert!(docs.contains(event.topic().name()), "docs/events.md lacks {}", event.topic().name());
    }
}

#[test]
fn every_documented_payload_is_the_golden_one() {
    let docs = include_str!("../../../../docs/events.md");

    for event in samples() {
        let kind = envelope(&event).kind;
        let (_, section) = docs.split_once(&format!("### `{kind}`")).unwrap();
        let (_, example) = section.split_once("```json\n").unwrap();
        let (example, _) = example.split_once("```").unwrap();
        let documented = serde_json::from_str::<serde_json::Value>(example).unwrap();

        assert_eq!(documented, serde_json::from_slice::<serde_json::Value>(&envelope(&event).data).unwrap(), "{kind}");
    }
}

#[test]
fn what_we_do_not_know_is_kept() {
    let message = with_header("ce_partnerid", Some("p-7"));
    let envelope = from_message(&message).unwrap();

    assert_eq!(envelope.origin.extensions, [("ce_partnerid".to_owned(), "p-7".to_owned())]);
    assert!(to_headers(&envelope).contains(&("ce_partnerid".to_owned(), "p-7".to_owned())));
    assert!(open(&envelope).unwrap().is_some());
}

#[test]
fn an_extension_follows_from_a_command_into_its_events_and_what_they_cause() {
    let event = samples().swap_remove(CREATED_ORDER);
    let origin = Origin::new(Uuid::nil()).with_extension("tenant", "north").unwrap();
    let mut message = message(&seal(&event, EventId::new(Uuid::nil()), Timestamp::EPOCH, &origin));
    assert!(message.headers.contains(&("ce_tenant".to_owned(), "north".to_owned())));
    message.headers.push(("x-hop".to_owned(), "7".to_owned()));

    let caused = Origin::caused_by(&from_message(&message).unwrap());

    assert_eq!(caused.extensions, origin.extensions, "headers of a transport stay behind");
}

#[test]
fn an_unknown_field_is_passed_over() {
    let mut envelope = envelope(samples().get(CREATED_ORDER).expect("there are samples"));
    let body = String::from_utf8(envelope.data.to_vec()).unwrap();
    envelope.data = Bytes::from(body.replacen('{', r#"{"loyaltyPoints":7,"#, 1));

    assert_eq!(open(&envelope), Ok(Some(samples().swap_remove(CREATED_ORDER))));
}

#[test]
fn a_type_of_a_newer_release_is_passed_by() {
    assert_eq!(decode(&with_header("ce_type", Some("order.gifted"))), Ok(None));
}

#[test]
fn a_schema_that_was_never_ours_is_refused() {
    for schema in ["0", "2", "4294967295"] {
        assert!(decode(&with_header("ce_schema", Some(schema))).is_err(), "{schema}");
    }
}

#[test]
fn a_missing_attribute_is_named() {
    let required = [
        "ce_specversion",
        "ce_id",
        "ce_type",
        "ce_schema",
        "ce_time",
        "ce_subject",
        "ce_aggregateversion",
        "ce_correlationid",
    ];
    for name in required {
        assert_eq!(decode(&with_header(name, None)).unwrap_err().what, format!("{name} is missing"));
    }
}

#[test]
fn a_malformed_attribute_is_named() {
    let malformed = [
        ("ce_specversion", "0.3"),
        ("ce_id", "seven"),
        ("ce_schema", "one"),
        ("ce_schema", "-1"),
        ("ce_schema", "4294967296"),
        ("ce_time", "yesterday"),
        ("ce_time", "1969-12-31T23:59:59Z"),
        ("ce_subject", ""),
        ("ce_aggregateversion", "1.0"),
        ("ce_correlationid", "x"),
        ("ce_causationid", "x"),
    ];
    for (name, value) in malformed {
        let error = decode(&with_header(name, Some(value))).unwrap_err();
        assert!(error.what.starts_with(name), "{name}={value}: {error}");
    }
}

#[test]
fn a_message_that_contradicts_itself_is_refused() {
    let elsewhere = RawMessage { topic: "somebody.else".to_owned(), ..with_header("x", None) };
    let mut empty = with_header("x", None);
    empty.body = Bytes::new();

    assert!(decode(&elsewhere).is_err());
    assert!(decode(&empty).is_err());
    assert!(decode(&with_header("ce_subject", Some("01931b6e-8f00-7000-8000-0000000000ff"))).is_err());
    assert!(decode(&with_header("ce_aggregateversion", Some("9"))).is_err());
}

/// Composed, some texts are longer than they were typed; and what an older release let pass stays acknowledged.
#[test]
fn a_text_that_was_accepted_once_is_read_whatever_the_rules_are_now() {
    let grown = "\u{958}".repeat(120);
    let grown = OfferInput { title: &grown, amount: 1, currency: "EUR", quantity: 1, ..OfferInput::default() };
    let accepted = Offer::parse(grown).unwrap();
    for title in [&*accepted.details.event.title, "\u{3164}", "a\u{2028}b"] {
        let Event::TicketCreated(mut created) = samples()[CREATED_TICKET].clone() else {
            panic!("the sample is a ticket")
        };
        std::sync::Arc::make_mut(&mut created.ticket.offer.details.event).title = title.into();
        let event = Event::TicketCreated(created);

        assert_eq!(open(&envelope(&event)).as_ref(), Ok(&Some(event)), "{title:?}");
    }
}

#[test]
fn a_value_out_of_bounds_is_refused() {
    let events = samples();
    let out_of_bounds = [
        (CREATED_TICKET, r#""quantity":2"#, r#""quantity":1001"#),
        (CREATED_TICKET, r#""quantity":2"#, r#""quantity":-1"#),
        (CREATED_TICKET, r#""amount":4500"#, r#""amount":0"#),
        (CREATED_TICKET, r#""EUR""#, r#""DOUBLOON""#),
        (CREATED_TICKET, r#""onSale""#, r#""gone""#),
        (CREATED_TICKET, r#""title":"Opera""#, r#""title":"""#),
        (CREATED_ORDER, r#""awaitingPayment""#, r#""completed""#),
        (CAPTURED_PAYMENT, r#""captured""#, r#""failed""#),
    ];
    for (sample, from, to) in out_of_bounds {
        let mut envelope = envelope(&events[sample]);
        let body = String::from_utf8(envelope.data.to_vec()).unwrap();
        assert!(body.contains(from), "{body} lacks {from}");
        envelope.data = Bytes::from(body.replace(from, to));

        assert!(open(&envelope).is_err(), "{to}");
    }
}
