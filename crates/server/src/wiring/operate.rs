//! What an operator's commands work on.

use std::path::Path;
use std::sync::Arc;

use ticketing_core::domain::event::Topic;
use ticketing_core::ports::BoxError;
use ticketing_core::ports::audit_reader::{AdmissionReader, AuditReader, Ledger, LetterReader};
use ticketing_core::ports::clock::Clock;
#[cfg(all(feature = "mongodb", feature = "sqlite"))]
use ticketing_core::ports::identity::SessionStore;
use ticketing_core::ports::log::EventLog;
use ticketing_core::ports::parking::ParkingLot;
use ticketing_core::rebuild::Rebuild;
use ticketing_memory::SystemClock;

#[cfg(feature = "sqlite")]
use super::sqlite as file;
use crate::config::{BusSettings, Config, Gateway, Service};

/// What an audit reads.
#[derive(Debug)]
pub struct AuditPorts {
    /// What the services keep.
    pub audit_reader: Arc<dyn AuditReader>,
    /// The passes that the admissions service keeps.
    pub admissions: Option<Arc<dyn AdmissionReader>>,
    /// What the notifications service keeps, if it runs.
    pub letters: Option<Arc<dyn LetterReader>>,
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
/// Nothing that outlives its process is chosen or built, or it does not answer.
pub async fn audit_ports(config: &Config) -> Result<AuditPorts, BoxError> {
    let ports = match &config.engines.data {
        Some(directory) => file::audit_ports(directory).await?,
        None => databases::audit_ports(config).await?,
    };
    // What the ledger tells is the sandbox's; Stripe keeps its own.
    let ledger = ports.ledger.filter(|_| config.gateway() != Some(Gateway::Stripe));
    // Without mail nothing follows for letters, and what was kept while there was some is of no interest.
    let letters = ports.letters.filter(|_| config.mail.is_some());
    Ok(AuditPorts { ledger, letters, ..ports })
}

/// The parking lot of each service.
///
/// # Errors
///
/// Nothing that outlives its process is chosen or built, or it does not answer; or the file is in use.
pub async fn parking_lots(config: &Config) -> Result<ParkingLots, BoxError> {
    match &config.engines.data {
        Some(directory) => file::parking_lots(directory).await,
        None => databases::parking_lots(config).await,
    }
}

/// Copies the file of --data, which may be in use.
///
/// # Errors
///
/// No file is chosen or built, or it cannot be copied there.
pub async fn back_up(config: &Config, copy: &Path) -> Result<(), BoxError> {
    file::back_up(config.engines.data.as_deref().ok_or("only a file can be copied")?, copy).await
}

/// The replicas of a service.
///
/// # Errors
///
/// The service keeps none, or its engine is not chosen, not built or does not answer.
pub async fn replicas(config: &Config, service: Service) -> Result<Box<dyn Rebuild>, BoxError> {
    match service {
        Service::Tickets | Service::Orders | Service::Payments | Service::Admissions | Service::Notifications => {
            databases::replicas(config, service).await
        }
        Service::Expiration => timers(config).await,
        Service::Accounts | Service::Web => Err(format!("{} keeps no replicas", service.name()).into()),
    }
}

/// What is kept of some topics.
///
/// # Errors
///
/// Nothing that keeps what was published is chosen or built, or it does not answer.
pub async fn log(config: &Config, topics: &[Topic]) -> Result<Box<dyn EventLog>, BoxError> {
    match &config.engines.bus {
        Some(BusSettings::Kafka(settings)) => cluster::log(settings, topics).await,
        Some(BusSettings::Mongodb(_)) => databases::log(config, topics).await,
        None => Err("in memory nothing is kept of what was published: choose --bus kafka or --bus mongodb".into()),
    }
}

/// Whether nothing was ever published where the settings say, or all of it is gone.
#[cfg(all(feature = "mongodb", feature = "sqlite"))]
pub(super) async fn is_unpublished(config: &Config) -> Result<bool, BoxError> {
    match &config.engines.bus {
        Some(BusSettings::Kafka(settings)) => cluster::is_empty(settings).await,
        Some(BusSettings::Mongodb(_)) => Ok(databases::log(config, &Topic::ALL).await?.progress().total == 0),
        None => Ok(true),
    }
}

/// Where sessions are kept that outlive a process, if the settings say so.
#[cfg(all(feature = "mongodb", feature = "sqlite"))]
pub(super) async fn sessions(config: &Config) -> Result<Option<Arc<dyn SessionStore>>, BoxError> {
    #[cfg(feature = "redis")]
    if let Some(settings) = &config.engines.sessions {
        return super::redis::sessions(settings).await.map(Some);
    }
    let _ = config;
    Ok(None)
}

#[cfg(feature = "redis")]
async fn timers(config: &Config) -> Result<Box<dyn Rebuild>, BoxError> {
    super::redis::replicas(config.engines.timers.as_ref().ok_or("timers in memory go with their process")?).await
}

#[cfg(not(feature = "redis"))]
async fn timers(_: &Config) -> Result<Box<dyn Rebuild>, BoxError> {
    Err(super::failure::REDIS.into())
}

#[cfg(feature = "kafka")]
mod cluster {
    #[cfg(all(feature = "mongodb", feature = "sqlite"))]
    pub(super) use super::super::kafka::is_empty;
    pub(super) use super::super::kafka::log;
}

#[cfg(not(feature = "kafka"))]
mod cluster {
    use super::super::failure::KAFKA;
    use super::{BoxError, EventLog, Topic};
    use crate::config::KafkaSettings;

