//! `ticketing replay SERVICE`: rebuilds the replicas of a service, from the log of events or from what the owners hold.

use std::process::ExitCode;
use std::sync::Arc;

use ticketing_core::ports::BoxError;
use ticketing_core::ports::audit_reader::AuditReader;
use ticketing_core::ports::log::EventLog;
use ticketing_core::rebuild::{Differing, Progress, Rebuild, rebuild, rebuild_from_owners};

use super::progress::ProgressLines;
use crate::say;

/// What replicas are compared with.
pub(super) enum Source {
    Log(Box<dyn EventLog>),
    Owners(Arc<dyn AuditReader>),
}

/// Replays, prints what differed, and answers 1 if something differs still, is lost or could not be compared.
///
/// # Errors
///
/// The log or the database does not answer: what was replaced stays so, and replaying again goes on.
pub(super) async fn replay(
    source: Source,
    replicas: &mut dyn Rebuild,
    differing: Differing,
) -> Result<ExitCode, BoxError> {
    let lines = ProgressLines::new();
    let tell = |progress| lines.tell(|| line(progress));
    let rebuilt = match source {
        Source::Log(mut log) => rebuild(&mut *log, replicas, differing, &tell).await?,
        Source::Owners(owners) => rebuild_from_owners(&*owners, replicas, differing, &tell).await?,
    };
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
        say::answer("nothing was replaced; without --dry-run, what differs is replaced");
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
