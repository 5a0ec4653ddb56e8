//! The provider's id of each attempt to pay.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension};
use ticketing_core::domain::ids::PaymentId;
use ticketing_core::ports::attempt_notes::{AttemptNote, AttemptNotes};
use ticketing_core::ports::store::StoreError;

use crate::document::blob;
use crate::error::Failure;
use crate::file::SqliteFile;

/// Keeps the notes of attempts in the file, permanently. A clone is a handle to the same notes.
#[derive(Debug, Clone)]
pub struct SqliteAttemptNotes(SqliteFile);

impl SqliteAttemptNotes {
    pub(crate) fn of(file: &SqliteFile) -> Self {
        Self(file.clone())
    }
}

#[async_trait]
impl AttemptNotes for SqliteAttemptNotes {
    async fn note(&self, payment: PaymentId, note: AttemptNote) -> Result<Option<AttemptNote>, StoreError> {
        Ok(self.0.write(move |connection| first(connection, payment, &note)).await?)
    }
}

/// The note of an attempt, to be moved.
pub(crate) fn kept(connection: &Connection, payment: PaymentId) -> Result<Option<(PaymentId, AttemptNote)>, Failure> {
    let mut select = connection.prepare_cached("SELECT provider_id FROM attempt_notes WHERE id = ?1")?;
    let found = select.query_row([blob(payment.uuid())], |row| Ok(of_row(row.get(0)?))).optional()?;
    Ok(found.map(|note| (payment, note)))
}

fn of_row(provider_id: Option<String>) -> AttemptNote {
    provider_id.map_or(AttemptNote::Closed, |id| AttemptNote::Prepared { provider_id: id.into() })
}

fn first(connection: &Connection, payment: PaymentId, note: &AttemptNote) -> Result<Option<AttemptNote>, Failure> {
    let provider_id = match note {
        AttemptNote::Prepared { provider_id } => Some(&**provider_id),
        AttemptNote::Closed => None,
    };
    let sql = "INSERT INTO attempt_notes (id, provider_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    if connection.prepare_cached(sql)?.execute((blob(payment.uuid()), provider_id))? > 0 {
        return Ok(None);
    }
    let mut select = connection.prepare_cached("SELECT provider_id FROM attempt_notes WHERE id = ?1")?;
    Ok(Some(select.query_row([blob(payment.uuid())], |row| Ok(of_row(row.get(0)?)))?))
}
