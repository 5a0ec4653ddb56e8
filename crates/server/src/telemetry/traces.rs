//! Traces: spans on their way to a collector, over OTLP.
//!
//! A span that has ended is put into a bounded queue, or dropped if that is full; a separate thread sends what is
//! there. So a collector that is slow or away holds nothing up.

mod collector;
mod outage;

use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::trace::{Link, SpanBuilder, SpanContext, SpanId, SpanKind, TraceContextExt as _, TraceFlags};
use opentelemetry::trace::{TraceId, TraceState, Tracer, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, SdkTracer, SdkTracerProvider, ShouldSample};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::{Layer, Registry};

use ticketing_core::messaging::spans::TARGET;
use ticketing_core::ports::BoxError;

use crate::config::TracesConfig;

use collector::Collector;
use outage::Reported;

/// How long the end of the process waits for spans that are still to be sent.
const FLUSH_WITHIN: Duration = Duration::from_secs(2);

static TRACES: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Takes the spans of the program, and nothing else.
pub(super) fn layer(config: &TracesConfig) -> Result<impl Layer<Registry> + Send + Sync + use<>, BoxError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("http://{}/v1/traces", config.endpoint.authority()))
        .with_http_client(Collector::new()?)
        .build()?;
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_service_name(config.service_name.clone()).with_attribute(version).build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(Reported::new(exporter))
        .with_sampler(Begun)
        .with_resource(resource)
        .build();
    let provider = TRACES.get_or_init(|| provider);
    let tracer = Continued { tracer: provider.tracer("ticketing"), messaging_system: config.messaging_system };
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false);
    let is_ours = filter_fn(|metadata| metadata.is_span() && metadata.target() == TARGET);
    Ok(layer.with_filter(is_ours.with_max_level_hint(LevelFilter::INFO)))
}

/// Waits a moment until the spans that have ended are sent.
pub fn flush_traces() {
    if let Some(provider) = TRACES.get()
        && let Err(error) = provider.shutdown_with_timeout(FLUSH_WITHIN)
    {
        tracing::warn!(cause = %error, "the last spans could not be sent");
    }
}

/// Only a request begins a trace: the edge has drawn which. Everything else belongs to one, or is not recorded.
#[derive(Debug, Clone)]
struct Begun;

impl ShouldSample for Begun {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        _: TraceId,
        _: &str,
        kind: &SpanKind,
        _: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let is_sampled = match parent.filter(|parent| parent.has_active_span()) {
            Some(parent) => parent.span().span_context().is_sampled(),
            None => *kind == SpanKind::Server,
        };
        let decision = if is_sampled { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop };
        SamplingResult { decision, attributes: Vec::new(), trace_state: TraceState::default() }
    }
}

/// Starts spans as the core describes them: `traceparent` is what they continue, `links` what they are linked to.
#[derive(Debug)]
struct Continued {
    tracer: SdkTracer,
    messaging_system: &'static str,
}

impl Tracer for Continued {
    type Span = <SdkTracer as Tracer>::Span;

    fn build_with_context(&self, mut builder: SpanBuilder, parent: &Context) -> Self::Span {
        let mut attributes = builder.attributes.take().unwrap_or_default();
        let continued = take(&mut attributes, "traceparent").and_then(|text| remote(&text));
        let links = take(&mut attributes, "links").unwrap_or_default();
        let links: Vec<_> = links.split(' ').filter_map(remote).map(Link::with_context).collect();
        if attributes.iter().any(|attribute| attribute.key.as_str() == "messaging.operation.name") {
            attributes.push(KeyValue::new("messaging.system", self.messaging_system));
        }
        let builder = builder.with_attributes(attributes).with_links(links);
        match continued {
            Some(context) => self.tracer.build_with_context(builder, &parent.with_remote_span_context(context)),
            None => self.tracer.build_with_context(builder, parent),
        }
    }
}

fn take(attributes: &mut Vec<KeyValue>, name: &str) -> Option<String> {
    let place = attributes.iter().position(|attribute| attribute.key.as_str() == name)?;
    Some(attributes.swap_remove(place).value.as_str().into_owned())
}

/// Reads `00-<trace>-<span>-<flags>`, as W3C Trace Context has it.
fn remote(text: &str) -> Option<SpanContext> {
    let mut parts = text.split('-').skip(1);
    let trace = TraceId::from_hex(parts.next()?).ok()?;
    let span = SpanId::from_hex(parts.next()?).ok()?;
    let flags = TraceFlags::new(u8::from_str_radix(parts.next()?, 16).ok()?);
    Some(SpanContext::new(trace, span, flags, true, TraceState::default())).filter(SpanContext::is_valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_context_is_read_as_it_was_written() {
        let context = remote("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01").unwrap();

        assert_eq!(context.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!((context.span_id().to_string(), context.is_sampled()), ("00f067aa0ba902b7".to_owned(), true));
        for wrong in ["", "tomato", "00-0-0-01", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"] {
            assert!(remote(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn only_a_request_or_what_belongs_to_a_recorded_trace_is_recorded() {
        let decide = |parent: Option<&str>, kind| {
            let context = parent.and_then(remote).map(|parent| Context::new().with_remote_span_context(parent));
            Begun.should_sample(context.as_ref(), TraceId::INVALID, "", &kind, &[], &[]).decision
        };
        let (yes, no) = (SamplingDecision::RecordAndSample, SamplingDecision::Drop);

        assert_eq!((decide(None, SpanKind::Server), decide(None, SpanKind::Internal)), (yes.clone(), no.clone()));
        let context = |flags| format!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}");
        assert_eq!(decide(Some(&context("01")), SpanKind::Internal), yes);
        assert_eq!(decide(Some(&context("00")), SpanKind::Server), no);
    }
}
