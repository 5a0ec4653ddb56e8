//! Lets the program audit itself.

use std::time::Duration;

use crate::ledger::Violation;
use crate::services::Fleet;

/// Longer than an audit is patient.
const WITHIN: Duration = Duration::from_secs(600);

/// Runs `ticketing audit` with the settings of the services.
pub(super) async fn audit(fleet: &Fleet) -> Option<Violation> {
    let output = tokio::time::timeout(WITHIN, fleet.command("audit").output()).await;
    let detail = match output {
        Ok(Ok(output)) => {
            let (said, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            if output.status.success() {
                crate::tell(format_args!("verify: the audit finds nothing wrong: {}", said.trim()));
                return None;
            }
            // How far it was is of interest only where it says nothing else.
            let said = if said.trim().is_empty() { log } else { said };
            format!("{}: {}", output.status, said.trim())
        }
        Ok(Err(error)) => format!("it could not be run: {error}"),
        Err(_) => format!("it did not end within {} s", WITHIN.as_secs()),
    };
    Some(Violation::new("audit", detail))
}
