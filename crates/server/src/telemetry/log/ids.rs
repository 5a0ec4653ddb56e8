//! Each line says what it belongs to: the request, and its trace.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::config::LogFormat;
use crate::telemetry::correlation::current_request;

/// Adds the ids to each line.
pub(super) struct Correlated<F> {
    pub(super) line: F,
    pub(super) format: LogFormat,
}

impl<S, N, F> FormatEvent<S, N> for Correlated<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let ids = [("correlation_id", current_request().map(|id| id.to_string())), ("trace_id", trace_id())];
        let mut ids = ids.iter().filter_map(|(name, id)| Some((name, id.as_ref()?)));
        let mut line = String::new();
        self.line.format_event(ctx, Writer::new(&mut line), event)?;
        match self.format {
            LogFormat::Json => {
                writer.write_char('{')?;
                ids.try_for_each(|(name, id)| write!(writer, "\"{name}\":\"{id}\","))?;
                writer.write_str(line.strip_prefix('{').unwrap_or(&line))
            }
            LogFormat::Text => {
                writer.write_str(line.trim_end_matches('\n'))?;
                ids.try_for_each(|(name, id)| write!(writer, " {name}={id}"))?;
                writer.write_char('\n')
            }
        }
    }
}

/// The trace that is being worked for, if it is recorded.
#[cfg(feature = "otlp")]
fn trace_id() -> Option<String> {
    use opentelemetry::trace::TraceContextExt as _;

    opentelemetry::Context::map_current(|current| {
        let context = current.span().span_context().clone();
        context.is_valid().then(|| context.trace_id().to_string())
    })
}

#[cfg(not(feature = "otlp"))]
const fn trace_id() -> Option<String> {
    None
}
