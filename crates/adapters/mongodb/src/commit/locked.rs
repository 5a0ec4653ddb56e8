//! Who stands in the way of a commit, where nothing was committed that could be named.
//!
//! A process that was killed leaves its transaction open, and the records that it
//! wrote locked, until the server ends it. Which records these are can only be
//! found by trying.

use std::time::Instant;

use bson::{Binary, RawDocumentBuf, rawdoc};
use mongodb::error::{Error, TRANSIENT_TRANSACTION_ERROR};
use mongodb::{ClientSession, Database};
use ticketing_core::ports::store::RecordKey;

use super::{Change, insert, update};

/// What comes of writing a few records for a try.
enum Tried {
    All,
    /// Another transaction has written the record of this place, and has not ended.
    Locked(usize),
    /// The one of this place was refused, for whatever it is worth; the rest was not tried.
    Refused(usize),
}

/// The changes whose records another transaction holds; as far as can be found until `end`.
pub(super) async fn records(database: &Database, changes: &[Change], end: Instant) -> Result<Vec<RecordKey>, Error> {
    let (mut locked, mut rest) = (Vec::new(), changes);
    while !rest.is_empty() && (locked.is_empty() || Instant::now() < end) {
        let tried = match attempt(database, rest).await? {
            Tried::All => break,
            Tried::Locked(nth) => {
                locked.extend(rest.get(nth).map(|change| change.key.clone()));
                nth
            }
            Tried::Refused(nth) => nth,
        };
        rest = rest.get(tried + 1..).unwrap_or_default();
    }
    Ok(locked)
}

async fn attempt(database: &Database, changes: &[Change]) -> Result<Tried, Error> {
    let mut session = database.client().start_session().await?;
    session.start_transaction().await?;
    let tried = write(database, changes, &mut session).await;
    if let Err(error) = session.abort_transaction().await {
        tracing::debug!(cause = %error, "a try could not be aborted and will time out");
    }
    tried
}

/// Writes one by one, in a transaction that is never committed.
async fn write(database: &Database, changes: &[Change], session: &mut ClientSession) -> Result<Tried, Error> {
    for (nth, change) in changes.iter().enumerate() {
        match database.run_raw_command(trial(change)).session(&mut *session).await {
            Ok(answer) if answer.get_array("writeErrors").is_ok_and(|errors| !errors.is_empty()) => {
                return Ok(Tried::Refused(nth));
            }
            Ok(_) => {}
            Err(error) if error.contains_label(TRANSIENT_TRANSACTION_ERROR) => return Ok(Tried::Locked(nth)),
            Err(error) => return Err(error),
        }
    }
    Ok(Tried::All)
}

/// A write that changes something, or it would not wait for anybody.
fn trial(change: &Change) -> RawDocumentBuf {
    if change.replaces.is_none() {
        return insert(change.collection, &change.document);
    }
    let token: i64 = rand::random();
    let named = rawdoc! { "_id": Binary::from(change.id) };
    update(change.collection, &[rawdoc! { "q": named, "u": { "$set": { "token": token } } }])
}
