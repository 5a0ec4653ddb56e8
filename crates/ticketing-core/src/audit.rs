//! Checks what must hold on the data of a running marketplace.
//!
//! An audit reads everything that the services keep and compares it: places with
//! orders, money with orders, replicas with their sources. What it finds is a
//! value that names ids and numbers; it changes nothing.
//!
//! The marketplace goes on meanwhile. Two pages are read at two moments, and a
//! replica may lag, so what one pass finds is only a suspicion. It becomes a
//! finding when it is still there, unmoved, after [`AuditConfig::patience`].
//!
//! Invariant: a pass holds a page of each list in memory, a count for each
//! ticket and a line for each order that took money; never a list.

mod finding;
mod inspection;
mod money;
pub(crate) mod pages;
mod pass;
mod places;
mod replicas;
mod report;
mod sentences;
mod suspects;

use std::sync::Arc;
use std::time::Duration;

use crate::ports::audit_reader::{AdmissionReader, AuditReader, Ledger, LetterReader};
use crate::ports::clock::Clock;
use crate::ports::store::StoreError;

pub use finding::{Booked, Drift, Finding, Replica, Subject, What};
pub use report::{AuditReport, Counts, Progress};

use pass::Pass;
use suspects::Suspects;

/// How thorough an audit is, and how patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditConfig {
    /// The most records to read at once.
    pub page: usize,
    /// How long a suspicion must stand unmoved before it is a finding.
    pub patience: Duration,
    /// How long to wait between two passes.
    pub pause: Duration,
    /// How long what happens by itself may take: the end of an overdue order, the end of a payment,
    /// the publication of an event.
    pub grace: Duration,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self {
            page: 2000,
            patience: Duration::from_secs(30),
            pause: Duration::from_secs(2),
            grace: Duration::from_secs(120),
        }
    }
}

/// Looks through a marketplace for what must never be.
#[derive(Debug, Clone)]
pub struct Audit {
    /// Reads what the services keep.
    pub audit_reader: Arc<dyn AuditReader>,
    /// Reads the passes, where an admissions service runs.
    pub admissions: Option<Arc<dyn AdmissionReader>>,
    /// Reads what people were told, where a notifications service runs.
    pub letters: Option<Arc<dyn LetterReader>>,
    /// Reads what the gateway took, if it reports that.
    pub ledger: Option<Arc<dyn Ledger>>,
    /// Decides what is overdue, and waits between passes.
    pub clock: Arc<dyn Clock>,
    /// How thorough and how patient.
    pub config: AuditConfig,
}

impl Audit {
    /// Looks again and again, until nothing is suspect or what is suspect stood for
    /// [`AuditConfig::patience`]; calls `progress` after every page.
    ///
    /// Takes one pass where all is well, and otherwise at most the patience and one pass more.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: audit again. [`StoreError::Corrupt`]: what waits cannot be counted.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the audit; it changes nothing anywhere.
    pub async fn run(&self, progress: &(dyn Fn(Progress) + Send + Sync)) -> Result<AuditReport, StoreError> {
        let (mut suspects, mut passes, mut judged_at) = (Suspects::default(), 0, None);
        loop {
            passes += 1;
            let began_at = self.clock.now();
            let told = |counts| progress(Progress { pass: passes, counts, suspects: suspects.len() });
            let (counts, found) = Pass::new(self, &told).read().await?;
            let ended_at = self.clock.now();
            suspects.take(found, ended_at);
            let judged_at = *judged_at.get_or_insert(ended_at.after(self.config.patience));
            if suspects.is_empty() || began_at >= judged_at {
                let (findings, moving) = suspects.judge(began_at.before(self.config.patience));
                return Ok(AuditReport { counts, findings, moving, passes });
            }
            self.clock.sleep(self.config.pause).await;
        }
    }

    /// Looks once: everything that is not as it must be at rest, be it only on its way.
    ///
    /// # Errors
    ///
    /// As [`Audit::run`].
    pub async fn look(&self) -> Result<Vec<Finding>, StoreError> {
        Pass::new(self, &|_| {}).read().await.map(|(_, found)| found)
    }
}
