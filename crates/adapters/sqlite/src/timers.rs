//! Keeps timers, and gives out those that are due.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;
use ticketing_core::domain::ids::OrderId;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::timers::{DueTimer, Timer, TimerError, TimerQueue};
use uuid::Uuid;

use crate::document::{blob, limit};
use crate::error::Failure;
use crate::file::SqliteFile;

/// Keeps timers in the file. A clone is a handle to the same timers.
#[derive(Debug, Clone)]
pub struct SqliteTimers(SqliteFile);

impl SqliteTimers {
    pub(crate) fn of(file: &SqliteFile) -> Self {
        Self(file.clone())
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, TimerError> {
        self.0.write(work).await.map_err(|failure| TimerError(failure.into_source()))
    }
}

#[async_trait]
impl TimerQueue for SqliteTimers {
    async fn schedule(&self, timers: &[Timer]) -> Result<(), TimerError> {
        let timers = timers.to_vec();
        self.run(move |connection| schedule(connection, &timers)).await
    }

    async fn cancel(&self, orders: &[OrderId]) -> Result<(), TimerError> {
        let orders = orders.to_vec();
        self.run(move |connection| cancel(connection, &orders)).await
    }

    async fn claim_due(&self, max: usize, span: Duration) -> Result<Vec<DueTimer>, TimerError> {
        let now = self.0.clock.now();
        // Most often nothing is due, and then nothing is written.
        let is_due = self.0.read(move |connection| is_due(connection, now)).await;
        if !is_due.map_err(|failure| TimerError(failure.into_source()))? {
            return Ok(Vec::new());
        }
        self.run(move |connection| claim(connection, max, now, span)).await
    }

    async fn complete(&self, claimed: &[DueTimer]) -> Result<usize, TimerError> {
        let (claimed, now) = (claimed.to_vec(), self.0.clock.now());
        self.run(move |connection| complete(connection, &claimed, now)).await
    }
}

/// `free_at` is when it is due, or when its claim ends, which is later.
fn schedule(connection: &Connection, timers: &[Timer]) -> Result<(), Failure> {
    let sql = "INSERT INTO timers (id, due, claim, free_at) VALUES (?1, ?2, NULL, ?2)
         ON CONFLICT (id) DO UPDATE SET due = ?2, claim = NULL, free_at = ?2";
    let mut upsert = connection.prepare_cached(sql)?;
    timers.iter().try_for_each(|timer| upsert.execute((blob(timer.order.uuid()), timer.due.millis())).map(drop))?;
    Ok(())
}

fn cancel(connection: &Connection, orders: &[OrderId]) -> Result<(), Failure> {
    let mut delete = connection.prepare_cached("DELETE FROM timers WHERE id = ?1")?;
    orders.iter().try_for_each(|order| delete.execute([blob(order.uuid())]).map(drop))?;
    Ok(())
}

fn is_due(connection: &Connection, now: Timestamp) -> Result<bool, Failure> {
    Ok(connection.prepare_cached("SELECT 1 FROM timers WHERE free_at <= ?1")?.exists([now.millis()])?)
}

fn claim(connection: &Connection, max: usize, now: Timestamp, span: Duration) -> Result<Vec<DueTimer>, Failure> {
    let sql = "SELECT id, due FROM timers WHERE free_at <= ?1 ORDER BY due, id LIMIT ?2";
    let mut select = connection.prepare_cached(sql)?;
    let due = select.query_map((now.millis(), limit(max)), |row| {
        let order = OrderId::new(Uuid::from_bytes(row.get(0)?));
        Ok(Timer { order, due: Timestamp::from_millis(row.get(1)?) })
    })?;
    let due: Vec<Timer> = due.collect::<Result<_, _>>()?;
    let mut update = connection.prepare_cached("UPDATE timers SET claim = ?2, free_at = ?3 WHERE id = ?1")?;
    let mut claimed = Vec::with_capacity(due.len());
    for timer in due {
        let token = Uuid::from_u128(rand::random());
        update.execute((blob(timer.order.uuid()), blob(token), now.after(span).millis()))?;
        claimed.push(DueTimer { timer, token });
    }
    Ok(claimed)
}

fn complete(connection: &Connection, claimed: &[DueTimer], now: Timestamp) -> Result<usize, Failure> {
    let sql = "DELETE FROM timers WHERE id = ?1 AND claim = ?2 AND free_at > ?3";
    let mut delete = connection.prepare_cached(sql)?;
    let mut completed = 0;
    for DueTimer { timer, token } in claimed {
        completed += delete.execute((blob(timer.order.uuid()), blob(*token), now.millis()))?;
    }
    Ok(completed)
}
