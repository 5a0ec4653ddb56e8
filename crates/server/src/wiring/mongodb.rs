//! Stores, outboxes and parking lots on `MongoDB`, and the log of events.

use std::sync::Arc;

use ticketing_core::assembly::ServicePorts;
use ticketing_core::domain::event::Topic;
use ticketing_core::ports::BoxError;
use ticketing_core::ports::audit_reader::AdmissionReader;
use ticketing_core::ports::log::EventLog;
use ticketing_core::ports::store::Page;
use ticketing_core::rebuild::{
    Rebuild, RebuildAdmissions, RebuildLetters, RebuildPayables, RebuildSales, RebuildSellers, RebuildStocks,
    RebuildTickets,
};
use ticketing_memory::MemoryEngines;
use ticketing_mongodb::{
    MongoAccountStore, MongoAttemptNotes, MongoAuditReader, MongoBroker, MongoClient, MongoConfig, MongoError,
    MongoGateway, MongoLetterStore, MongoLog, MongoMove, MongoOrderStore, MongoParkingLot, MongoPassStore,
    MongoPaymentStore, MongoTicketStore, MoveState, PoolCounts,
};

use crate::config::{Config, Gateway, LogSettings, MongoSettings, Service};
use crate::marketplace::Engines;
use crate::telemetry::{EngineMetric, Lags};

use super::failure::Failure;
use super::stores::{CONSUMERS, unreadable};
use super::{AuditPorts, ParkingLots, stripe};

pub(super) async fn client(settings: &MongoSettings) -> Result<MongoClient, BoxError> {
    connect(settings, &LogSettings::default()).await
}

async fn connect(settings: &MongoSettings, log: &LogSettings) -> Result<MongoClient, BoxError> {
    let MongoSettings { uri, database_prefix, ca } = settings.clone();
    let config = MongoConfig { database_prefix, ca, retention: log.retention, ..MongoConfig::new(uri.expose()) };
    Ok(MongoClient::connect(&config).await?)
}

/// What is kept of some topics.
pub(super) async fn log(settings: &MongoSettings, topics: &[Topic]) -> Result<Box<dyn EventLog>, BoxError> {
    Ok(Box::new(MongoLog::open(&client(settings).await?, topics).await?))
}

/// Lets the services of this process publish and follow events in a database beside theirs.
async fn plug_in_log(engines: &mut Engines, client: &MongoClient) -> Result<(), BoxError> {
    let broker = MongoBroker::open(client).await?;
    engines.context.publisher = Arc::new(broker.publisher());
    engines.context.subscriber = Arc::new(broker.subscriber());
    engines.metrics.push(missed(broker.clone()));
    engines.lags = Lags::new(move || broker.lags());
    Ok(())
}

fn missed(broker: MongoBroker) -> EngineMetric {
    let help = "Events that were older than what the log keeps when a group came to them";
    EngineMetric::counter("mongodb_missed_events", help, move || broker.missed())
}

fn pool(counts: &PoolCounts) -> [EngineMetric; 3] {
    let [open, in_use, waiting] = [(); 3].map(|()| counts.clone());
    [
        EngineMetric::gauge("mongodb_connections", "Connections to MongoDB", move || open.open()),
        EngineMetric::gauge("mongodb_connections_in_use", "Those that are in use", move || in_use.in_use()),
        EngineMetric::gauge("mongodb_calls_waiting", "Calls that wait for one", move || waiting.waiting()),
    ]
}

/// What an audit reads of the databases.
pub(super) async fn audit_ports(settings: &MongoSettings) -> Result<AuditPorts, BoxError> {
    let audit_reader = MongoAuditReader::new(&client(settings).await?);
    Ok(AuditPorts {
        ledger: Some(Arc::new(audit_reader.clone())),
        admissions: admissions(&audit_reader).await?,
        letters: Some(Arc::new(audit_reader.clone())),
        audit_reader: Arc::new(audit_reader),
    })
}

/// What the admissions service keeps; `None` if it never ran, as in a marketplace of the release before.
async fn admissions(reader: &MongoAuditReader) -> Result<Option<Arc<dyn AdmissionReader>>, BoxError> {
    let doors = reader.entrances(Page::first(1)).await?;
    let has_run = !doors.records.is_empty() || !doors.unreadable.is_empty();
    Ok(has_run.then(|| Arc::new(reader.clone()) as Arc<dyn AdmissionReader>))
}

