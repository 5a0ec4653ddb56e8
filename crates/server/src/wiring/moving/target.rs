//! Where a marketplace is moved to.

use ticketing_core::moving::RecordKind;
use ticketing_core::ports::BoxError;
use ticketing_core::ports::identity::Session;
use ticketing_core::ports::store::{Page, StoreError};
use ticketing_core::rebuild::{Differing, rebuild_from_owners};
use ticketing_mongodb::{MongoAuditReader, MongoClient, MongoMove, MongoRecords};
use ticketing_sqlite::SqliteRecords;

use super::super::{mongodb, operate};
use super::Tell;
use super::refusal::Refusal;
use crate::config::{Config, EngineSettings, Service};

/// So many sessions are read at a time.
const SESSIONS: usize = 500;

/// The databases, and what else the settings choose beside them.
pub(super) struct Target {
    /// The settings without the file.
    pub(super) config: Config,
    pub(super) mark: MongoMove,
    pub(super) records: MongoRecords,
    client: MongoClient,
}

impl Target {
    pub(super) async fn connect(config: &Config) -> Result<Self, BoxError> {
        let client = mongodb::client(config.engines.store.as_ref().ok_or("only to --store mongodb")?).await?;
        let engines = EngineSettings { data: None, ..config.engines.clone() };
        let (mark, records) = (MongoMove::of(&client), MongoRecords::of(&client));
        Ok(Self { config: Config { engines, ..config.clone() }, mark, records, client })
    }

    pub(super) fn place(&self) -> String {
        self.client.place()
    }

    /// Makes sure that there is no other marketplace.
    pub(super) async fn check_empty(&self) -> Result<(), BoxError> {
        for kind in RecordKind::ALL {
            match self.records.page(kind, Page::first(1)).await {
                Ok(found) if found.is_empty() => {}
                // What cannot be read is there.
                Ok(_) | Err(StoreError::Corrupt(_)) => return Err(Refusal::Occupied { to: self.place(), kind }.into()),
                Err(error) => return Err(error.into()),
            }
        }
        let is_empty = operate::is_unpublished(&self.config).await?;
        if is_empty { Ok(()) } else { Err(Refusal::PublishedBefore.into()) }
    }

    /// Sets the timers of all orders that await payment, where they are kept.
    pub(super) async fn set_timers(&self) -> Result<(), BoxError> {
        if self.config.engines.timers.is_some() {
            let mut timers = operate::replicas(&self.config, Service::Expiration).await?;
            let owners = MongoAuditReader::new(&self.client);
            rebuild_from_owners(&owners, &mut *timers, Differing::Replace, &|_| {}).await?;
        }
        Ok(())
    }

    /// Takes over sessions, where they are kept, and counts them.
    pub(super) async fn take_sessions(&self, from: &SqliteRecords, tell: Tell<'_>) -> Result<Option<u64>, BoxError> {
        let Some(sessions) = operate::sessions(&self.config).await? else { return Ok(None) };
        let (mut page, mut taken, now) = (Page::first(SESSIONS), 0, operate::clock().now());
        loop {
            let found: Vec<Session> = from.sessions(page).await?;
            let Some(last) = found.last().map(|session| session.id) else { return Ok(Some(taken)) };
            for session in found.into_iter().filter(|session| session.expires_at > now) {
                sessions.create(session).await?;
                taken += 1;
            }
            tell(&format!("copied {taken} sessions"));
            page.after = Some(last);
        }
    }
}
