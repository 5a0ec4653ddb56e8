//! Failures of `SQLite` in the words of the ports: the only translation.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Error, ErrorCode};
use ticketing_core::ports::BoxError;
use ticketing_core::ports::store::{RecordKey, StoreError};
use ticketing_core::ports::transport::TransportError;
use ticketing_core::ports::unreadable::Unreadable;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqliteError {
    /// Another process has it open, or this one has it open already.
    #[error("{path} is in use: end the other process that has it open, or choose another file")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It is a database of another program.
    #[error("{path} is not a marketplace: choose another file")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer release wrote it.
    #[error("{path} was written by a newer release (schema {found}, this one knows {known}): use that release")]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its schema.
        found: u32,
        /// The newest version that this release knows.
        known: u32,
    },
    /// An earlier release wrote it, and it can be read once this one has opened it.
    #[error("{path} was written by an earlier release (schema {found}, this one has {known}): open it once to write")]
    Older {
        /// The file.
        path: PathBuf,
        /// The version of its schema.
        found: u32,
        /// The version of this release.
        known: u32,
    },
    /// All of it was moved to other engines, and goes on there.
    #[error("{path} was moved to {to}: serve that, or take the move back")]
    Moved {
        /// The file.
        path: PathBuf,
        /// Where it was moved to.
        to: String,
    },
    /// The file, or its directory, cannot be written.
    #[error(
        "{path} cannot be written: check the rights of the file and of its directory, and that the disk is writable"
    )]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What was refused.
        #[source]
        source: BoxError,
    },
    /// There is no room left.
    #[error("there is no room left for {path}: make room on its disk")]
    Full {
        /// The file.
        path: PathBuf,
        /// What failed.
        #[source]
        source: BoxError,
    },
    /// The file system shares no memory between connections, as some network shares do not.
    #[error("{path} lies on a file system that cannot keep it: choose a local disk")]
    NotDurable {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("{path} is damaged: keep a copy of it, and restore a backup")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        #[source]
        source: BoxError,
    },
    /// Something else, for example that the directory does not exist.
    #[error("{path} cannot be opened")]
    Other {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: BoxError,
    },
}

impl SqliteError {
    /// What a failure of `SQLite` means for a file.
    pub(crate) fn of(path: &Path, error: Error) -> Self {
        Self::of_shared(path, Arc::new(error))
    }

    fn of_shared(path: &Path, error: Arc<Error>) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::Foreign { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, source: error.into() },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly { path, source: error.into() },
            Some(ErrorCode::DiskFull) => Self::Full { path, source: error.into() },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse { path },
            _ => Self::Other { path, source: error.into() },
        }
    }
}

/// Why a read or a write was not done.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    /// These are not as the unit of work expects.
    Conflict(Vec<RecordKey>),
    /// What was asked for cannot be read.
    Unreadable(Unreadable),
    /// `SQLite` says no. Shared, because one failed commit is the failure of all that it carried.
    Sqlite(Arc<Error>),
    /// The thread that writes, or the runtime that reads, has ended.
    Closed,
}

/// A failure in a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("the disk is full, and what was to be stored is not: make room on it")]
    Full(#[source] Arc<Error>),
    #[error("the file cannot be written: check its rights, and that its disk is writable")]
    ReadOnly(#[source] Arc<Error>),
    #[error("the file is damaged: keep a copy of it, and restore a backup")]
    Damaged(#[source] Arc<Error>),
    #[error("the file does not respond")]
    Other(#[source] Arc<Error>),
    #[error("the file is closed")]
    Closed,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Sqlite(Arc::new(error))
    }
}

impl From<Unreadable> for Failure {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(unreadable)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Conflict(keys) => Self::Conflict(keys),
            Failure::Unreadable(unreadable) => unreadable.into(),
            Failure::Sqlite(error) => match Failed::of(error) {
                damaged @ Failed::Damaged(_) => Self::Corrupt(damaged.into()),
                failed => Self::Unavailable(failed.into()),
            },
            Failure::Closed => Self::Unavailable(Failed::Closed.into()),
        }
    }
}

impl From<Failure> for TransportError {
    fn from(failure: Failure) -> Self {
        Self::Unavailable(failure.into_source())
    }
}

impl Failure {
    /// Why a file cannot be used in which this failed.
    pub(crate) fn of_file(self, path: &Path) -> SqliteError {
        match self {
            Self::Sqlite(error) => SqliteError::of_shared(path, error),
            failure => SqliteError::Other { path: path.to_owned(), source: failure.into_source() },
        }
    }

    /// The cause, for ports whose errors have one kind.
    pub(crate) fn into_source(self) -> BoxError {
        match self {
            Self::Conflict(keys) => StoreError::Conflict(keys).into(),
            Self::Unreadable(unreadable) => unreadable.into(),
            Self::Sqlite(error) => Failed::of(error).into(),
            Self::Closed => Failed::Closed.into(),
        }
    }
}

impl Failed {
    fn of(error: Arc<Error>) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(error),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly(error),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error),
            _ => Self::Other(error),
        }
    }
}
