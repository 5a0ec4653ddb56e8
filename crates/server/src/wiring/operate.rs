//! What an operator's commands work on.

use std::sync::Arc;

use ticketing_core::domain::event::Topic;
use ticketing_core::ports::BoxError;
use ticketing_core::ports::audit_reader::{AdmissionReader, AuditReader, Ledger};
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::log::EventLog;
use ticketing_core::ports::parking::ParkingLot;
use ticketing_core::rebuild::Rebuild;
use ticketing_memory::SystemClock;

#[cfg(feature = "mongodb")]
use crate::config::Gateway;
use crate::config::{Config, Service};

/// What an audit reads.
#[derive(Debug)]
pub struct AuditPorts {
    /// What the services keep.
    pub audit_reader: Arc<dyn AuditReader>,
    /// The passes that the admissions service keeps.
    pub admissions: Option<Arc<dyn AdmissionReader>>,
    /// What the gateway took, if it reports that.
    pub ledger: Option<Arc<dyn Ledger>>,
}

/// The parking lot of each service that has one, by the service's name.
pub type ParkingLots = Vec<(&'static str, Arc<dyn ParkingLot>)>;

/// The clock of the machine.
#[must_use]
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::new())
}

/// What an audit reads.
///
/// # Errors
///
/// No database is chosen or built, or it does not answer.
#[cfg(feature = "mongodb")]
pub async fn audit_ports(config: &Config) -> Result<AuditPorts, BoxError> {
    let ports = super::mongodb::audit_ports(store(config)?).await?;
    // The ledger in the database is the sandbox's; Stripe keeps its own.
    let ledger = ports.ledger.filter(|_| config.gateway() != Some(Gateway::Stripe));
    Ok(AuditPorts { ledger, ..ports })
}

/// The parking lot of each service.
///
/// # Errors
///
/// No database is chosen or built, or it does not answer.
#[cfg(feature = "mongodb")]
pub async fn parking_lots(config: &Config) -> Result<ParkingLots, BoxError> {
    super::mongodb::parking_lots(store(config)?).await
}

/// The replicas of a service.
///
/// # Errors
///
/// The service keeps none, or its engine is not chosen, not built or does not answer.
pub async fn replicas(config: &Config, service: Service) -> Result<Box<dyn Rebuild>, BoxError> {
    match service {
        Service::Tickets | Service::Orders | Service::Payments | Service::Admissions | Service::Notifications => {
            stored_replicas(config, service).await
        }
        Service::Expiration => timers(config).await,
        Service::Accounts | Service::Web => Err(format!("{} keeps no replicas", service.name()).into()),
    }
}

/// What is kept of some topics.
///
/// # Errors
///
/// No Kafka is chosen or built, or it does not answer.
#[cfg(feature = "kafka")]
pub async fn log(config: &Config, topics: &[Topic]) -> Result<Box<dyn EventLog>, BoxError> {
    super::kafka::log(config.engines.bus.as_ref().ok_or("only Kafka keeps what was published")?, topics).await
}

#[cfg(feature = "mongodb")]
fn store(config: &Config) -> Result<&crate::config::MongoSettings, BoxError> {
    config.engines.store.as_ref().ok_or_else(|| "in memory there is nothing to look at: choose --store mongodb".into())
}

#[cfg(feature = "mongodb")]
async fn stored_replicas(config: &Config, service: Service) -> Result<Box<dyn Rebuild>, BoxError> {
    super::mongodb::replicas(store(config)?, service).await
}

#[cfg(feature = "redis")]
async fn timers(config: &Config) -> Result<Box<dyn Rebuild>, BoxError> {
    super::redis::replicas(config.engines.timers.as_ref().ok_or("timers in memory go with their process")?).await
}

/// What an audit reads.
///
/// # Errors
///
/// This build has no MongoDB.
#[cfg(not(feature = "mongodb"))]
pub async fn audit_ports(_: &Config) -> Result<AuditPorts, BoxError> {
    Err(super::engines::MONGODB.into())
}

/// The parking lot of each service.
///
/// # Errors
///
/// This build has no MongoDB.
#[cfg(not(feature = "mongodb"))]
pub async fn parking_lots(_: &Config) -> Result<ParkingLots, BoxError> {
    Err(super::engines::MONGODB.into())
}

#[cfg(not(feature = "mongodb"))]
async fn stored_replicas(_: &Config, _: Service) -> Result<Box<dyn Rebuild>, BoxError> {
    Err(super::engines::MONGODB.into())
}

#[cfg(not(feature = "redis"))]
async fn timers(_: &Config) -> Result<Box<dyn Rebuild>, BoxError> {
    Err(super::engines::REDIS.into())
}

/// What is kept of some topics.
///
/// # Errors
///
/// This build has no Kafka.
#[cfg(not(feature = "kafka"))]
pub async fn log(_: &Config, _: &[Topic]) -> Result<Box<dyn EventLog>, BoxError> {
    Err(super::engines::KAFKA.into())
}
