//! Where the Redis is, and how long to wait for it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use redis::aio::ConnectionManagerConfig;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{Client, ConnectionInfo, IntoConnectionInfo};

use crate::error::RedisError;
use crate::tls;

/// Where the Redis is, and how long to wait for it.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ticketing_redis::RedisConfig;
///
/// let url = "redis://ticketing:secret@redis:6379/2".to_owned();
/// let config = RedisConfig { url, response_timeout: Duration::from_millis(200), ..RedisConfig::default() };
/// assert!(!format!("{config:?}").contains("secret"), "a password is never printed");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RedisConfig {
    /// `redis://user:password@host:6379/0`; user, password, port and database may be left out.
    ///
    /// `rediss://` is Redis over TLS, and needs the feature `tls`. The certificate must be of this host.
    pub url: String,
    /// The authorities that may sign the certificate of a Redis over TLS: a file in PEM. By default `None`, those
    /// that browsers trust.
    pub ca: Option<PathBuf>,
    /// Begins every key and channel, so that several marketplaces may share a Redis.
    pub prefix: String,
    /// The longest that a call takes; what is not answered by then has failed.
    pub response_timeout: Duration,
    /// The longest that it takes to connect.
    pub connection_timeout: Duration,
}

/// A peer that is silent for so long is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(15);
/// A peer that has confirmed nothing for so long is gone, even if nobody closed the connection.
#[cfg(target_os = "linux")]
const GONE: Duration = Duration::from_secs(20);
/// How many calls may wait to be written before the next one waits for room.
const WAITING_CALLS: usize = 1024;

impl Default for RedisConfig {
    fn default() -> Self {
        Self {
            url: "redis://127.0.0.1:6379/".to_owned(),
            ca: None,
            prefix: "ticketing".to_owned(),
            response_timeout: Duration::from_secs(1),
            connection_timeout: Duration::from_secs(1),
        }
    }
}

impl RedisConfig {
    /// A client, which connects to nothing yet.
    pub(crate) fn client(&self) -> Result<Client, RedisError> {
        let info = self.connection_info()?;
        if self.is_tls() { tls::client(info, self.ca.as_deref()) } else { Client::open(info).map_err(RedisError::url) }
    }

    /// What may be shown of the URL.
    pub(crate) fn address(&self) -> String {
        let info = self.connection_info();
        let address = info.map_or_else(|_| "unreadable".to_owned(), |info| info.addr().to_string());
        if self.is_tls() { address + " over TLS" } else { address }
    }

    fn is_tls(&self) -> bool {
        let scheme = self.url.trim_start().split(':').next().unwrap_or_default();
        ["rediss", "valkeys"].iter().any(|tls| scheme.eq_ignore_ascii_case(tls))
    }

    fn connection_info(&self) -> Result<ConnectionInfo, RedisError> {
        if self.is_tls() && !cfg!(feature = "tls") {
            return Err(RedisError::NoTls);
        }
        // The client knows `#insecure`, which would take any certificate.
        if self.is_tls() && self.url.contains('#') {
            return Err(RedisError::Fragment);
        }
        let info = self.url.as_str().into_connection_info().map_err(RedisError::url)?;
        Ok(info.set_tcp_settings(tcp_settings()))
    }

    pub(crate) fn manager(&self) -> ConnectionManagerConfig {
        ConnectionManagerConfig::new()
            // Not the manager's own timeout, because it leaves out the wait for a connection.
            .set_response_timeout(None)
            .set_connection_timeout(Some(self.connection_timeout))
            // The next call tries again, so nobody waits for a pause between tries.
            .set_number_of_retries(0)
            .set_pipeline_buffer_size(WAITING_CALLS)
    }
}

fn tcp_settings() -> TcpSettings {
    let keepalive = TcpKeepalive::new().with_time(SILENCE).with_interval(SILENCE / 3);
    let settings = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(GONE);
    settings
}

/// Without user and password.
impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig")
            .field("address", &self.address())
            .field("ca", &self.ca)
            .field("prefix", &self.prefix)
            .field("response_timeout", &self.response_timeout)
            .field("connection_timeout", &self.connection_timeout)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_does_not_show_its_password() {
        for url in [
            "redis://ada:tomato@example.org:7000/3",
            "rediss://ada:tomato@example.org:7000/3",
            "rediss://ada:tomato@example.org:7000/3#insecure",
            "rediss://ada:to#mato@example.org/",
            "tomato",
            "redis+unix:///run/redis?pass=tomato",
        ] {
            let shown = format!("{:?}", RedisConfig { url: url.to_owned(), ..RedisConfig::default() });

            assert!(!shown.contains("tomato"), "{shown}");
        }
    }
}