/// The parking lots of the services that follow events, and of the followers of the application.
pub(super) async fn parking_lots(settings: &MongoSettings) -> Result<ParkingLots, BoxError> {
    let client = client(settings).await?;
    let mut lots: ParkingLots = Vec::new();
    for service in CONSUMERS.into_iter().chain([MongoParkingLot::OF_FOLLOWERS]) {
        lots.push((service, Arc::new(MongoParkingLot::open(&client, service).await?)));
    }
    Ok(lots)
}

/// The replicas that a service keeps beside its state.
pub(super) async fn replicas(settings: &MongoSettings, service: Service) -> Result<Box<dyn Rebuild>, BoxError> {
    let client = client(settings).await?;
    Ok(match service {
        Service::Tickets => {
            let store = Arc::new(MongoTicketStore::open(&client).await?);
            let sellers = RebuildSellers::new(Arc::clone(&store) as _, super::memory::clock_and_ids());
            Box::new(RebuildTickets::new(RebuildSales::new(store), sellers))
        }
        Service::Orders => Box::new(RebuildStocks::new(Arc::new(MongoOrderStore::open(&client).await?))),
        Service::Payments => Box::new(RebuildPayables::new(Arc::new(MongoPaymentStore::open(&client).await?))),
        Service::Admissions => {
            let store = MongoPassStore::open(&client).await?;
            Box::new(RebuildAdmissions::new(Arc::new(store), super::memory::clock_and_ids()))
        }
        Service::Notifications => Box::new(RebuildLetters::new(Arc::new(MongoLetterStore::open(&client).await?))),
        Service::Accounts | Service::Expiration | Service::Web => {
            return Err(format!("{} keeps no replicas in a database", service.name()).into());
        }
    })
}

/// Puts what the services of this process keep on `MongoDB`, and what the sandbox in memory answers.
pub(super) async fn plug_in(
    engines: &mut Engines,
    settings: &MongoSettings,
    memory: &MemoryEngines,
    config: &Config,
) -> Result<(), BoxError> {
    let log = config.engines.log();
    let client = connect(settings, log.unwrap_or(&LogSettings::default())).await?;
    if let MoveState::Begun { .. } = MongoMove::of(&client).state().await? {
        return Err(
            format!("a marketplace is being moved to {}: end that with `ticketing move`", client.place()).into()
        );
    }
    engines.metrics.push(unreadable(client.passed_by()));
    engines.metrics.extend(pool(&client.pool()));
    if log.is_some() {
        plug_in_log(engines, &client).await?;
    }
    if let Some(accounts) = &mut engines.accounts {
        let store = MongoAccountStore::open(&client).await?;
        accounts.outbox = Arc::new(store.outbox());
        accounts.store = Arc::new(store);
    }
    if let Some(tickets) = &mut engines.tickets {
        let service = MongoTicketStore::open(&client).await?.ports();
        tickets.service = ServicePorts { store: memory.ticket_feeds.fed_by(Arc::clone(&service.store)), ..service };
        tickets.search.owners = Some(Arc::new(MongoAuditReader::new(&client)));
        tickets.search.parking = Arc::new(MongoParkingLot::open(&client, MongoParkingLot::OF_FOLLOWERS).await?);
    }
    if let Some(orders) = &mut engines.orders {
        *orders = MongoOrderStore::open(&client).await?.ports();
    }
    if let Some(payments) = &mut engines.payments {
        payments.service = MongoPaymentStore::open(&client).await?.ports();
        payments.gateway = match config.gateway() {
            Some(Gateway::Stripe) => stripe::gateway(config, Arc::new(MongoAttemptNotes::open(&client).await?))?,
            Some(Gateway::Sandbox) | None => {
                Arc::new(MongoGateway::open(&client, Arc::new(memory.gateway.clone())).await?)
            }
        };
    }
    if let Some(admissions) = &mut engines.admissions {
        admissions.service = MongoPassStore::open(&client).await?.ports();
    }
    if let Some(notifications) = &mut engines.notifications {
        notifications.service = MongoLetterStore::open(&client).await?.ports();
    }
    if let Some(expiration) = &mut engines.expiration {
        expiration.parking = Arc::new(MongoParkingLot::open(&client, "expiration").await?);
    }
    Ok(())
}

/// Whether a failure to connect is that nobody answers.
pub(super) fn is_away(error: &Failure) -> bool {
    error.downcast_ref().is_some_and(MongoError::is_away)
}
