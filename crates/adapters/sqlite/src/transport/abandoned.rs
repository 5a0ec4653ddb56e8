//! Places of groups that nobody joins any more.
//!
//! A place is idle while no member of its group follows its topic and the file is open. One that was idle for too long
//! holds nothing back; it stays, so that the group hears what it missed if it comes back.

use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::Connection;
use ticketing_core::domain::time::Timestamp;

use crate::config::SqliteConfig;
use crate::error::Failure;

use super::group::Groups;

/// One look adds no more than this, whatever a clock does that is set forward.
const MOST: Duration = Duration::from_hours(24);

/// A place that holds nothing back from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Abandoned {
    group: String,
    topic: String,
    next: i64,
    unsettled: i64,
}

/// A place that was idle for so many milliseconds is abandoned.
pub(super) fn limit(config: &SqliteConfig) -> i64 {
    config.group_retention.map_or(i64::MAX, millis).max(1)
}

/// Places that are followed are not idle.
pub(super) fn end_idleness(connection: &Connection, groups: &Mutex<Groups>) -> Result<(), Failure> {
    let mut update =
        connection.prepare_cached("UPDATE places SET idle = 0 WHERE consumer = ?1 AND topic = ?2 AND idle > 0")?;
    for (group, topic) in groups.lock().followed() {
        update.execute((group, topic.name()))?;
    }
    Ok(())
}

/// Adds the time since the last look to all places that are not followed; returns those that are abandoned by that.
pub(super) fn age(
    connection: &Connection,
    groups: &Mutex<Groups>,
    elapsed: Duration,
    limit: i64,
) -> Result<Vec<Abandoned>, Failure> {
    let followed: Vec<_> =
        groups.lock().followed().map(|(group, topic)| (group.to_owned(), topic.name().to_owned())).collect();
    let mut update = connection
        .prepare_cached("UPDATE places SET idle = idle + ?3 WHERE consumer = ?1 AND topic = ?2 RETURNING idle, next")?;
    let elapsed = millis(elapsed.min(MOST));
    let mut abandoned = Vec::new();
    for place in places(connection)?.iter().filter(|place| !followed.contains(place)) {
        let (group, topic) = place;
        let (idle, next): (i64, i64) =
            update.query_row((group, topic, elapsed), |row| Ok((row.get(0)?, row.get(1)?)))?;
        if idle >= limit && idle - elapsed < limit {
            let unsettled = unsettled(connection, topic, next)?;
            abandoned.push(Abandoned { group: group.clone(), topic: topic.clone(), next, unsettled });
        }
    }
    Ok(abandoned)
}

fn places(connection: &Connection) -> Result<Vec<(String, String)>, Failure> {
    let mut select = connection.prepare_cached("SELECT consumer, topic FROM places")?;
    Ok(select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
}

fn unsettled(connection: &Connection, topic: &str, next: i64) -> Result<i64, Failure> {
    let mut count = connection.prepare_cached("SELECT count(*) FROM log WHERE topic = ?1 AND position >= ?2")?;
    Ok(count.query_row((topic, next), |row| row.get(0))?)
}

/// Notes which abandoned places had not settled events of a topic that the log has given up, oldest first.
pub(super) fn note_missed(connection: &Connection, topic: &str, given_up: &[i64]) -> Result<(), Failure> {
    let Some(last) = given_up.last() else { return Ok(()) };
    let mut select = connection.prepare_cached("SELECT consumer, next FROM places WHERE topic = ?1 AND next <= ?2")?;
    let behind: Vec<(String, i64)> =
        select.query_map((topic, last), |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut update =
        connection.prepare_cached("UPDATE places SET missed = missed + ?3 WHERE consumer = ?1 AND topic = ?2")?;
    for (group, next) in behind {
        let missed = given_up.len() - given_up.partition_point(|position| *position < next);
        update.execute((group, topic, crate::document::limit(missed)))?;
    }
    Ok(())
}

impl Abandoned {
    pub(super) fn tell(&self) {
        let Self { group, topic, next, unsettled } = self;
        tracing::warn!(
            group,
            topic,
            next,
            unsettled,
            "the log keeps nothing for {group} any more, which nobody joined for long: {unsettled} events of {topic} are unsettled"
        );
    }
}

fn millis(span: Duration) -> i64 {
    Timestamp::EPOCH.after(span).millis()
}
