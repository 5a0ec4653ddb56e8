//! One publication, until a report came for each of its events.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError as ClientError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;
use ticketing_core::ports::transport::TransportError;
use tokio::sync::Notify;

use crate::client::{self, handshakes::Handshakes};
use crate::error::of_message;

/// A publication under way.
pub(super) struct Call {
    /// The reports to come, and one for the caller who still hands over.
    pending: AtomicUsize,
    /// The first event that failed, and why.
    failed: Mutex<Option<(usize, TransportError)>>,
    done: Notify,
}

impl Call {
    pub(super) fn begin() -> Arc<Self> {
        Arc::new(Self { pending: AtomicUsize::new(1), failed: Mutex::new(None), done: Notify::new() })
    }

    /// Waits for all reports; returns the first event that failed, by its place in the call.
    pub(super) async fn end(&self) -> Option<(usize, TransportError)> {
        if self.pending.fetch_sub(1, Ordering::AcqRel) > 1 {
            self.done.notified().await;
        }
        self.failed.lock().take()
    }

    fn fail(&self, index: usize, error: ClientError) {
        let mut failed = self.failed.lock();
        if failed.as_ref().is_none_or(|(first, _)| index < *first) {
            *failed = Some((index, of_message(error)));
        }
    }
}

/// A report to come for one event. Dropped, it has come.
pub(super) struct Report {
    call: Arc<Call>,
    index: usize,
}

impl Report {
    pub(super) fn of(call: &Arc<Call>, index: usize) -> Box<Self> {
        call.pending.fetch_add(1, Ordering::Relaxed);
        Box::new(Self { call: Arc::clone(call), index })
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        if self.call.pending.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.call.done.notify_one();
        }
    }
}

/// Takes the reports of a client.
#[derive(Default)]
pub(super) struct Reports {
    pub(super) handshakes: Handshakes,
}

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.handshakes.note(message);
        client::log(level, facility, message);
    }

    fn error(&self, error: ClientError, reason: &str) {
        client::warn(&error, reason);
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = Box<Report>;

    fn delivery(&self, result: &DeliveryResult<'_>, report: Box<Report>) {
        if let Err((error, _)) = result {
            report.call.fail(report.index, error.clone());
        }
    }
}
