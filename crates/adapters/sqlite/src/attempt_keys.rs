//! Which attempts to pay may still be sent.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension};
use ticketing_core::domain::ids::PaymentId;
use ticketing_core::domain::money::Money;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::moving::AttemptKey;
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
    let key = kept(connection, payment)?.filter(|key| key.is_closed);
    Ok(key.map(|AttemptKey { total, .. }| ClosedKey { total }))
}

/// The key of an attempt.
pub(crate) fn kept(connection: &Connection, payment: PaymentId) -> Result<Option<AttemptKey>, Failure> {
    let sql = "SELECT opened_at, amount, currency, is_closed FROM attempt_keys WHERE id = ?1";
    let found = connection.prepare_cached(sql)?.query_row([blob(payment.uuid())], |row| {
        let opened_at = row.get::<_, Option<i64>>(0)?.map(Timestamp::from_millis);
        let total = row.get::<_, Option<i64>>(1)?.zip(row.get::<_, Option<String>>(2)?);
        Ok((opened_at, total, row.get(3)?))
    });
    let Some((opened_at, total, is_closed)) = found.optional()? else { return Ok(None) };
    let total = total.map(|(amount, code)| money("attempt_keys", payment, amount, &code)).transpose()?;
    Ok(Some(AttemptKey { payment, opened_at, total, is_closed }))
}

/// An amount of a row about an attempt to pay.
pub(crate) fn money(table: &'static str, payment: PaymentId, amount: i64, code: &str) -> Result<Money, Unreadable> {
    let wrong = |_| Unreadable { collection: table, id: payment.to_string(), what: "an unknown currency".to_owned() };
    Ok(Money { amount: amount.unsigned_abs(), currency: code.parse().map_err(wrong)? })
}
