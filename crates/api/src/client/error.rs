//! Why there is nothing to return.

use std::time::Duration;

use crate::problem::ProblemBody;

use super::transport::Unanswered;

/// Why there is nothing to return.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The marketplace says no: [`code`](Self::code) says why.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// There was no answer.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
    /// The answer is of another shape: something else answers at this address, or another release.
    #[error("the answer with status {status} could not be read")]
    Unreadable {
        /// Its status.
        status: u16,
        /// What is wrong with its body.
        source: serde_json::Error,
    },
}

/// A refusal, as the marketplace explains it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} ({})", problem.detail, problem.code)]
pub struct Refusal {
    /// What it says.
    pub problem: ProblemBody,
    /// When to ask again, if it says so.
    pub retry_after: Option<Duration>,
}

impl ClientError {
    /// The code of a refusal, as `docs/errors.md` lists them.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => Some(&refusal.problem.code),
            Self::Unanswered(_) | Self::Unreadable { .. } => None,
        }
    }

    /// Whether the same request may succeed later.
    ///
    /// It may have been carried out already: repeat a change under the same idempotency key.
    #[must_use]
    pub fn is_worth_repeating(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.is_temporary(),
            Self::Unanswered(_) => true,
            Self::Unreadable { status, .. } => *status >= 500,
        }
    }

    /// When to ask again, if the marketplace says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            Self::Unanswered(_) | Self::Unreadable { .. } => None,
        }
    }
}

impl Refusal {
    /// Whether the same request may succeed later, and may have been carried out already.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        self.problem.status >= 500 || self.problem.status == 429
    }
}

impl From<Refusal> for ClientError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}
