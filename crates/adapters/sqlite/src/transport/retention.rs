//! Removes the oldest events of the log.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::Connection;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::time::Timestamp;

use crate::config::SqliteConfig;
use crate::document::signed;
use crate::error::Failure;

use super::abandoned::{self, Abandoned};
use super::group::Groups;

/// So many events of a topic are looked at in a pass, so that nobody waits for it.
const BATCH: u32 = 2000;

/// A pass over the oldest events.
#[derive(Debug)]
pub(super) struct Trimming {
    pub(super) config: Arc<SqliteConfig>,
    pub(super) groups: Arc<Mutex<Groups>>,
    pub(super) now: Timestamp,
    /// Since the last pass, while the file was open.
    pub(super) elapsed: Duration,
}

/// What came of a pass.
#[derive(Debug, Default)]
pub(super) struct Trimmed {
    /// Whether of some topic there may be more.
    pub(super) is_more: bool,
    pub(super) abandoned: Vec<Abandoned>,
}

impl Trimming {
    /// Removes what is too old or too much, of what every group has settled that somebody joins, and every relay has marked.
    pub(super) fn run(&self, connection: &Connection) -> Result<Trimmed, Failure> {
        let limit = abandoned::limit(&self.config);
        // Order matters: who has joined since the last pass loses nothing.
        abandoned::end_idleness(connection, &self.groups)?;
        let mut is_more = false;
        for topic in Topic::ALL {
            let given_up = self.trim(connection, topic, limit)?;
            abandoned::note_missed(connection, topic.name(), &given_up)?;
            is_more |= given_up.len() == BATCH as usize;
        }
        Ok(Trimmed { is_more, abandoned: abandoned::age(connection, &self.groups, self.elapsed, limit)? })
    }

    /// The positions that were removed, in order.
    fn trim(&self, connection: &Connection, topic: Topic, limit: i64) -> Result<Vec<i64>, Failure> {
        let sql = "DELETE FROM log WHERE position IN (
                SELECT oldest.position FROM (
                    SELECT position, at, bytes FROM log WHERE topic = ?1 AND position < coalesce(
                        (SELECT min(next) FROM places WHERE topic = ?1 AND idle < ?5), 9223372036854775807)
                    ORDER BY position LIMIT ?2) AS oldest
                WHERE (oldest.at < ?3
                    OR oldest.bytes <= (SELECT bytes FROM log ORDER BY position DESC LIMIT 1) - ?4)
                AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.position = oldest.position))
            RETURNING position";
        let mut delete = connection.prepare_cached(sql)?;
        let young = self.now.before(self.config.keep_for).millis();
        let params = (topic.name(), BATCH, young, signed(self.config.keep_bytes), limit);
        let mut given_up: Vec<i64> = delete.query_map(params, |row| row.get(0))?.collect::<Result<_, _>>()?;
        // The order in which rows are returned is arbitrary.
        given_up.sort_unstable();
        Ok(given_up)
    }
}
