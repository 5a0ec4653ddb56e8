//! Why a marketplace is not moved.

use std::fmt;
use std::path::PathBuf;

use ticketing_core::moving::RecordKind;
use uuid::Uuid;

/// A sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{path} is not there: --data is the directory of the file that is to be moved")]
    NoFile { path: PathBuf },
    #[error("it was moved to {to} before: serve that; `ticketing move --take-back` lets the file be served again")]
    Moved { to: String },
    #[error("it was not moved: there is nothing to take back")]
    NotMoved,
    #[error(
        "it was moved to {to} before and taken back: remove these databases if nothing was sold there, or choose \
         another --database-prefix"
    )]
    TakenBack { to: String },
    #[error("another marketplace was moved to {to}, or is being moved there: choose another --database-prefix")]
    OfAnother { to: String },
    #[error("there is a marketplace in {to} already, with {}: choose another --database-prefix", .kind.name())]
    Occupied { to: String, kind: RecordKind },
    #[error(
        "the bus has events of another marketplace: choose another --topic-prefix, or --database-prefix for --bus mongodb"
    )]
    PublishedBefore,
    #[error("people were written to from this file, and letters are under way in it: set --mail as it was served")]
    Unwritten,
    #[error("the marketplace does not come to rest, and nothing was moved: {what}")]
    Restless { what: String },
    #[error("the audit of {side} found what must not be, and the file stays as it is\n{report}")]
    Unsound { side: Side, report: String },
    #[error("{} {id} {how}: the file stays as it is; nothing but `ticketing move` may write to the databases", .kind.name())]
    Differs { kind: RecordKind, id: Uuid, how: Difference },
}

/// One side of a move.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    File,
    Databases,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "the file",
            Self::Databases => "the databases",
        })
    }
}

/// How a record is not the same on both sides.
#[derive(Debug, Clone, Copy)]
pub(super) enum Difference {
    Missing,
    Different,
    Surplus,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "is not in the databases",
            Self::Different => "is another one in the databases",
            Self::Surplus => "is in the databases alone",
        })
    }
}
