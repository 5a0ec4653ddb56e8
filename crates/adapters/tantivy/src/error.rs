//! Failures of Tantivy in the words of the port: the only translation.

use std::path::PathBuf;

use tantivy::TantivyError;
use tantivy::directory::error::LockError;
use ticketing_core::ports::BoxError;
use ticketing_core::ports::search_index::SearchError;

use crate::document::Unreadable;

/// Why an index cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has the folder open, or this one has it open already.
    #[error("{folder} is in use: end the other process that has it open, or choose another folder")]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder, or what is above it, cannot be read or written.
    #[error("{folder} cannot be used: check its rights and that its disk has room")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What was refused.
        #[source]
        source: BoxError,
    },
    /// There is not enough memory, or the configuration is wrong.
    #[error("the search index cannot be opened")]
    Index(#[source] BoxError),
}

/// A failure while an index is open.
pub(crate) fn failure(error: TantivyError) -> SearchError {
    if is_damage(&error) { SearchError::Corrupt(error.into()) } else { SearchError::Unavailable(error.into()) }
}

/// Whether what lies on the disk is not what was written.
pub(crate) const fn is_damage(error: &TantivyError) -> bool {
    matches!(
        error,
        TantivyError::DataCorruption(_)
            | TantivyError::OpenReadError(_)
            | TantivyError::IncompatibleIndex(_)
            | TantivyError::DeserializeError(_)
            | TantivyError::SchemaError(_)
            | TantivyError::FieldNotFound(_)
    )
}

pub(crate) const fn is_locked(error: &TantivyError) -> bool {
    matches!(error, TantivyError::LockFailure(LockError::LockBusy, _))
}

impl From<Unreadable> for SearchError {
    fn from(error: Unreadable) -> Self {
        Self::Corrupt(error.into())
    }
}
