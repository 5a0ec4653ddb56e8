//! Moves a marketplace from its file to the databases.
//!
//! Rest, audit, copy, compare, audit, marks. The file is held from the moment it is at rest, and what is copied is marked
//! as a part until all of it is the same on both sides. A move that was killed is begun again: what is there already is
//! compared with the file, and corrected if the file was served meanwhile.

mod copy;
mod refusal;
mod rest;
mod target;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use ticketing_core::audit::{Audit, AuditConfig, AuditReport, What};
use ticketing_core::moving::RecordKind;
use ticketing_core::ports::BoxError;
use ticketing_mongodb::MoveState;
use ticketing_sqlite::{SqliteConfig, SqliteMove, SqliteRecords};

use crate::config::{Config, EngineSettings, Service};

use super::{AuditPorts, audit_ports, clock, sqlite};
use copy::Copying;
use refusal::{Refusal, Side};
use target::Target;

/// Hears how far a move is.
type Tell<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// What was moved.
#[derive(Debug)]
#[non_exhaustive]
pub struct Moved {
    /// Where it is now.
    pub to: String,
    /// How many records of each kind.
    pub records: Vec<(RecordKind, u64)>,
    /// How many sessions: people who are still signed in. Absent where the settings keep none.
    pub sessions: Option<u64>,
    /// The audit of the databases.
    pub report: AuditReport,
    /// The signing keys, which stay where they are.
    pub keys: Option<PathBuf>,
}

/// Moves the file of --data to the databases of --store.
///
/// # Errors
///
/// It does not come to rest, is not as it should be, or cannot be moved there; the file is as it was.
pub async fn move_file(config: &Config, patience: Duration, tell: Tell<'_>) -> Result<Moved, BoxError> {
    let source = Source::of(config)?;
    let target = Target::connect(config).await?;
    let stage = source.stage(&target).await?;
    let file = match stage {
        Stage::First | Stage::Again => rest::come_to_rest(&source, patience, tell).await?,
        Stage::Late => source.hold().await?,
    };
    let records = source.records().await?;
    let moved =
        Moving { source: &source, file: &file, records: &records, target: &target, rested_at: Instant::now(), tell };
    let moved = moved.carry_out(stage).await;
    records.close().await;
    file.close().await;
    moved
}

/// Lets the file of --data be served again, and tells where it was moved to.
///
/// # Errors
///
/// It was not moved, or is in use.
pub async fn take_back(config: &Config) -> Result<String, BoxError> {
    let source = Source::of(config)?;
    let file = source.hold().await?;
    let to = file.moved_to().await?.ok_or(Refusal::NotMoved);
    if to.is_ok() {
        file.take_back().await?;
    }
    file.close().await;
    Ok(to?)
}

/// The file, and how the services work on it.
struct Source {
    config: Config,
    path: PathBuf,
    directory: PathBuf,
}

/// How far an earlier move came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// There was none.
    First,
    /// A part was copied.
    Again,
    /// All was copied, and the file marked as moved.
    Late,
}

impl Source {
    fn of(config: &Config) -> Result<Self, BoxError> {
        let directory = config.engines.data.clone().ok_or("only a file can be moved")?;
        let path = sqlite::path(&directory);
        if !path.try_exists()? {
            return Err(Refusal::NoFile { path }.into());
        }
        let engines = EngineSettings {
            data: Some(directory.clone()),
            search_folder: config.engines.search_folder.clone(),
            ..EngineSettings::default()
        };
        let services = Service::ALL.to_vec();
        Ok(Self { config: Config { engines, services, demo: false, ..config.clone() }, path, directory })
    }

    /// Opens the file, which nobody else has from then on.
    async fn hold(&self) -> Result<SqliteMove, BoxError> {
        Ok(SqliteMove::open(&SqliteConfig::new(&self.path), clock()).await?)
    }

