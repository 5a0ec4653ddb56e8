//! What every set of stores has that outlives its process.

use ticketing_core::ports::unreadable::PassedBy;

use crate::telemetry::EngineMetric;

/// The services that follow events, and may have some parked.
pub(super) const CONSUMERS: [&str; 6] = ["tickets", "orders", "payments", "admissions", "notifications", "expiration"];

pub(super) fn unreadable(passed_by: PassedBy) -> EngineMetric {
    let help = "How often a list or the relay passed by a record that cannot be read";
    EngineMetric::counter("unreadable_records", help, move || passed_by.counts().values().sum())
}
