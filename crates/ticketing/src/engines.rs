//! What a market stands on: where its state is kept, and how events travel.

use std::sync::Arc;

use ticketing_core::assembly::ServicePorts;
use ticketing_core::ports::BoxError;
use ticketing_core::ports::audit_reader::AuditReader;
use ticketing_core::ports::gateway::PaymentGateway;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::parking::ParkingLot;
use ticketing_core::ports::payment_store::PaymentStore;
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_core::ports::transport::{EventPublisher, EventSubscriber};
use ticketing_memory::MemoryEngines;

/// An engine could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The address names no engine, or one that this build does not have.
    #[error("{address:?} names no engine of this build: {known}")]
    Unknown {
        /// The address up to its first colon; the rest may be secret.
        address: String,
        /// What could be named.
        known: &'static str,
    },
    /// It does not answer, or is not as it must be.
    #[error("the engine cannot be used")]
    Engine(#[source] BoxError),
}

/// Where the services keep their state. Fill it with stores of your own, or take those of an engine.
#[derive(Debug, Clone)]
pub struct Stores {
    /// Of the tickets service.
    pub tickets: ServicePorts<dyn TicketStore>,
    /// Of the orders service.
    pub orders: ServicePorts<dyn OrderStore>,
    /// Of the payments service.
    pub payments: ServicePorts<dyn PaymentStore>,
    /// Events that the expiration service could not handle.
    pub expiration_parking: Arc<dyn ParkingLot>,
    /// Events that followers of the application could not handle.
    pub follower_parking: Arc<dyn ParkingLot>,
    /// Reads what these stores have, to fill a search index that begins; without it, one knows what its events say.
    pub owners: Option<Arc<dyn AuditReader>>,
    /// Whether one process alone has them, as it has a file: then the search follows events under one name at each start.
    pub is_of_one_process: bool,
    /// A bank that takes no money and remembers as long as these stores do, for
    /// [`MarketBuilder::sandbox`](crate::MarketBuilder::sandbox).
    pub sandbox: Option<Arc<dyn PaymentGateway>>,
}

impl Stores {
    /// Connects to the engine that an address names, such as `mongodb://localhost/?replicaSet=rs0`.
    ///
    /// # Errors
    ///
    /// [`EngineError`].
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{EngineError, Stores};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let unknown = Stores::connect("postgres://ada:secret@localhost/shop").await;
    /// let Err(EngineError::Unknown { address, .. }) = unknown else { panic!("{unknown:?}") };
    /// assert_eq!(address, "postgres");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect(address: &str) -> Result<Self, EngineError> {
        match scheme(address) {
            #[cfg(feature = "mongodb")]
            "mongodb" | "mongodb+srv" => {
                use ticketing_mongodb::{MongoClient, MongoConfig};

                let client = MongoClient::connect(&MongoConfig::new(address)).await;
                Self::mongodb(&client.map_err(|error| EngineError::Engine(error.into()))?).await
            }
            scheme => Err(unknown(scheme, "mongodb:// with the feature mongodb")),
        }
    }

    /// Keeps everything in MongoDB, one database for each service, over a client that the application may share.
    ///
    /// # Errors
    ///
    /// [`EngineError::Engine`]: it does not answer.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use ticketing::mongodb::{MongoClient, MongoConfig};
    /// use ticketing::{Market, Stores};
    /// # async fn open(transport: ticketing::Transport, bank: impl ticketing::PaymentGateway) -> Result<Market, Box<dyn std::error::Error>> {
    /// let config = MongoConfig::new("mongodb://localhost/?replicaSet=rs0");
    /// let client = MongoClient::connect(&config).await?;
    /// let stores = Stores::mongodb(&client).await?;
    /// let market = Market::builder().stores(stores).transport(transport).gateway(bank).open().await?;
    /// # Ok(market)
    /// # }
    /// ```
    #[cfg(feature = "mongodb")]
    pub async fn mongodb(client: &ticketing_mongodb::MongoClient) -> Result<Self, EngineError> {
        mongodb(client).await.map_err(|error| EngineError::Engine(error.into()))
    }

    /// Keeps everything in a `SQLite` file that is open; take its [`Transport::sqlite`] too.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::memory::MemoryEngines;
    /// use ticketing::sqlite::{SqliteConfig, SqliteEngines};
    /// use ticketing::{Market, Stores, Transport};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let env = MemoryEngines::default().env;
    /// # let directory = std::env::temp_dir().join(format!("ticketing-doc-{}", env.ids.uuid(env.now())));
    /// # std::fs::create_dir(&directory)?;
    /// let engines = SqliteEngines::open(&SqliteConfig::new(directory.join("market.db")), env).await?;
    /// let (stores, transport) = (Stores::sqlite(&engines), Transport::sqlite(&engines));
    /// let market = Market::builder().stores(stores).transport(transport).sandbox().open().await?;
    /// engines.file.back_up(&directory.join("backup.db")).await?;
    /// market.close().await?;
    /// # std::fs::remove_dir_all(directory)?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "sqlite")]
    #[must_use]
    pub fn sqlite(engines: &ticketing_sqlite::SqliteEngines) -> Self {
        let sandbox = Arc::new(MemoryEngines::new(engines.env.clone()).gateway);
        Self {
            tickets: engines.ticket_ports(),
            orders: engines.order_ports(),
            payments: engines.payment_ports(),
            expiration_parking: engines.expiration_ports().parking,
            follower_parking: Arc::new(engines.parking.clone()),
            owners: Some(Arc::new(engines.audit_reader())),
            is_of_one_process: true,
            sandbox: Some(Arc::new(ticketing_sqlite::SqliteGateway::of(&engines.file, sandbox))),
        }
    }

    pub(crate) fn in_memory(memory: &MemoryEngines) -> Self {
        Self {
            tickets: memory.ticket_ports(),
            orders: memory.order_ports(),
            payments: memory.payment_ports(),
            expiration_parking: memory.expiration_ports().parking,
            follower_parking: Arc::new(memory.parking.clone()),
            owners: Some(Arc::new(memory.audit_reader())),
            is_of_one_process: true,
            sandbox: Some(Arc::new(memory.gateway.clone())),
        }
    }
}

