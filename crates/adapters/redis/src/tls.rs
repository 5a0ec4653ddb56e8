//! Clients that speak TLS, by rustls, with the feature `tls`.

use std::path::Path;

use redis::{Client, ConnectionInfo};

use crate::error::RedisError;

/// A client that takes no certificate but of these authorities, or by default of those that browsers trust.
#[cfg(feature = "tls")]
pub(crate) fn client(info: ConnectionInfo, ca: Option<&Path>) -> Result<Client, RedisError> {
    // The client panics where a program has chosen no cryptography. Where it has, that stays.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    let root_cert = ca.map(authorities).transpose()?;
    let certificates = redis::TlsCertificates { client_tls: None, root_cert };
    Client::build_with_tls(info, certificates).map_err(|error| match ca {
        Some(file) => RedisError::authorities(file, error),
        None => RedisError::url(error),
    })
}

/// Never called: the configuration has refused TLS before.
#[cfg(not(feature = "tls"))]
pub(crate) fn client(_: ConnectionInfo, _: Option<&Path>) -> Result<Client, RedisError> {
    Err(RedisError::NoTls)
}

#[cfg(feature = "tls")]
fn authorities(file: &Path) -> Result<Vec<u8>, RedisError> {
    let pem = ticketing_core::ports::authorities::read(file).map_err(|error| RedisError::authorities(file, error))?;
    Ok(pem.into_bytes())
}
