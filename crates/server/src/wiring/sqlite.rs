//! Everything in one `SQLite` file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ticketing_core::assembly::ServicePorts;
use ticketing_core::ports::BoxError;
use ticketing_memory::MemoryEngines;
use ticketing_sqlite::{SqliteAuditReader, SqliteBroker, SqliteConfig, SqliteEngines, SqliteFile, SqliteGateway};

use crate::config::{Config, Gateway};
use crate::marketplace::Engines;
use crate::runtime::AtEnd;
use crate::telemetry::{EngineMetric, Lags};

use super::stores::{CONSUMERS, unreadable};
use super::{AuditPorts, ParkingLots, keys, memory, stripe};

/// The file in its directory.
pub(super) fn path(directory: &Path) -> PathBuf {
    directory.join("market.db")
}

/// What an audit reads, beside the process that serves.
pub(super) async fn audit_ports(directory: &Path) -> Result<AuditPorts, BoxError> {
    let reader = SqliteAuditReader::open(&path(directory)).await?;
    Ok(AuditPorts {
        ledger: Some(Arc::new(reader.clone())),
        admissions: Some(Arc::new(reader.clone())),
        letters: Some(Arc::new(reader.clone())),
        audit_reader: Arc::new(reader),
    })
}

/// The one parking lot, under the name of each consumer; only while nothing is served from the file.
pub(super) async fn parking_lots(directory: &Path) -> Result<ParkingLots, BoxError> {
    let file = SqliteEngines::open(&SqliteConfig::new(path(directory)), memory::clock_and_ids()).await?;
    Ok(CONSUMERS.map(|consumer| (consumer, Arc::new(file.parking.clone()) as _)).into())
}

/// Copies the file, beside the process that serves.
pub(super) async fn back_up(directory: &Path, copy: &Path) -> Result<(), BoxError> {
    Ok(SqliteFile::copy(&path(directory), copy).await?)
}

/// Puts what the services keep into the file, and what the sandbox in memory answers.
pub(super) async fn plug_in(
    engines: &mut Engines,
    directory: &Path,
    memory: &MemoryEngines,
    config: &Config,
) -> Result<(), BoxError> {
    keys::data_folder(directory)?;
    let file = SqliteEngines::open(&SqliteConfig::new(path(directory)), memory.env.clone()).await?;
    engines.metrics.push(unreadable(file.file.passed_by()));
    engines.context.settings.batcher.batchers = SqliteEngines::BATCHERS;
    engines.context.publisher = Arc::new(file.broker.publisher());
    engines.context.subscriber = Arc::new(file.broker.subscriber());
    engines.metrics.push(missed(file.broker.clone()));
    let closing = file.file.clone();
    engines.at_end = AtEnd::new(|| async move { closing.close().await });
    let broker = file.broker.clone();
    engines.lags = Lags::new(move || broker.lags());
    engines.edge.sessions = Arc::new(file.sessions.clone());
    engines.edge.limiter = Arc::new(file.limiter.clone());
    keep_services(engines, &file, memory);
    if engines.notifications.is_none() {
        // Nobody follows for it, and the log would keep everything for the day when somebody does.
        for group in ["notifications", "notifications-alerts"] {
            file.broker.forget_group(group).await?;
        }
    }
    if let Some(payments) = &mut engines.payments {
        payments.service = file.payment_ports();
        payments.gateway = match config.gateway() {
            Some(Gateway::Stripe) => stripe::gateway(config, Arc::new(file.attempt_notes.clone()))?,
            Some(Gateway::Sandbox) | None => Arc::new(SqliteGateway::of(&file.file, Arc::new(memory.gateway.clone()))),
        };
    }
    Ok(())
}

fn missed(broker: SqliteBroker) -> EngineMetric {
    let help = "Events that the log had given up when a group came back that had not settled them";
    EngineMetric::counter("sqlite_missed_events", help, move || broker.missed())
}

fn keep_services(engines: &mut Engines, file: &SqliteEngines, memory: &MemoryEngines) {
    if let Some(accounts) = &mut engines.accounts {
        accounts.store = Arc::new(file.accounts.clone());
        accounts.outbox = Arc::new(file.accounts.outbox());
        accounts.sessions = Arc::new(file.sessions.clone());
    }
    if let Some(tickets) = &mut engines.tickets {
        let service = file.ticket_ports();
        tickets.service = ServicePorts { store: memory.ticket_feeds.fed_by(Arc::clone(&service.store)), ..service };
        tickets.search.owners = Some(Arc::new(file.audit_reader()));
        tickets.search.parking = Arc::clone(&tickets.service.parking);
    }
    if let Some(orders) = &mut engines.orders {
        *orders = file.order_ports();
    }
    if let Some(admissions) = &mut engines.admissions {
        admissions.service = file.pass_ports();
    }
    if let Some(notifications) = &mut engines.notifications {
        notifications.service = file.letter_ports();
    }
    if let Some(expiration) = &mut engines.expiration {
        *expiration = file.expiration_ports();
    }
    if let Some(web) = &mut engines.web {
        web.drafts = Arc::new(file.drafts.clone());
    }
}
