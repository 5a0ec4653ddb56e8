//! Where the Redis is, and how long to wait for it.

use std::fmt;
use std::time::Duration;

use redis::aio::ConnectionManagerConfig;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{ConnectionInfo, IntoConnectionInfo};

use crate::error::RedisError;

/// Where the Redis is, and how long to wait for it.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisConfig {
    /// `redis://user:password@host:6379/0`; user, password, port and database may be left out.
    pub url: String,
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
            prefix: "ticketing".to_owned(),
            response_timeout: Duration::from_secs(1),
            connection_timeout: Duration::from_secs(1),
        }
    }
}

impl RedisConfig {
    pub(crate) fn connection_info(&self) -> Result<ConnectionInfo, RedisError> {
        if ["rediss://", "valkeys://"].iter().any(|scheme| self.url.starts_with(scheme)) {
            return Err(RedisError::NoTls);
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
        let info = self.connection_info();
        let address = info.map_or_else(|_| "unreadable".to_owned(), |info| info.addr().to_string());
        f.debug_struct("RedisConfig")
            .field("address", &address)
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
        for url in ["redis://ada:tomato@example.org:7000/3", "tomato", "redis+unix:///run/redis?pass=tomato"] {
            let shown = format!("{:?}", RedisConfig { url: url.to_owned(), ..RedisConfig::default() });

            assert!(!shown.contains("tomato"), "{shown}");
        }
    }
}