/// How events travel between services. Fill it with a transport of your own, or take that of an engine.
#[derive(Debug, Clone)]
pub struct Transport {
    /// Takes events to the others.
    pub publisher: Arc<dyn EventPublisher>,
    /// Brings the events of the others.
    pub subscriber: Arc<dyn EventSubscriber>,
}

impl Transport {
    /// Connects to the engine that an address names, such as `kafka://broker-1:9092,broker-2:9092` or
    /// `mongodb://host/?replicaSet=rs0`.
    ///
    /// # Errors
    ///
    /// [`EngineError`].
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::{EngineError, Transport};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let unknown = Transport::connect("amqp://localhost").await;
    /// assert!(matches!(unknown, Err(EngineError::Unknown { .. })));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect(address: &str) -> Result<Self, EngineError> {
        match scheme(address) {
            #[cfg(feature = "kafka")]
            "kafka" => {
                let brokers = address.trim_start_matches("kafka://").trim_end_matches('/');
                Self::kafka(&ticketing_kafka::KafkaConfig::new(brokers)).await
            }
            #[cfg(feature = "mongodb")]
            "mongodb" | "mongodb+srv" => {
                use ticketing_mongodb::{MongoClient, MongoConfig};

                let client = MongoClient::connect(&MongoConfig::new(address)).await;
                Self::mongodb(&client.map_err(|error| EngineError::Engine(error.into()))?).await
            }
            scheme => Err(unknown(scheme, "kafka:// with the feature kafka, mongodb:// with the feature mongodb")),
        }
    }

    /// Over Kafka; topics that are missing are made.
    ///
    /// # Errors
    ///
    /// [`EngineError::Engine`]: it does not answer, or a topic is not as it must be.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use ticketing::kafka::KafkaConfig;
    /// use ticketing::{EngineError, Transport};
    /// # async fn connect() -> Result<Transport, EngineError> {
    /// let config = KafkaConfig { replication: 3, ..KafkaConfig::new("kafka-1:9092,kafka-2:9092") };
    /// Transport::kafka(&config).await
    /// # }
    /// ```
    #[cfg(feature = "kafka")]
    pub async fn kafka(config: &ticketing_kafka::KafkaConfig) -> Result<Self, EngineError> {
        kafka(config).await.map_err(EngineError::Engine)
    }

    /// Over a log in a database of MongoDB, beside those of [`Stores::mongodb`], over a client that the application may
    /// share.
    ///
    /// # Errors
    ///
    /// [`EngineError::Engine`]: it does not answer.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use ticketing::mongodb::{MongoClient, MongoConfig};
    /// use ticketing::{Market, Stores, Transport};
    /// # async fn open(bank: impl ticketing::PaymentGateway) -> Result<Market, Box<dyn std::error::Error>> {
    /// let client = MongoClient::connect(&MongoConfig::new("mongodb://localhost/?replicaSet=rs0")).await?;
    /// let (stores, transport) = (Stores::mongodb(&client).await?, Transport::mongodb(&client).await?);
    /// let market = Market::builder().stores(stores).transport(transport).gateway(bank).open().await?;
    /// # Ok(market)
    /// # }
    /// ```
    #[cfg(feature = "mongodb")]
    pub async fn mongodb(client: &ticketing_mongodb::MongoClient) -> Result<Self, EngineError> {
        let broker = ticketing_mongodb::MongoBroker::open(client).await;
        let broker = broker.map_err(|error| EngineError::Engine(error.into()))?;
        Ok(Self { publisher: Arc::new(broker.publisher()), subscriber: Arc::new(broker.subscriber()) })
    }

    /// Over the log of a `SQLite` file that is open, where what is committed is published.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing::sqlite::{SqliteConfig, SqliteEngines};
    /// use ticketing::{Market, Stores, Transport};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let env = ticketing::memory::MemoryEngines::default().env;
    /// # let path = std::env::temp_dir().join(format!("ticketing-doc-{}.db", env.ids.uuid(env.now())));
    /// let engines = SqliteEngines::open(&SqliteConfig::new(&path), env).await?;
    /// let transport = Transport::sqlite(&engines);
    /// let market = Market::builder().stores(Stores::sqlite(&engines)).transport(transport).sandbox().open().await?;
    /// # market.close().await?;
    /// # drop(engines);
    /// # std::fs::remove_file(path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "sqlite")]
    #[must_use]
    pub fn sqlite(engines: &ticketing_sqlite::SqliteEngines) -> Self {
        let broker = &engines.broker;
        Self { publisher: Arc::new(broker.publisher()), subscriber: Arc::new(broker.subscriber()) }
    }

    pub(crate) fn in_memory(memory: &MemoryEngines) -> Self {
        let broker = &memory.broker;
        Self { publisher: Arc::new(broker.publisher()), subscriber: Arc::new(broker.subscriber()) }
    }
}

