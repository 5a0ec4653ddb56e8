//! Why a handshake of TLS failed.

#[cfg(feature = "tls")]
use std::error::Error;
#[cfg(feature = "tls")]
use std::sync::Arc;

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
