//! Rebuilds what a service knows of the others, from the log of their events.
//!
//! The log is read into a *shadow*: the newest state of each aggregate, kept
//! apart from what the service works with. Then the shadow is compared with the
//! service's replicas, batch by batch, and takes the place of what differs.
//!
//! The service may run meanwhile. Each batch is one commit that is compared by
//! revision, so whatever an event changed since is compared again; a replica
//! that is newer than the log was is left as it is.

mod admissions;
mod letters;
mod owners;
mod payables;
mod sales;
mod sellers;
mod stocks;
mod tickets;
mod timers;

use std::fmt;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::event::{Event, Topic};
use crate::ports::BoxError;
use crate::ports::error_chain;
use crate::ports::log::{EventLog, LogProgress};
use crate::ports::store::StoreError;
use crate::ports::transport::Arrival;
use crate::usecase::retry_on_conflict;
use crate::wire;

pub use admissions::RebuildAdmissions;
pub use letters::RebuildLetters;
pub use owners::rebuild_from_owners;
pub use payables::RebuildPayables;
pub use sales::RebuildSales;
pub use sellers::RebuildSellers;
pub use stocks::RebuildStocks;
pub use tickets::RebuildTickets;
pub use timers::RebuildTimers;

/// How many replicas are compared at a time.
const BATCH: usize = 512;

/// What to do with a replica that differs from the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Differing {
    /// Report it and leave it.
    Tell,
    /// Put what the log says in its place.
    Replace,
}

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The log is read into the shadow.
    Reading(LogProgress),
    /// The shadow is compared with the replicas.
    Comparing {
        /// So many aggregates were compared.
        done: usize,
        /// How many there are in the log.
        total: usize,
    },
}

/// What a rebuild found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Messages that are no event of ours, or of a type to come.
    pub passed_by: u64,
    /// Replicas that are what the log says.
    pub same: u64,
    /// Replicas that are newer than the log was when it was opened.
    pub newer: u64,
    /// Replicas that were missing, older than the log or otherwise not what it says, one sentence each.
    pub differing: Vec<String>,
    /// Aggregates that the service itself should own and does not have: restore them from a backup.
    pub lost: Vec<String>,
    /// Replicas that could not be compared, because they cannot be read or others hold them, one sentence each.
    pub skipped: Vec<String>,
}

impl Rebuilt {
    fn add(&mut self, other: Self) {
        self.same += other.same;
        self.newer += other.newer;
        self.differing.extend(other.differing);
        self.lost.extend(other.lost);
        self.skipped.extend(other.skipped);
    }
}

impl fmt::Display for Rebuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed_by, same, newer, differing, lost, skipped } = self;
        write!(f, "{same} as the log says, {newer} newer, {} differing, {} lost", differing.len(), lost.len())?;
        if *passed_by > 0 {
            write!(f, ", {passed_by} messages passed by")?;
        }
        if !skipped.is_empty() {
            write!(f, ", {} skipped", skipped.len())?;
        }
        Ok(())
    }
}

/// The replicas of one service, beside their shadow.
#[async_trait]
pub trait Rebuild: Send + Sync {
    /// Which topics have events about them.
    fn topics(&self) -> &[Topic];

    /// Takes an event into the shadow; only the newest of each aggregate stays.
    fn shadow(&mut self, event: Event);

    /// The subjects that the shadow holds.
    fn subjects(&self) -> Vec<Uuid>;

    /// Compares these with their shadows, as one commit.
    ///
    /// # Errors
    ///
    /// - [`StoreError::Conflict`] if an event was quicker: compare them again.
    /// - Any other: nothing of these is replaced.
    async fn compare(&self, subjects: &[Uuid], differing: Differing) -> Result<Rebuilt, StoreError>;
}

/// Reads the log to its end, then compares and, if asked to, replaces.
///
/// The shadow is held in memory: one state for each aggregate in the log.
/// Running it twice, or twice at once, does no harm.
///
/// A replica that cannot be read, or that others hold, is reported and skipped.
///
/// # Errors
///
/// Whatever the log or the store could not do; run it again.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::{BoxError, log::EventLog};
/// use ticketing_core::rebuild::{Differing, Rebuild, rebuild};
///
/// async fn tell(log: &mut dyn EventLog, replicas: &mut dyn Rebuild) -> Result<(), BoxError> {
///     let rebuilt = rebuild(log, replicas, Differing::Tell, &|_| {}).await?;
///     println!("{rebuilt}");
///     Ok(())
/// }
/// ```
pub async fn rebuild(
    log: &mut dyn EventLog,
    replicas: &mut dyn Rebuild,
    differing: Differing,
    tell: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Rebuilt, BoxError> {
    let mut rebuilt = Rebuilt::default();
    loop {
        let arrivals = log.next().await?;
        tell(Progress::Reading(log.progress()));
        if arrivals.is_empty() {
            break;
        }
        for arrival in arrivals {
            match event_of(&arrival) {
                Some(event) => replicas.shadow(event),
                None => rebuilt.passed_by += 1,
            }
        }
    }
    compare_all(replicas, differing, tell, rebuilt).await
}

/// Compares every shadow with its replica.
async fn compare_all(
    replicas: &dyn Rebuild,
    differing: Differing,
    tell: &(dyn Fn(Progress) + Send + Sync),
    mut rebuilt: Rebuilt,
) -> Result<Rebuilt, BoxError> {
    let subjects = replicas.subjects();
    for (nth, some) in subjects.chunks(BATCH).enumerate() {
        rebuilt.add(compared(replicas, some, differing).await?);
        tell(Progress::Comparing { done: nth * BATCH + some.len(), total: subjects.len() });
    }
    Ok(rebuilt)
}

/// Compares them together; where some cannot be read, or are held by others, one by one.
async fn compared(replicas: &dyn Rebuild, some: &[Uuid], differing: Differing) -> Result<Rebuilt, StoreError> {
    match retry_on_conflict(|| replicas.compare(some, differing)).await {
        Err(StoreError::Conflict(_) | StoreError::Corrupt(_)) => {}
        done => return done,
    }
    let mut rebuilt = Rebuilt::default();
    for one in some {
        match retry_on_conflict(|| replicas.compare(std::slice::from_ref(one), differing)).await {
            Ok(compared) => rebuilt.add(compared),
            // Nothing takes its place: it holds what only its service knows.
            Err(error @ (StoreError::Conflict(_) | StoreError::Corrupt(_))) => {
                rebuilt.skipped.push(format!("the replica of {one}: {}", error_chain(&error)));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(rebuilt)
}

fn event_of(arrival: &Arrival) -> Option<Event> {
    match arrival {
        Arrival::Event(envelope) => wire::open(envelope).ok().flatten(),
        Arrival::Undecodable { .. } => None,
    }
}
