//! The connection that the databases of all services share.

use std::path::Path;
use std::sync::Arc;

use bson::{Document, doc};
use mongodb::error::ErrorKind;
use mongodb::options::{ClientOptions, ReadConcern, ReadPreference, SelectionCriteria, Tls, WriteConcern};
use mongodb::{Client, Database, IndexModel};
use ticketing_core::ports::store::StoreError;
use ticketing_core::ports::unreadable::PassedBy;

use crate::config::MongoConfig;
use crate::elections::Elections;
use crate::error::{MongoError, store_error};
use crate::pool::PoolCounts;

/// A checked connection. A clone shares it.
#[derive(Clone)]
pub struct MongoClient {
    pub(crate) client: Client,
    pub(crate) config: Arc<MongoConfig>,
    pub(crate) unreadable: PassedBy,
    pub(crate) elections: Elections,
    pool: PoolCounts,
    hosts: Arc<str>,
}

impl std::fmt::Debug for MongoClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MongoClient").field("config", &self.config).finish_non_exhaustive()
    }
}

impl MongoClient {
    /// Connects, and checks that the server can do what the adapter relies on.
    ///
    /// Reads are from the primary, reads and writes are by majority, and both are tried again, whatever the
    /// connection string says: what is acknowledged outlives the member that took it, and is read from then on.
    ///
    /// # Errors
    ///
    /// [`MongoError`] is a sentence that says what to change.
    pub async fn connect(config: &MongoConfig) -> Result<Self, MongoError> {
        Self::connect_with(config, |_| {}).await
    }

    /// Connects with options of the driver that no field of [`MongoConfig`] has, such as a callback for credentials.
    ///
    /// What the adapter relies on cannot be changed: concerns, where to read, retries, and who hears of elections.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use ticketing_mongodb::{MongoClient, MongoConfig};
    ///
    /// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
    /// let config = MongoConfig::new("mongodb://localhost:27017/?replicaSet=rs0");
    /// let client = MongoClient::connect_with(&config, |options| options.max_pool_size = Some(20)).await?;
    /// let own = client.driver().database("festival");
    /// # let _ = own; Ok(())
    /// # }
    /// ```
    pub async fn connect_with(
        config: &MongoConfig,
        change: impl FnOnce(&mut ClientOptions),
    ) -> Result<Self, MongoError> {
        let elections = Elections::default();
        let mut options = options(config, change).await?;
        options.sdam_event_handler = Some(elections.observer());
        let pool = PoolCounts::default();
        options.cmap_event_handler = Some(pool.observer());
        let hosts = options.hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",").into();
        let client = Client::with_options(options)?;
        check(&client.database("admin")).await?;
        warn_of_long_transactions(&client.database("admin")).await;
        let (config, unreadable) = (Arc::new(config.clone()), PassedBy::default());
        Ok(Self { client, config, unreadable, elections, pool, hosts })
    }

    /// The driver's client, for databases of the application: it shares the connections.
    ///
    /// Its reads and writes are by majority unless a collection says otherwise.
    #[must_use]
    pub const fn driver(&self) -> &Client {
        &self.client
    }

    /// What lists passed by because it cannot be read, in all databases.
    #[must_use]
    pub fn passed_by(&self) -> PassedBy {
        self.unreadable.clone()
    }

    /// The connections to all members.
    #[must_use]
    pub fn pool(&self) -> PoolCounts {
        self.pool.clone()
    }

    /// Where the databases are, for people; no user and no password is in it.
    #[must_use]
    pub fn place(&self) -> String {
        format!("the databases {}_* of MongoDB at {}", self.config.database_prefix, self.hosts)
    }

    /// The database of a service.
    #[must_use]
    pub fn database(&self, service: &str) -> Database {
        self.client.database(&format!("{}_{service}", self.config.database_prefix))
    }

    /// The database of a service, with its collections and their indexes.
    pub(crate) async fn prepared(&self, service: &str, indexes: Vec<Indexes>) -> Result<Database, MongoError> {
        let database = self.database(service);
        for Indexes { collection, indexes } in indexes {
            let made = create(&database, collection, indexes).await;
            made.map_err(|source| MongoError::Indexes { database: database.name().to_owned(), source })?;
        }
        Ok(database)
    }
}

/// The most connections to each member, unless the connection string sets `maxPoolSize`.
///
/// A write holds its connection until a majority has it, so the driver's 10 are soon in use, and reads queue behind
/// writes. 100 is the default of MongoDB's drivers for other languages.
const CONNECTIONS: u32 = 100;

/// What the connection string says, but for what the adapter relies on.
async fn options(config: &MongoConfig, change: impl FnOnce(&mut ClientOptions)) -> Result<ClientOptions, MongoError> {
    let mut options = ClientOptions::parse(&config.uri).await?;
    options.app_name = Some("ticketing".to_owned());
    change(&mut options);
    trust(&mut options, config)?;
    options.server_selection_timeout = Some(config.select_within);
    options.write_concern = Some(WriteConcern::majority());
    options.read_concern = Some(ReadConcern::majority());
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    options.retry_reads = Some(true);
    options.retry_writes = Some(true);
    options.max_pool_size = options.max_pool_size.or(Some(CONNECTIONS));
    Ok(options)
}

