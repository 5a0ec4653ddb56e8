//! One transaction: how it begins, and what came of it.

use std::time::Duration;

use mongodb::error::{Error, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT};
use mongodb::{ClientSession, Database};
use ticketing_core::messaging::backoff::Backoff;
use ticketing_core::ports::store::StoreError;

use crate::error::{is_duplicate, is_out_of_time, store_error};

/// How long to wait before a transaction is tried again.
pub(crate) const PAUSES: Backoff = Backoff { first: Duration::from_millis(2), longest: Duration::from_millis(200) };

/// How an attempt ended.
pub(crate) enum Attempt {
    Committed,
    /// Something changed, or exists already.
    Refused,
    /// It had no effect and may be tried again.
    Again(Error),
    Failed(StoreError),
}

/// Begins a transaction that is to be committed within a span.
pub(crate) async fn begin(database: &Database, within: Duration) -> Result<ClientSession, Error> {
    let mut session = database.client().start_session().await?;
    // Asked for at most three times.
    session.start_transaction().max_commit_time(within / 3).await?;
    Ok(session)
}

/// Commits what was written, or aborts.
pub(crate) async fn end(mut session: ClientSession, written: Result<bool, Error>) -> Attempt {
    match outcome(written) {
        Attempt::Committed => decide(&mut session).await,
        other => {
            // What is not aborted here ends by itself, later.
            if let Err(error) = session.abort_transaction().await {
                tracing::debug!(cause = %error, "a transaction could not be aborted and will time out");
            }
            other
        }
    }
}

/// What came of writing.
pub(crate) fn outcome(written: Result<bool, Error>) -> Attempt {
    match written {
        Ok(true) => Attempt::Committed,
        Ok(false) => Attempt::Refused,
        Err(error) if is_duplicate(&error) => Attempt::Refused,
        Err(error) if error.contains_label(TRANSIENT_TRANSACTION_ERROR) || is_out_of_time(&error) => {
            Attempt::Again(error)
        }
        Err(error) => Attempt::Failed(store_error(error)),
    }
}

/// Commits; an answer that was lost is asked for again.
async fn decide(session: &mut ClientSession) -> Attempt {
    for _ in 0..2 {
        match session.commit_transaction().await {
            Ok(()) => return Attempt::Committed,
            Err(error) if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) => {
                tracing::debug!(cause = %error, "a commit had no answer and is asked for again");
            }
            Err(error) if error.contains_label(TRANSIENT_TRANSACTION_ERROR) => return Attempt::Again(error),
            Err(error) => return Attempt::Failed(store_error(error)),
        }
    }
    match session.commit_transaction().await {
        Ok(()) => Attempt::Committed,
        // It may have happened: only the caller knows how to find out.
        Err(error) => Attempt::Failed(store_error(error)),
    }
}
