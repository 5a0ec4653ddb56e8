//! Failures of the driver in the words of the ports: the only translation.

use mongodb::error::{Error, ErrorKind, WriteFailure};
use ticketing_core::ports::store::StoreError;

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MongoError {
    /// The connection string is not one.
    #[error("the MongoDB connection string is wrong: {0}")]
    Uri(String),
    /// Nobody answers, or there is no primary.
    #[error("MongoDB does not answer, or has no primary: check the connection string and that the replica set is up")]
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
    /// Something else that the server refuses.
    #[error("MongoDB cannot be used")]
    Other(#[source] Error),
}

impl From<Error> for MongoError {
    fn from(error: Error) -> Self {
        const UNAUTHORISED: i32 = 13;
        match &*error.kind {
            ErrorKind::Authentication { .. } => Self::Unauthorised(error),
            ErrorKind::Command(command) if command.code == UNAUTHORISED => Self::Unauthorised(error),
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