/// An address without what may be secret of it.
fn scheme(address: &str) -> &str {
    address.split_once("://").map_or("", |(scheme, _)| scheme)
}

fn unknown(scheme: &str, known: &'static str) -> EngineError {
    EngineError::Unknown { address: scheme.to_owned(), known }
}

#[cfg(feature = "mongodb")]
async fn mongodb(client: &ticketing_mongodb::MongoClient) -> Result<Stores, ticketing_mongodb::MongoError> {
    use ticketing_mongodb::{
        MongoAuditReader, MongoGateway, MongoOrderStore, MongoParkingLot, MongoPaymentStore, MongoTicketStore,
    };

    let sandbox = Arc::new(MemoryEngines::default().gateway);
    Ok(Stores {
        tickets: MongoTicketStore::open(client).await?.ports(),
        orders: MongoOrderStore::open(client).await?.ports(),
        payments: MongoPaymentStore::open(client).await?.ports(),
        expiration_parking: Arc::new(MongoParkingLot::open(client, "expiration").await?),
        follower_parking: Arc::new(MongoParkingLot::open(client, MongoParkingLot::OF_FOLLOWERS).await?),
        owners: Some(Arc::new(MongoAuditReader::new(client))),
        is_of_one_process: false,
        sandbox: Some(Arc::new(MongoGateway::open(client, sandbox).await?)),
    })
}

#[cfg(feature = "kafka")]
async fn kafka(config: &ticketing_kafka::KafkaConfig) -> Result<Transport, BoxError> {
    use ticketing_kafka::{KafkaPublisher, KafkaSubscriber, KafkaTopics};

    KafkaTopics::ensure(config).await?;
    let publisher = KafkaPublisher::connect(config).await?;
    Ok(Transport { publisher: Arc::new(publisher), subscriber: Arc::new(KafkaSubscriber::new(config)) })
}
