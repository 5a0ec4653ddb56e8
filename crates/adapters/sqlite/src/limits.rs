//! Keeps anybody from doing too much of something.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::limits::{LimitError, Quota, RateLimiter, Verdict};

use crate::error::Failure;
use crate::file::SqliteFile;

/// Counts in the file, by the generic cell rate algorithm, so that a restart forgives nothing.
///
/// It keeps one time for each key, forgets those of idle keys, and of more than [`SqliteLimiter::MOST_KEYS`] those that
/// owe least. A clone is a handle to the same counts.
#[derive(Debug, Clone)]
pub struct SqliteLimiter(SqliteFile);

impl SqliteLimiter {
    /// More keys than this are never kept.
    pub const MOST_KEYS: u32 = 1 << 17;

    pub(crate) fn of(file: &SqliteFile) -> Self {
        Self(file.clone())
    }
}

#[async_trait]
impl RateLimiter for SqliteLimiter {
    async fn check(&self, key: &str, quota: Quota) -> Result<Verdict, LimitError> {
        let (key, now) = (key.to_owned(), self.0.clock.now().since(Timestamp::EPOCH));
        let check = move |connection: &Connection| check(connection, &key, quota, now);
        self.0.write(check).await.map_err(|failure| LimitError(failure.into_source()))
    }
}

fn check(connection: &Connection, key: &str, quota: Quota, now: Duration) -> Result<Verdict, Failure> {
    let tolerance = quota.per.saturating_mul(quota.burst.saturating_sub(1));
    let mut select = connection.prepare_cached("SELECT arrival FROM limits WHERE key = ?1")?;
    let noted = select.query_row([key], |row| row.get::<_, i64>(0)).optional()?.map(span);
    // One that lies further ahead than any try leads to was noted before the clock was set back.
    let noted = noted.filter(|arrival| *arrival <= now.saturating_add(tolerance).saturating_add(quota.per));
    let arrival = noted.unwrap_or(now).max(now);
    let early = (arrival - now).saturating_sub(tolerance);
    if !early.is_zero() {
        return Ok(Verdict::Denied { retry_after: whole_millis(early) });
    }
    let next = nanos(arrival.saturating_add(quota.per));
    let sql = "INSERT INTO limits (key, arrival) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET arrival = ?2";
    connection.prepare_cached(sql)?.execute((key, next))?;
    forget_idle(connection, now)?;
    Ok(Verdict::Allowed)
}

/// A few at a time, so that no check takes long; more than one comes for each that goes.
fn forget_idle(connection: &Connection, now: Duration) -> Result<(), Failure> {
    let sql = "DELETE FROM limits WHERE key IN (SELECT key FROM limits WHERE arrival <= ?1 ORDER BY arrival LIMIT 4)";
    connection.prepare_cached(sql)?.execute([nanos(now)])?;
    let sql = "DELETE FROM limits WHERE key IN (SELECT key FROM limits ORDER BY arrival LIMIT 4)
         AND (SELECT count(*) FROM limits) > ?1";
    // Counting takes a while, and need not be done each time.
    if rand::random_ratio(1, 1024) {
        for _ in 0..1024 {
            if connection.prepare_cached(sql)?.execute([SqliteLimiter::MOST_KEYS])? == 0 {
                break;
            }
        }
    }
    Ok(())
}

fn nanos(span: Duration) -> i64 {
    i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)
}

fn span(nanos: i64) -> Duration {
    Duration::from_nanos(nanos.unsigned_abs())
}

/// Rounds up, since clocks show whole milliseconds.
fn whole_millis(span: Duration) -> Duration {
    let above = u64::from(!span.subsec_nanos().is_multiple_of(1_000_000));
    Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX).saturating_add(above))
}
