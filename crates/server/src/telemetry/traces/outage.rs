//! Says that the collector is away, and not again with each batch.

use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use parking_lot::Mutex;

/// An exporter whose failures are in the log.
#[derive(Debug)]
pub(super) struct Reported<E> {
    exporter: E,
    outage: Mutex<Outage>,
}

/// Batches in a row that could not be sent.
#[derive(Debug, Default)]
struct Outage {
    failures: u32,
    lost: usize,
}

impl<E> Reported<E> {
    pub(super) fn new(exporter: E) -> Self {
        Self { exporter, outage: Mutex::default() }
    }
}

impl Outage {
    /// The line to write, if this failure deserves one: the first of an outage, the second, the fourth and so on.
    fn failed(&mut self, spans: usize) -> Option<usize> {
        self.failures = self.failures.saturating_add(1);
        self.lost += spans;
        self.failures.is_power_of_two().then_some(self.lost)
    }

    /// How many spans an outage cost that is over.
    fn ended(&mut self) -> Option<usize> {
        let Self { failures, lost } = std::mem::take(self);
        (failures > 0).then_some(lost)
    }
}

impl<E: SpanExporter> SpanExporter for Reported<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let exported = self.exporter.export(batch).await;
        match &exported {
            Ok(()) => {
                if let Some(lost) = self.outage.lock().ended() {
                    tracing::info!(lost, "traces are exported again; {lost} spans were lost");
                }
            }
            Err(error) => {
                if let Some(lost) = self.outage.lock().failed(count) {
                    tracing::warn!(cause = %error, lost, "traces cannot be exported: {lost} spans are lost");
                }
            }
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_less_and_less_often_and_so_is_its_end() {
        let mut outage = Outage::default();
        assert_eq!(outage.ended(), None);

        let told: Vec<_> = (0..1000).filter_map(|_| outage.failed(10)).collect();

        assert_eq!(told, [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120]);
        assert_eq!((outage.ended(), outage.ended()), (Some(10_000), None));
        assert_eq!(outage.failed(3), Some(3));
    }
}