    pub(super) async fn log(_: &KafkaSettings, _: &[Topic]) -> Result<Box<dyn EventLog>, BoxError> {
        Err(KAFKA.into())
    }

    #[cfg(all(feature = "mongodb", feature = "sqlite"))]
    pub(super) async fn is_empty(_: &KafkaSettings) -> Result<bool, BoxError> {
        Err(KAFKA.into())
    }
}

#[cfg(feature = "mongodb")]
mod databases {
    use super::super::mongodb;
    use super::{AuditPorts, BoxError, Config, EventLog, ParkingLots, Rebuild, Service, Topic};
    use crate::config::MongoSettings;

    fn store(config: &Config) -> Result<&MongoSettings, BoxError> {
        let chosen = config.engines.store.as_ref();
        chosen.ok_or_else(|| "in memory there is nothing to look at: choose --store mongodb or --data".into())
    }

    pub(super) async fn audit_ports(config: &Config) -> Result<AuditPorts, BoxError> {
        mongodb::audit_ports(store(config)?).await
    }

    pub(super) async fn parking_lots(config: &Config) -> Result<ParkingLots, BoxError> {
        mongodb::parking_lots(store(config)?).await
    }

    pub(super) async fn replicas(config: &Config, service: Service) -> Result<Box<dyn Rebuild>, BoxError> {
        mongodb::replicas(store(config)?, service).await
    }

    pub(super) async fn log(config: &Config, topics: &[Topic]) -> Result<Box<dyn EventLog>, BoxError> {
        mongodb::log(store(config)?, topics).await
    }
}

#[cfg(not(feature = "mongodb"))]
mod databases {
    use super::super::failure::MONGODB;
    use super::{AuditPorts, BoxError, Config, EventLog, ParkingLots, Rebuild, Service, Topic};

    pub(super) async fn audit_ports(_: &Config) -> Result<AuditPorts, BoxError> {
        Err(MONGODB.into())
    }

    pub(super) async fn parking_lots(_: &Config) -> Result<ParkingLots, BoxError> {
        Err(MONGODB.into())
    }

    pub(super) async fn replicas(_: &Config, _: Service) -> Result<Box<dyn Rebuild>, BoxError> {
        Err(MONGODB.into())
    }

    pub(super) async fn log(_: &Config, _: &[Topic]) -> Result<Box<dyn EventLog>, BoxError> {
        Err(MONGODB.into())
    }
}

#[cfg(not(feature = "sqlite"))]
mod file {
    use super::super::failure::SQLITE;
    use super::{AuditPorts, BoxError, ParkingLots, Path};

    pub(super) async fn audit_ports(_: &Path) -> Result<AuditPorts, BoxError> {
        Err(SQLITE.into())
    }

    pub(super) async fn parking_lots(_: &Path) -> Result<ParkingLots, BoxError> {
        Err(SQLITE.into())
    }

    pub(super) async fn back_up(_: &Path, _: &Path) -> Result<(), BoxError> {
        Err(SQLITE.into())
    }
}
