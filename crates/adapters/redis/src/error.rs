//! What Redis said, as what to do about it.

use redis::{ErrorKind, ServerErrorKind};
use ticketing_core::ports::BoxError;
use ticketing_core::ports::identity::IdentityError;
use ticketing_core::ports::limits::LimitError;
use ticketing_core::ports::timers::TimerError;

use crate::handshake::{self, Failure};

/// Why Redis did not do what was asked. Never shows a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisError {
    /// Write it like `redis://user:password@host:6379/0`.
    #[error("the Redis URL is not like redis://user:password@host:6379/0")]
    Url(#[source] BoxError),
    /// Build with the feature `tls`, or name an address without it.
    #[error("the Redis URL asks for TLS, and this build has none: build it with the feature tls")]
    NoTls,
    /// Leave out what begins with `#`, and name the authority that signed the certificate instead.
    #[error(
        "the Redis URL ends with a fragment such as #insecure: certificates are always checked, and a # in a password is written %23"
    )]
    Fragment,
    /// Correct the file.
    #[error("the trusted authorities in {file} cannot be read")]
    Authorities {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: BoxError,
    },
    /// Look at the server's certificate, at the authorities that are trusted, and at the URL: the certificate must be
    /// of that name and not expired.
    #[error("the Redis at {address} does not prove who it is: check its certificate, its name and whom is trusted")]
    Untrusted {
        /// Host and port.
        address: String,
        /// What is wrong.
        source: BoxError,
    },
    /// Let it take clients without a certificate: `tls-auth-clients no`.
    #[error("the Redis at {address} wants a certificate of its clients, and we have none: set tls-auth-clients to no")]
    CertificateWanted {
        /// Host and port.
        address: String,
        /// What it said.
        source: BoxError,
    },
    /// Nothing answered in time: start it, or correct the address; the same call may succeed later.
    #[error("no Redis answers at {address}: check the address, and whether it wants TLS (rediss://)")]
    Unreachable {
        /// Host and port, or the path of a socket.
        address: String,
        /// What went wrong.
        source: BoxError,
    },
    /// Correct user, password or permissions.
    #[error("the Redis at {address} denies access: user, password or permissions are wrong")]
    Denied {
        /// Host and port, or the path of a socket.
        address: String,
        /// What it said.
        source: BoxError,
    },
    /// Correct the address.
    #[error("what answers at {address} is not a Redis")]
    NotRedis {
        /// Host and port, or the path of a socket.
        address: String,
        /// What could not be understood.
        source: BoxError,
    },
    /// Wait: the same call succeeds later.
    #[error("the Redis at {address} is still loading its data")]
    Loading {
        /// Host and port, or the path of a socket.
        address: String,
        /// What it said.
        source: BoxError,
    },
    /// Name the primary: this one takes no writes.
    #[error("the Redis at {address} is read-only")]
    ReadOnly {
        /// Host and port, or the path of a socket.
        address: String,
        /// What it said.
        source: BoxError,
    },
    /// It refused the command, for want of memory or disk for instance: the source says why.
    #[error("the Redis at {address} refused a command")]
    Refused {
        /// Host and port, or the path of a socket.
        address: String,
        /// What it said.
        source: BoxError,
    },
}

impl RedisError {
    /// Whether nobody answers, or not yet, so that the same call may succeed later.
    #[must_use]
    pub const fn is_away(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Loading { .. } => true,
            Self::Url(_)
            | Self::NoTls
            | Self::Fragment
            | Self::Authorities { .. }
            | Self::Untrusted { .. }
            | Self::CertificateWanted { .. }
            | Self::Denied { .. }
            | Self::NotRedis { .. }
            | Self::ReadOnly { .. }
            | Self::Refused { .. } => false,
        }
    }

    pub(crate) fn url(error: redis::RedisError) -> Self {
        Self::Url(Box::new(error))
    }

    #[cfg(feature = "tls")]
    pub(crate) fn authorities(file: &std::path::Path, source: impl Into<BoxError>) -> Self {
        Self::Authorities { file: file.display().to_string(), source: source.into() }
    }

    pub(crate) fn silence(address: &str, error: tokio::time::error::Elapsed) -> Self {
        Self::Unreachable { address: address.to_owned(), source: Box::new(error) }
    }

    pub(crate) fn of(address: &str, error: redis::RedisError) -> Self {
        let (address, kind, code) = (address.to_owned(), error.kind(), error.code().map(str::to_owned));
        let handshake = handshake::failure(&error);
        let source: BoxError = Box::new(error);
        match (kind, code.as_deref()) {
            _ if handshake == Some(Failure::Untrusted) => Self::Untrusted { address, source },
            _ if handshake == Some(Failure::CertificateWanted) => Self::CertificateWanted { address, source },
            _ if handshake == Some(Failure::NoTlsThere) => Self::NotRedis { address, source },
            (ErrorKind::AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS" | "NOPERM")) => {
                Self::Denied { address, source }
            }
            (ErrorKind::Parse, _) => Self::NotRedis { address, source },
            (ErrorKind::Io | ErrorKind::InvalidClientConfig, _) => Self::Unreachable { address, source },
            (ErrorKind::Server(ServerErrorKind::BusyLoading), _) => Self::Loading { address, source },
            (ErrorKind::Server(ServerErrorKind::ReadOnly), _) => Self::ReadOnly { address, source },
            _ => Self::Refused { address, source },
        }
    }
}

impl From<RedisError> for TimerError {
    fn from(error: RedisError) -> Self {
        Self(Box::new(error))
    }
}

impl From<RedisError> for IdentityError {
    fn from(error: RedisError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

impl From<RedisError> for LimitError {
    fn from(error: RedisError) -> Self {
        Self(Box::new(error))
    }
}
