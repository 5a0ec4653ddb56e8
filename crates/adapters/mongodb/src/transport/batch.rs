//! Rows that are read at once.

use bson::{Document, RawDocumentBuf, doc};
use futures::TryStreamExt;
use mongodb::Collection;
use mongodb::error::Result as MongoResult;

use super::message::Kept;

/// So many rows, at most.
const MOST_ROWS: usize = 512;
/// And so many bytes of them, and a row more.
const MOST_BYTES: usize = 8 << 20;

/// The next rows, in the order in which they lie.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) rows: Vec<Kept>,
    /// Whether there may be more.
    pub(super) is_full: bool,
}

/// Reads the first rows that a filter lets through.
pub(super) async fn next(log: &Collection<RawDocumentBuf>, filter: Document) -> MongoResult<Batch> {
    let limit = i64::try_from(MOST_ROWS).unwrap_or(i64::MAX);
    // One answer holds them all, unless they are large.
    let size = u32::try_from(MOST_ROWS).unwrap_or(u32::MAX);
    let mut found = log.find(filter).sort(doc! { "_id": 1 }).limit(limit).batch_size(size).await?;
    let (mut batch, mut count, mut bytes) = (Batch::default(), 0, 0);
    while let Some(row) = found.try_next().await? {
        count += 1;
        bytes += row.as_bytes().len();
        batch.rows.extend(Kept::read(row));
        batch.is_full = count == MOST_ROWS || bytes >= MOST_BYTES;
        if batch.is_full {
            break;
        }
    }
    Ok(batch)
}
