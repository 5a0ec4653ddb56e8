//! Which attempts to pay may still be sent.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension};
use ticketing_core::domain::ids::PaymentId;
use ticketing_core::domain::money::Money;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::attempt_keys::{AttemptKeys, ClosedKey};
use ticketing_core::ports::store::StoreError;
use ticketing_core::ports::unreadable::Unreadable;

use crate::document::{blob, signed};
use crate::error::Failure;
use crate::file::SqliteFile;

/// Keeps the keys of attempts in the file, permanently. A clone is a handle to the same keys.
#[derive(Debug, Clone)]
pub struct SqliteAttemptKeys(SqliteFile);

impl SqliteAttemptKeys {
    pub(crate) fn of(file: &SqliteFile) -> Self {
        Self(file.clone())
    }
}

#[async_trait]
impl AttemptKeys for SqliteAttemptKeys {
    async fn open(&self, payment: PaymentId, total: Money, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.0.write(move |connection| open(connection, payment, total, now)).await?)
    }

    async fn close(&self, payment: PaymentId, opened_before: Timestamp) -> Result<bool, StoreError> {
        Ok(self.0.write(move |connection| close(connection, payment, opened_before)).await?)
    }

    async fn closed(&self, payment: PaymentId) -> Result<Option<ClosedKey>, StoreError> {
        Ok(self.0.read(move |connection| closed(connection, payment)).await?)
    }
}

fn open(connection: &Connection, payment: PaymentId, total: Money, now: Timestamp) -> Result<bool, Failure> {
    let sql = "INSERT INTO attempt_keys (id, opened_at, amount, currency, is_closed) VALUES (?1, ?2, ?3, ?4, 0)
         ON CONFLICT (id) DO UPDATE SET
             opened_at = max(coalesce(opened_at, ?2), ?2), amount = ?3, currency = ?4 WHERE NOT is_closed";
    let params = (blob(payment.uuid()), now.millis(), signed(total.amount), total.currency.code());
    Ok(connection.prepare_cached(sql)?.execute(params)? > 0)
}

fn close(connection: &Connection, payment: PaymentId, opened_before: Timestamp) -> Result<bool, Failure> {
    let sql = "INSERT INTO attempt_keys (id, is_closed) VALUES (?1, 1)
         ON CONFLICT (id) DO UPDATE SET is_closed = 1 WHERE is_closed OR opened_at < ?2";
    Ok(connection.prepare_cached(sql)?.execute((blob(payment.uuid()), opened_before.millis()))? > 0)
}

fn closed(connection: &Connection, payment: PaymentId) -> Result<Option<ClosedKey>, Failure> {
    let sql = "SELECT amount, currency FROM attempt_keys WHERE id = ?1 AND is_closed";
    let found = connection
        .prepare_cached(sql)?
        .query_row([blob(payment.uuid())], |row| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<String>>(1)?)));
    let Some((amount, currency)) = found.optional()? else { return Ok(None) };
    let wrong =
        |_| Unreadable { collection: "attempt_keys", id: payment.to_string(), what: "an unknown currency".to_owned() };
    let currency = currency.map(|code| code.parse()).transpose().map_err(wrong)?;
    let total = amount.zip(currency).map(|(amount, currency)| Money { amount: amount.unsigned_abs(), currency });
    Ok(Some(ClosedKey { total }))
}