/// Certificates are always checked. A file that the connection string names goes before that of the configuration.
fn trust(options: &mut ClientOptions, config: &MongoConfig) -> Result<(), MongoError> {
    let Some(Tls::Enabled(tls)) = &mut options.tls else { return Ok(()) };
    if tls.allow_invalid_certificates == Some(true) {
        return Err(MongoError::Unchecked);
    }
    if tls.ca_file_path.is_none() {
        tls.ca_file_path.clone_from(&config.ca);
    }
    match &tls.ca_file_path {
        Some(file) => authorities(file),
        None => Ok(()),
    }
}

fn authorities(file: &Path) -> Result<(), MongoError> {
    let unreadable =
        |error: std::io::Error| MongoError::Authorities { file: file.display().to_string(), source: error.into() };
    ticketing_core::ports::authorities::read(file).map(drop).map_err(unreadable)
}

/// The indexes of one collection, named.
pub(crate) struct Indexes {
    pub(crate) collection: &'static str,
    pub(crate) indexes: Vec<IndexModel>,
}

/// Makes a collection and its indexes, where they are missing; twice at once does no harm.
async fn create(database: &Database, collection: &str, indexes: Vec<IndexModel>) -> mongodb::error::Result<()> {
    const EXISTS: i32 = 48;
    if indexes.is_empty() {
        // A transaction that begins with a missing collection would have to make it.
        return match database.create_collection(collection).await {
            Err(error) if !matches!(&*error.kind, ErrorKind::Command(refused) if refused.code == EXISTS) => Err(error),
            _ => Ok(()),
        };
    }
    database.collection::<Document>(collection).create_indexes(indexes).await.map(drop)
}

async fn check(admin: &Database) -> Result<(), MongoError> {
    // Transactions need 4.0, reads of a snapshot outside of them 5.0; 6.0 is the oldest that is tested.
    const NEEDED: i32 = 17;
    let hello = admin.run_command(doc! { "hello": 1 }).await?;
    let is_router = hello.get_str("msg").is_ok_and(|message| message == "isdbgrid");
    if hello.get_str("setName").is_err() && !is_router {
        return Err(MongoError::Standalone);
    }
    if hello.get_i32("maxWireVersion").unwrap_or_default() < NEEDED {
        let build = admin.run_command(doc! { "buildInfo": 1 }).await?;
        return Err(MongoError::TooOld { found: build.get_str("version").unwrap_or("of unknown version").to_owned() });
    }
    Ok(())
}

/// What a killed process was writing stays locked until its transaction's time is up.
///
/// Without permission to read the server's parameters, this is not reported.
async fn warn_of_long_transactions(admin: &Database) {
    const LONG: i64 = 10;
    let parameter = "transactionLifetimeLimitSeconds";
    let Ok(answer) = admin.run_command(doc! { "getParameter": 1, parameter: 1 }).await else { return };
    let seconds = answer.get(parameter).and_then(|limit| limit.as_i32().map(i64::from).or_else(|| limit.as_i64()));
    if let Some(seconds) = seconds.filter(|seconds| *seconds > LONG) {
        tracing::warn!(
            seconds,
            "MongoDB keeps what a killed process was writing locked for {seconds} s: set {parameter} to 5"
        );
    }
}

/// Runs a driver's future to its end, also if nobody waits for it any more.
///
/// The driver's futures must not be dropped half way.
pub(crate) async fn detached<T: Send + 'static>(
    work: impl Future<Output = mongodb::error::Result<T>> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::spawn(work).await {
        Ok(result) => result.map_err(store_error),
        Err(ended) => Err(StoreError::Unavailable(ended.into())),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn what_the_adapter_relies_on_is_no_matter_of_the_connection_string() {
        let weak = "readPreference=secondaryPreferred&readPreferenceTags=dc:ny&maxStalenessSeconds=120\
                    &readConcernLevel=local&w=0&journal=false&wtimeoutMS=1&retryWrites=false&retryReads=false\
                    &serverSelectionTimeoutMS=1&appName=other";
        let config = MongoConfig::new(format!("mongodb://one,two/?replicaSet=rs0&{weak}"));

        let change = |options: &mut ClientOptions| {
            options.write_concern = None;
            options.retry_writes = Some(false);
            options.app_name = Some("festival".to_owned());
        };
        let options = options(&config, change).await.unwrap();

        assert_eq!(options.app_name.as_deref(), Some("festival"));
        assert_eq!(options.selection_criteria, Some(SelectionCriteria::ReadPreference(ReadPreference::Primary)));
        assert_eq!(options.read_concern, Some(ReadConcern::majority()));
        assert_eq!(options.write_concern, Some(WriteConcern::majority()));
        assert_eq!((options.retry_reads, options.retry_writes), (Some(true), Some(true)));
        assert_eq!(options.server_selection_timeout, Some(Duration::from_secs(5)));
        assert_eq!(options.repl_set_name.as_deref(), Some("rs0"));
    }

    #[tokio::test]
    async fn connections_are_as_many_as_the_connection_string_says() {
        for (said, expected) in [("", CONNECTIONS), ("&maxPoolSize=7", 7)] {
            let config = MongoConfig::new(format!("mongodb://one/?replicaSet=rs0{said}"));
            assert_eq!(options(&config, |_| {}).await.unwrap().max_pool_size, Some(expected), "{said}");
        }
    }
}