    /// Reads the file, beside whatever has it open.
    async fn records(&self) -> Result<SqliteRecords, BoxError> {
        Ok(SqliteRecords::open(&self.path, clock().now()).await?)
    }

    async fn stage(&self, target: &Target) -> Result<Stage, BoxError> {
        let file = self.hold().await?;
        let (id, moved_to) = (file.id(), file.moved_to().await?);
        file.close().await;
        let to = target.place();
        match (moved_to, target.mark.state().await?) {
            (None, MoveState::Nothing) => target.check_empty().await.map(|()| Stage::First),
            (None, MoveState::Begun { from }) if from == id => Ok(Stage::Again),
            (Some(_), MoveState::Begun { from }) if from == id => Ok(Stage::Late),
            (None, MoveState::Ended { from }) if from == id => Err(Refusal::TakenBack { to }.into()),
            (Some(to), _) => Err(Refusal::Moved { to }.into()),
            (None, MoveState::Begun { .. } | MoveState::Ended { .. }) => Err(Refusal::OfAnother { to }.into()),
        }
    }

    fn keys(&self) -> Option<PathBuf> {
        let has_others = self.config.signing_key.is_some() || self.config.signing_keys.is_some();
        Some(self.directory.join("keys.json")).filter(|keys| !has_others && keys.exists())
    }
}

/// A move under way. Nobody else has the file, and nothing happens in it.
struct Moving<'a> {
    source: &'a Source,
    file: &'a SqliteMove,
    records: &'a SqliteRecords,
    target: &'a Target,
    rested_at: Instant,
    tell: Tell<'a>,
}

impl Moving<'_> {
    async fn carry_out(&self, stage: Stage) -> Result<Moved, BoxError> {
        let (id, to) = (self.file.id(), self.target.place());
        if stage != Stage::Late {
            (self.tell)("auditing the file");
            self.audit(&self.source.config, Side::File, AuditConfig::default().grace).await?;
        }
        if stage == Stage::First {
            self.target.mark.begin(id).await?;
        }
        self.target.records.prepare().await?;
        let copying = Copying { from: self.records, to: &self.target.records, tell: self.tell };
        if stage == Stage::Again {
            copying.remove_stale().await?;
        }
        copying.copy().await?;
        let sessions = self.target.take_sessions(self.records, self.tell).await?;
        self.target.set_timers().await?;
        let records = copying.compare().await?;
        (self.tell)("auditing the databases");
        let report = self.audit(&self.target.config, Side::Databases, self.grace(stage)).await?;
        // Order matters: at no moment may both be served.
        self.file.end(&to).await?;
        self.target.mark.end(id).await?;
        Ok(Moved { to, records, sessions, report, keys: self.source.keys() })
    }

    /// What came due since the marketplace is at rest is late, and no finding.
    fn grace(&self, stage: Stage) -> Duration {
        const ANY: Duration = Duration::from_hours(366 * 24);
        let grace = AuditConfig::default().grace;
        if stage == Stage::Late { ANY } else { grace + self.rested_at.elapsed() }
    }

    /// What is parked is moved as it is; anything else that is found stops the move.
    async fn audit(&self, config: &Config, side: Side, grace: Duration) -> Result<AuditReport, BoxError> {
        let AuditPorts { audit_reader, admissions, letters, ledger } = audit_ports(config).await?;
        // Nothing moves, so that looking again finds the same.
        let config = AuditConfig { patience: Duration::ZERO, pause: Duration::ZERO, grace, ..AuditConfig::default() };
        let audit = Audit { audit_reader, admissions, letters, ledger, clock: clock(), config };
        let report = audit.run(&|progress| (self.tell)(&format!("audited {}", progress.counts))).await?;
        let is_clean = report.findings.iter().all(|finding| matches!(finding.what, What::Parked { .. }));
        if is_clean { Ok(report) } else { Err(Refusal::Unsound { side, report: report.to_string() }.into()) }
    }
}
