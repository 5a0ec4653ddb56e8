//! Moves, and prints what came of it.

use std::time::Duration;

use ticketing_core::ports::BoxError;

use crate::cli::progress::ProgressLines;
use crate::config::Config;
use crate::say;
use crate::wiring::{self, Moved};

/// Moves everything, and prints what was moved and what is left to do.
///
/// # Errors
///
/// It was not moved, or not to its end: the file is as it was, and moving again goes on.
pub(in crate::cli) async fn move_file(config: &Config, patience: Duration) -> Result<(), BoxError> {
    let lines = ProgressLines::new();
    let moved = wiring::move_file(config, patience, &|line| lines.tell(|| line.to_owned())).await?;
    let Moved { to, records, sessions, report, keys, .. } = moved;
    for (kind, count) in records.iter().filter(|(_, count)| *count > 0) {
        say::answer(&format!("moved {count} {}", kind.name()));
    }
    say::answer(&match sessions {
        Some(sessions) => format!("moved {sessions} sessions"),
        None => "moved no sessions, which are kept with --sessions redis alone: people sign in again".to_owned(),
    });
    say::answer(&report.to_string());
    say::answer(&format!("everything is in {to}, and nothing is served from the file any more"));
    if let Some(keys) = keys {
        let keys = keys.display();
        say::answer(&format!("serve it with these signing keys, or a copy of them: --signing-keys {keys}"));
    }
    Ok(())
}

/// Lets the file be served again.
///
/// # Errors
///
/// It was not moved, or is in use.
pub(in crate::cli) async fn take_back(config: &Config) -> Result<(), BoxError> {
    let to = wiring::take_back(config).await?;
    say::answer(&format!(
        "the file may be served again; what was sold since it was moved is in {to} alone, so serve only one of them"
    ));
    Ok(())
}
