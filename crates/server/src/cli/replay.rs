//! `ticketing replay SERVICE`: makes the replicas of a service anew from the log of events.

use std::process::ExitCode;

use ticketing_core::ports::BoxError;
use ticketing_core::ports::log::EventLog;
use ticketing_core::rebuild::{Differing, Progress, Rebuild, rebuild};

use super::progress::ProgressLines;
use crate::say;

/// Replays, prints what differed, and answers 1 if something differs still, is lost or could not be compared.
///
/// # Errors
///
/// The log or the database does not answer: what was replaced stays so, and replaying again goes on.
pub(super) async fn replay(
    log: &mut dyn EventLog,
    replicas: &mut dyn Rebuild,
    differing: Differing,
) -> Result<ExitCode, BoxError> {
    let lines = ProgressLines::new();
    let rebuilt = rebuild(log, replicas, differing, &|progress| lines.tell(|| line(progress))).await?;
    for what in &rebuilt.differing {
        say::answer(&format!("differs: {what}"));
    }
    for what in &rebuilt.lost {
        say::answer(&format!("lost: {what}"));
    }
    for what in &rebuilt.skipped {
        say::answer(&format!("skipped: {what}"));
    }
    say::answer(&rebuilt.to_string());
    let stands = differing == Differing::Tell && !rebuilt.differing.is_empty();
    if stands {
        say::answer("nothing was replaced; without --dry-run the log takes the place of what differs");
    }
    let is_whole = !stands && rebuilt.lost.is_empty() && rebuilt.skipped.is_empty();
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn line(progress: Progress) -> String {
    match progress {
        Progress::Reading(read) => format!("read {} of {} messages", read.read, read.total),
        Progress::Comparing { done, total } => format!("compared {done} of {total}"),
    }
}
