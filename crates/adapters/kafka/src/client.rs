//! What librdkafka reports by itself goes to the log of the program.

pub(crate) mod handshakes;

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;

use handshakes::Handshakes;

/// The context of clients that only ask.
#[derive(Debug, Default)]
pub(crate) struct Logged {
    pub(crate) handshakes: Handshakes,
}

impl ClientContext for Logged {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.handshakes.note(message);
        log(level, facility, message);
    }

    fn error(&self, error: ClientError, reason: &str) {
        warn(&error, reason);
    }
}

impl ConsumerContext for Logged {}

impl ProducerContext for Logged {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {}
}

pub(crate) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
            tracing::error!(facility, "kafka: {message}");
        }
        RDKafkaLogLevel::Warning => tracing::warn!(facility, "kafka: {message}"),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => tracing::info!(facility, "kafka: {message}"),
        RDKafkaLogLevel::Debug => tracing::debug!(facility, "kafka: {message}"),
    }
}

/// Not an error: the client goes on trying, and calls that wait for it report their own failure.
pub(crate) fn warn(error: &ClientError, reason: &str) {
    match error.rdkafka_error_code() {
        // It says so with each try of each client, as long as an outage lasts.
        Some(RDKafkaErrorCode::AllBrokersDown) if !is_due() => {}
        // Of each connection there is a line in the client's log.
        Some(RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::Resolve) => {}
        _ => tracing::warn!(cause = %error, "kafka: {reason}"),
    }
}

/// Whether the last report of an outage by this process was some time ago.
fn is_due() -> bool {
    const EVERY: Duration = Duration::from_secs(10);
    static TOLD_AT: Mutex<Option<Instant>> = Mutex::new(None);
    let mut told_at = TOLD_AT.lock();
    let is_due = told_at.is_none_or(|told_at| told_at.elapsed() >= EVERY);
    if is_due {
        *told_at = Some(Instant::now());
    }
    is_due
}
