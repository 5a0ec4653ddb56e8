//! Removes the oldest events of the log.

use rusqlite::Connection;
use ticketing_core::domain::event::Topic;
use ticketing_core::domain::time::Timestamp;

use crate::config::SqliteConfig;
use crate::document::signed;
use crate::error::Failure;

/// So many events of a topic are looked at in a pass, so that nobody waits for it.
const BATCH: u32 = 2000;

/// Removes what is too old or too much, of what every group has settled and every relay has marked; whether of some topic
/// there may be more.
pub(super) fn trim(connection: &Connection, config: &SqliteConfig, now: Timestamp) -> Result<bool, Failure> {
    let sql = "DELETE FROM log WHERE position IN (
            SELECT oldest.position FROM (
                SELECT position, at, bytes FROM log WHERE topic = ?1
                AND position < coalesce((SELECT min(next) FROM places WHERE topic = ?1), 9223372036854775807)
                ORDER BY position LIMIT ?2) AS oldest
            WHERE (oldest.at < ?3
                OR oldest.bytes <= (SELECT bytes FROM log ORDER BY position DESC LIMIT 1) - ?4)
            AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.position = oldest.position))";
    let mut delete = connection.prepare_cached(sql)?;
    let young = now.before(config.keep_for).millis();
    let mut is_more = false;
    for topic in Topic::ALL {
        is_more |= delete.execute((topic.name(), BATCH, young, signed(config.keep_bytes)))? == BATCH as usize;
    }
    Ok(is_more)
}
