//! Failures of the driver in the words of the ports: the only translation.

use mongodb::error::{Error, ErrorKind, WriteFailure};
use ticketing_core::ports::BoxError;
use ticketing_core::ports::store::StoreError;
use ticketing_core::ports::unreadable::Unreadable;

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MongoError {
    /// The connection string is not one.
    #[error("the MongoDB connection string is wrong: {0}")]
    Uri(String),
    /// `tlsAllowInvalidCertificates` or `tlsInsecure` is set: leave it out, and name an authority instead.
    #[error("the MongoDB connection string lets any certificate pass: certificates are always checked")]
    Unchecked,
    /// The file of trusted authorities cannot be read: correct it.
    #[error("the trusted authorities in {file} cannot be read")]
    Authorities {
        /// The file.
        file: String,
        /// What is wrong with it.
        #[source]
        source: BoxError,
    },
    /// A certificate is of another name or authority, or expired.
    #[error("MongoDB does not prove by TLS who it is: check its certificate, its name and whom is trusted")]
    Untrusted(#[source] Error),
    /// Nobody answers, or there is no primary.
    #[error(
        "MongoDB does not answer, or has no primary: check the connection string, whether tls=true belongs there, and that the replica set is up"
    )]
    Unreachable(#[source] Error),
    /// Name or password is wrong, or rights are missing.
    #[error("MongoDB refuses the user of the connection string: check name, password and rights")]
    Unauthorised(#[source] Error),
    /// A server that stands alone has no transactions.
    #[error(
        "MongoDB runs as a standalone server, which has no transactions: start it as a replica set (one member will do) and initiate it"
    )]
    Standalone,
    /// Too old for reads of one snapshot.
    #[error("MongoDB {found} is too old: 6.0 or newer is needed")]
    TooOld {
        /// Its version.
        found: String,
    },
    /// Indexes are missing that cannot be made, because data contradicts them for one.
    #[error("the indexes of the database {database} cannot be made")]
    Indexes {
        /// Which database.
        database: String,
        /// Why.
        #[source]
        source: Error,
    },
    /// The log was made with another number of partitions: use the release that made it.
    #[error("the log of events in MongoDB has {found} partitions a topic, and this release works with {expected}")]
    Partitions {
        /// What the log has.
        found: i32,
        /// What is expected.
        expected: i32,
    },
    /// Something else that the server refuses.
    #[error("MongoDB cannot be used")]
    Other(#[source] Error),
}

impl MongoError {
    /// Whether nobody answers, so that the same call may succeed later.
    #[must_use]
    pub fn is_away(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Indexes { source, .. } => matches!(Self::from(source.clone()), Self::Unreachable(_)),
            Self::Uri(_)
            | Self::Unchecked
            | Self::Authorities { .. }
            | Self::Untrusted(_)
            | Self::Unauthorised(_)
            | Self::Standalone
            | Self::TooOld { .. }
            | Self::Partitions { .. }
            | Self::Other(_) => false,
        }
    }
}

impl From<Error> for MongoError {
    fn from(error: Error) -> Self {
        const UNAUTHORISED: i32 = 13;
        match &*error.kind {
            ErrorKind::Authentication { .. } => Self::Unauthorised(error),
            ErrorKind::Command(command) if command.code == UNAUTHORISED => Self::Unauthorised(error),
            // In the words of rustls, since a topology keeps no more of an error.
            ErrorKind::ServerSelection { message, .. } if message.contains("invalid peer certificate") => {
                Self::Untrusted(error)
            }
            ErrorKind::ServerSelection { .. } | ErrorKind::Io(_) | ErrorKind::DnsResolve { .. } => {
                Self::Unreachable(error)
            }
            ErrorKind::InvalidArgument { message, .. } => Self::Uri(message.clone()),
            _ => Self::Other(error),
        }
    }
}

/// What a read or a write that failed means to its caller.
pub(crate) fn store_error(error: Error) -> StoreError {
    if let Some(unreadable) = error.get_custom::<Unreadable>() {
        return unreadable.clone().into();
    }
    match &*error.kind {
        ErrorKind::BsonDeserialization(_) | ErrorKind::Bson(_) => StoreError::Corrupt(error.into()),
        _ => StoreError::Unavailable(error.into()),
    }
}

/// The code of a write that a unique index refuses.
pub(crate) const DUPLICATE_KEY: i32 = 11000;

/// Whether a unique index, `_id` among them, refused a write.
pub(crate) fn is_duplicate(error: &Error) -> bool {
    match &*error.kind {
        ErrorKind::Write(WriteFailure::WriteError(write)) => write.code == DUPLICATE_KEY,
        ErrorKind::InsertMany(insert) => insert.write_errors.iter().flatten().any(|write| write.code == DUPLICATE_KEY),
        ErrorKind::Command(command) => command.code == DUPLICATE_KEY,
        _ => false,
    }
}

/// Whether the server gave up a command because its time was over, before anything was done.
pub(crate) fn is_out_of_time(error: &Error) -> bool {
    const MAX_TIME_EXPIRED: i32 = 50;
    matches!(&*error.kind, ErrorKind::Command(command) if command.code == MAX_TIME_EXPIRED)
}
