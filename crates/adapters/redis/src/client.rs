//! The connection that all adapters share.

use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use parking_lot::RwLock;
use redis::aio::{ConnectionManager, ConnectionManagerConfig, PubSub};
use redis::{Client, Cmd, ErrorKind, FromRedisValue, RedisResult, Script, ServerErrorKind, Value};
use tokio::time::timeout;

use crate::config::RedisConfig;
use crate::error::RedisError;
use crate::script::Call;

/// A connection to one Redis that comes back by itself. A clone shares the connection.
///
/// While Redis is away, calls fail at once or within the response timeout;
/// they succeed again as soon as it is back. A call whose connection breaks is
/// sent a second time within the same timeout: what the adapters of this crate
/// ask for leaves the same behind when it is done twice. Four things show that
/// only the answer was lost: a limiter counts twice, a claim nobody heard of
/// lends timers until it ends, what was revoked or completed by the first
/// try was not there any more for the second, and a message is published twice.
///
/// # Examples
///
/// ```no_run
/// use ticketing_redis::{RedisClient, RedisConfig};
///
/// # async fn example() -> Result<(), ticketing_redis::RedisError> {
/// let client = RedisClient::connect(&RedisConfig::default()).await?;
/// client.ping().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisClient {
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    /// Replaced when it cannot recover by itself.
    manager: RwLock<ConnectionManager>,
    settings: ConnectionManagerConfig,
    config: RedisConfig,
    /// What may be shown of the URL.
    address: String,
}

static HELLO: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("client/hello.lua")));

impl RedisClient {
    /// Connects, and makes sure that scripts may write.
    ///
    /// # Errors
    ///
    /// [`RedisError`] says what to correct; after the connection timeout and the
    /// response timeout together at the latest.
    pub async fn connect(config: &RedisConfig) -> Result<Self, RedisError> {
        let client = config.client()?;
        let address = config.address();
        let settings = config.manager();
        let lazy = ConnectionManager::new_lazy_with_config(client.clone(), settings.clone());
        let manager = RwLock::new(lazy.map_err(|error| RedisError::of(&address, error))?);
        let shared = Shared { client, manager, settings, config: config.clone(), address };
        let client = Self { shared: Arc::new(shared) };
        client.prove_writable().await?;
        client.warn_of_eviction().await;
        Ok(client)
    }

    /// Asks whether Redis answers.
    ///
    /// # Errors
    ///
    /// [`RedisError`]: it does not, and why.
    pub async fn ping(&self) -> Result<(), RedisError> {
        self.ask(&redis::cmd("PING")).await
    }

    /// The name of something that all of a marketplace shares, in a family of names.
    pub(crate) fn key(&self, family: &str, name: &str) -> String {
        let prefix = &self.shared.config.prefix;
        let mut key = String::with_capacity(prefix.len() + family.len() + name.len() + 2);
        key.extend([prefix, ":", family, ":", name]);
        key
    }

    /// The beginning of keys that one script may touch together, on a cluster too.
    pub(crate) fn tag(&self, family: &str) -> String {
        format!("{{{}:{family}}}:", self.shared.config.prefix)
    }

    /// Sends a command and waits for the answer.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisError> {
        let answer = self.within(self.shared.config.response_timeout, self.persistently(command)).await?;
        self.read(answer)
    }

    /// Reads a key.
    pub(crate) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RedisError> {
        let mut get = Cmd::with_capacity(2, key.len() + 16);
        get.arg("GET").arg(key);
        self.ask(&get).await
    }

    /// Runs a script and waits for the answer.
    pub(crate) async fn run<T: FromRedisValue>(&self, call: &Call<'_>) -> Result<T, RedisError> {
        let answer = self.within(self.shared.config.response_timeout, self.known(call)).await?;
        self.read(answer)
    }

    /// A separate connection that hears what is published on a channel from now on.
    pub(crate) async fn subscribed(&self, channel: &str) -> Result<PubSub, RedisError> {
        let subscribe = async {
            let mut connection = self.shared.client.get_async_pubsub().await?;
            connection.subscribe(channel).await?;
            Ok(connection)
        };
        self.within(self.shared.config.connection_timeout, subscribe).await
    }

    pub(crate) fn address(&self) -> &str {
        &self.shared.address
    }

    async fn prove_writable(&self) -> Result<(), RedisError> {
        let hello = self.key("client", "hello");
        let config = &self.shared.config;
        let limit = config.connection_timeout.saturating_add(config.response_timeout);
        self.within(limit, self.known(&Call::of(&HELLO, &[&hello]))).await.map(drop)
    }

    /// Sessions and their indexes expire by themselves and are not to go before that, and timers neither.
    ///
    /// Where the server's settings may not be read, nothing is said.
    async fn warn_of_eviction(&self) {
        let mut get = redis::cmd("CONFIG");
        get.arg("GET").arg("maxmemory-policy");
        let answer: Result<Vec<String>, RedisError> = self.ask(&get).await;
        let Some(policy) = answer.ok().and_then(|answer| answer.into_iter().nth(1)) else { return };
        if policy != "noeviction" {
            let address = self.address();
            tracing::warn!(
                policy,
                "the Redis at {address} may evict sessions, their indexes and timers: set maxmemory-policy to noeviction"
            );
        }
    }

    fn read<T: FromRedisValue>(&self, answer: Value) -> Result<T, RedisError> {
        redis::from_redis_value(answer).map_err(|error| RedisError::of(self.address(), error.into()))
    }

    async fn within<T>(
        &self,
        limit: Duration,
        answer: impl Future<Output = RedisResult<T>> + Send,
    ) -> Result<T, RedisError> {
        let address = self.address();
        let answer = timeout(limit, answer).await.map_err(|elapsed| RedisError::silence(address, elapsed))?;
        answer.map_err(|error| RedisError::of(address, error))
    }

    /// A Redis that was restarted knows no scripts.
    async fn known(&self, call: &Call<'_>) -> RedisResult<Value> {
        match self.persistently(&call.command).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                call.script.load_async(&mut self.manager()).await?;
                self.persistently(&call.command).await
            }
            answer => answer,
        }
    }

    /// The first failure after Redis went away only shows it; the second try gets a new connection.
    async fn persistently(&self, command: &Cmd) -> RedisResult<Value> {
        match self.send(command).await {
            Err(error) if error.is_io_error() => self.send(command).await,
            answer => answer,
        }
    }

    async fn send(&self, command: &Cmd) -> RedisResult<Value> {
        let answer = command.query_async(&mut self.manager()).await;
        if answer.as_ref().is_err_and(needs_new_manager) {
            self.replace_manager();
        }
        answer
    }

    fn manager(&self) -> ConnectionManager {
        self.shared.manager.read().clone()
    }

    fn replace_manager(&self) {
        let Shared { client, settings, manager, .. } = &*self.shared;
        if let Ok(fresh) = ConnectionManager::new_lazy_with_config(client.clone(), settings.clone()) {
            *manager.write() = fresh;
        }
    }
}

/// A manager that failed to connect, except by an I/O error, repeats its failure without end.
///
/// And one whose server became a replica would go on asking it, though the name
/// may belong to the new primary by now.
fn needs_new_manager(error: &redis::RedisError) -> bool {
    let kind = error.kind();
    let read_only = kind == ErrorKind::Server(ServerErrorKind::ReadOnly);
    read_only || matches!(kind, ErrorKind::AuthenticationFailed | ErrorKind::Parse | ErrorKind::InvalidClientConfig)
}

impl fmt::Debug for RedisClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisClient").field("config", &self.shared.config).finish_non_exhaustive()
    }
}
