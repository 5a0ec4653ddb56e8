//! What passes found, and since when it stands.

use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};

use crate::domain::time::Timestamp;

use super::finding::{Finding, Replica, Subject, What};

/// What the last pass found, each with the end of the pass that found it first.
#[derive(Debug, Default)]
pub(super) struct Suspects(HashMap<Mark, (Finding, Timestamp)>);

impl Suspects {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes over what a pass found. What it did not find again was news under way, and is forgotten.
    pub(super) fn take(&mut self, found: Vec<Finding>, now: Timestamp) {
        let before = std::mem::take(&mut self.0);
        let since = |mark: &Mark| before.get(mark).map_or(now, |(_, since)| *since);
        let marked = found.into_iter().map(|finding| (Mark::of(&finding), finding));
        self.0 = marked.map(|(mark, finding)| (mark.clone(), (finding, since(&mark)))).collect();
    }

    /// What stands since `moment` or before it, in order, and how much does not.
    pub(super) fn judge(self, moment: Timestamp) -> (Vec<Finding>, usize) {
        let all = self.0.len();
        let standing = self.0.into_values().filter(|(_, since)| *since <= moment);
        let mut findings: Vec<Finding> = standing.map(|(finding, _)| finding).collect();
        findings.sort_by_cached_key(|finding| (finding.invariant(), finding.subject.clone(), finding.to_string()));
        let moving = all - findings.len();
        (findings, moving)
    }
}

/// What makes a finding of one pass the same as a finding of another.
///
/// It names the version of what would have to move in order to heal. A stock that sells between
/// two looks, or a replica that follows its source at some distance, is never the same twice; a
/// replica that stands still while its source moves on is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Mark {
    subject: Subject,
    what: Discriminant<What>,
    of: Option<Replica>,
    version: u128,
}

impl Mark {
    fn of(finding: &Finding) -> Self {
        let of = match finding.what {
            What::Replica { of, .. } => Some(of),
            _ => None,
        };
        let what = &finding.what;
        Self { subject: finding.subject.clone(), what: discriminant(what), of, version: version(what) }
    }
}

/// The version of what would have to move; 0 for what has none and moves by being gone.
fn version(what: &What) -> u128 {
    match what {
        What::Miscounted { counted, .. } | What::Oversold { counted, .. } | What::NotEnded { counted, .. } => {
            counted.version.into()
        }
        What::Replica { drift, .. } => drift.held().map_or(u128::MAX, u128::from),
        What::Unbalanced { kept, worth } => kept.rotate_left(64) ^ worth,
        What::Unpublished { since, .. } | What::Unsent { since } => since.millis().unsigned_abs().into(),
        What::Unreadable { .. }
        | What::WithoutStock { .. }
        | What::Unpaid { .. }
        | What::PaidOtherwise { .. }
        | What::GivenBack { .. }
        | What::PaidTwice { .. }
        | What::KeptFor { .. }
        | What::WithoutOrder { .. }
        | What::Disputed { .. }
        | What::Parked { .. }
        | What::Overdue { .. }
        | What::Untold { .. }
        | What::Unsettled { .. } => 0,
    }
}
