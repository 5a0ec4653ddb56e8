//! Spans of the traces that commands and events belong to.
//!
//! The core knows `tracing` and the text of a W3C trace context, and no exporter. Whatever exports these spans takes
//! those of [`TARGET`] and reads two fields: `traceparent` is the context that a span continues, and `links` are
//! those that it works for besides, separated by blanks.
//!
//! Only what is sampled has a span. Work for anything else costs a look at the end of its `traceparent`.

use tracing::field::Empty;
use tracing::{Level, Span};

use crate::ports::store::UnitOfWork;
use crate::wire::{EventEnvelope, Origin};

use super::consumer::Incoming;

/// The target of every span.
pub const TARGET: &str = "ticketing::spans";

/// The most contexts that one span is linked to, as exporters have it.
const MOST_LINKS: usize = 128;

/// Whether a W3C trace context says that its trace is recorded.
#[must_use]
pub fn is_sampled(traceparent: &str) -> bool {
    let flags = traceparent.bytes().next_back().and_then(|digit| char::from(digit).to_digit(16));
    flags.is_some_and(|flags| flags & 1 == 1)
}

/// A command that somebody gave.
pub(crate) fn command(name: &'static str, origin: &Origin) -> Span {
    continued(
        [origin],
        |Contexts { traceparent, .. }| tracing::info_span!(target: TARGET, "command", otel.name = name, traceparent),
    )
}

/// Commands that are decided together.
pub(crate) fn batch<'a>(commands: impl ExactSizeIterator<Item = &'a Origin>) -> Span {
    let count = number(commands.len());
    continued(commands, |Contexts { traceparent, links }| {
        let name = "decide orders";
        tracing::info_span!(target: TARGET, "batch", otel.name = name, ticketing.commands = count, traceparent, links)
    })
}

/// A commit of what is being done, if that has a span.
pub(crate) fn commit<R>(work: &UnitOfWork<R>) -> Span {
    counted(work.writes.len(), work.events.len())
}

/// The same for so many writes without an event.
pub(crate) fn commit_of(writes: usize) -> Span {
    counted(writes, 0)
}

fn counted(writes: usize, events: usize) -> Span {
    if !is_on() || Span::current().is_none() {
        return Span::none();
    }
    let (writes, events) = (number(writes), number(events));
    tracing::info_span!(target: TARGET, "commit", ticketing.writes = writes, ticketing.events = events)
}

/// Events on their way to the transport.
pub(crate) fn publish(events: &[EventEnvelope]) -> Span {
    continued(events.iter().map(|event| &event.origin), |Contexts { traceparent, links }| {
        let topic = events.first().map_or("", |event| event.topic.name());
        tracing::info_span!(
            target: TARGET, "publish", otel.name = format!("publish {topic}"), otel.kind = "producer",
            messaging.operation.name = "publish", messaging.operation.type = "send",
            messaging.destination.name = topic, messaging.batch.message_count = number(events.len()), traceparent, links,
        )
    })
}

/// Events in the hands of a consumer.
pub(crate) fn process(consumer: &str, events: &[Incoming]) -> Span {
    let origins = events.iter().map(|incoming| &incoming.envelope.origin);
    continued(origins, |Contexts { traceparent, links }| {
        let topic = events.first().map_or("", |incoming| incoming.envelope.topic.name());
        tracing::info_span!(
            target: TARGET, "process", otel.name = format!("process {topic}"), otel.kind = "consumer",
            messaging.operation.name = "process", messaging.operation.type = "process",
            messaging.destination.name = topic, messaging.consumer.group.name = consumer,
            messaging.batch.message_count = number(events.len()), traceparent, links, otel.status_code = Empty,
        )
    })
}

/// What a span continues, and what it is linked to.
struct Contexts<'a> {
    traceparent: &'a str,
    links: Option<String>,
}

/// A span that continues the first sampled context of `origins` and is linked to the others; none if there is none.
fn continued<'a>(origins: impl IntoIterator<Item = &'a Origin>, span: impl FnOnce(Contexts<'a>) -> Span) -> Span {
    if !is_on() {
        return Span::none();
    }
    let mut contexts: Vec<&str> = Vec::new();
    let texts = origins.into_iter().filter_map(|origin| origin.traceparent.as_deref());
    for context in texts.filter(|context| is_sampled(context)) {
        if contexts.len() <= MOST_LINKS && !contexts.contains(&context) {
            contexts.push(context);
        }
    }
    match contexts.split_first() {
        Some((traceparent, [])) => span(Contexts { traceparent, links: None }),
        Some((traceparent, others)) => span(Contexts { traceparent, links: Some(others.join(" ")) }),
        None => Span::none(),
    }
}

/// Exporters know no unsigned numbers.
fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn is_on() -> bool {
    tracing::span_enabled!(target: TARGET, Level::INFO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bit_says_whether_a_trace_is_recorded() {
        let context = |flags: &str| format!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}");

        assert!(["01", "03", "ff"].into_iter().all(|flags| is_sampled(&context(flags))));
        assert!(["00", "02", "fe", "0g", ""].into_iter().all(|flags| !is_sampled(&context(flags))));
        assert!(!is_sampled(""));
    }
}
