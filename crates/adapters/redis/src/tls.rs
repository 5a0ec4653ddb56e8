//! Clients that speak TLS, by rustls, with the feature `tls`.

#[cfg(feature = "tls")]
use std::error::Error;
use std::path::Path;
#[cfg(feature = "tls")]
use std::sync::Arc;

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

/// What was wrong with the handshake, if that is why there is no connection.
#[cfg(feature = "tls")]
pub(crate) fn failure(error: &redis::RedisError) -> Option<Failure> {
    let failed = handshake(error)?;
    Some(match failed {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => Failure::Untrusted,
        rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired) => Failure::CertificateWanted,
        _ => Failure::NoTlsThere,
    })
}

/// What was wrong with the handshake, if that is why there is no connection.
#[cfg(not(feature = "tls"))]
pub(crate) const fn failure(_: &redis::RedisError) -> Option<Failure> {
    None
}

/// Why a handshake failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The server does not prove who it is.
    Untrusted,
    /// The server wants us to prove who we are.
    CertificateWanted,
    /// What answers does not speak TLS as we do.
    NoTlsThere,
}

#[cfg(feature = "tls")]
fn handshake(error: &redis::RedisError) -> Option<&rustls::Error> {
    // The client keeps an I/O error behind a pointer that it shares, and that one keeps what it is made of.
    let shared: &Arc<dyn Error + Send + Sync> = error.source()?.downcast_ref()?;
    shared.downcast_ref::<std::io::Error>()?.get_ref()?.downcast_ref()
}
