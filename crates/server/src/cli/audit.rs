//! `ticketing audit`: what must hold, checked on the data of a marketplace that runs.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use ticketing_core::audit::{Audit, AuditConfig, Progress};
use ticketing_core::ports::BoxError;
use ticketing_core::ports::clock::Clock;

use super::progress::ProgressLines;
use crate::say;
use crate::wiring::AuditPorts;

/// Audits, prints the report, and answers 0 if nothing is wrong and 1 if something is.
///
/// # Errors
///
/// The databases do not answer, or hold what cannot be read.
pub async fn audit(ports: AuditPorts, clock: Arc<dyn Clock>, patience: Duration) -> Result<ExitCode, BoxError> {
    let AuditPorts { audit_reader, admissions, letters, ledger } = ports;
    let config = AuditConfig { patience, ..AuditConfig::default() };
    let lines = ProgressLines::new();
    let audit = Audit { audit_reader, admissions, letters, ledger, clock, config };
    let report = audit.run(&|progress| lines.tell(|| line(progress))).await?;
    say::answer(&report.to_string());
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn line(Progress { pass, counts, suspects }: Progress) -> String {
    let suspects = if suspects == 0 { String::new() } else { format!("; looking again at {suspects} differences") };
    format!("pass {pass}: {counts}{suspects}")
}
