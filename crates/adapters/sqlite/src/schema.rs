//! What lies in the file, and how one of an earlier release becomes one of this.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::error::SqliteError;

/// Marks the file as a marketplace: `TKTM`.
const APPLICATION: i32 = 0x544B_544D;

/// What each version of the schema adds to the one before. A step that was shipped never changes.
const STEPS: [&str; 6] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
    include_str!("schema/6.sql"),
];

/// How long `SQLite` waits for a program beside this one, such as its shell.
const BUSY: Duration = Duration::from_secs(5);
/// Each connection keeps so many statements prepared.
const STATEMENTS: usize = 128;

/// Settings of a connection that are not kept in the file.
pub(crate) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // What the file says about functions and views is not trusted: it may have been made by anybody.
    connection.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;")
}

/// Makes a file one of this release, whether it is new, old or current.
pub(crate) fn bring_up(connection: &mut Connection, path: &Path) -> Result<(), SqliteError> {
    migrate(connection, path, &STEPS)
}

/// Opens a marketplace of this release or an earlier one, to read it; its version is told.
pub(crate) fn look(path: &Path) -> Result<(Connection, u32), SqliteError> {
    let failed = |error| SqliteError::of(path, error);
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed)?;
    prepare(&connection).map_err(failed)?;
    let version = version(&connection, path, newest(&STEPS))?;
    Ok((connection, version))
}

/// Whether a file is a marketplace of this release; it is left as it is.
pub(crate) fn check(path: &Path) -> Result<(), SqliteError> {
    let ((_, found), known) = (look(path)?, newest(&STEPS));
    if found < known { Err(SqliteError::Older { path: path.to_owned(), found, known }) } else { Ok(()) }
}

/// The version of the schema of a marketplace, up to the newest that is known.
fn version(connection: &Connection, path: &Path, known: u32) -> Result<u32, SqliteError> {
    let failed = |error| SqliteError::of(path, error);
    let application = number(connection, "application_id").map_err(failed)?;
    if application != APPLICATION && !is_empty(connection).map_err(failed)? {
        return Err(SqliteError::Foreign { path: path.to_owned() });
    }
    let found = number(connection, "user_version").map_err(failed)?;
    let found = u32::try_from(found).unwrap_or(u32::MAX);
    if found > known { Err(SqliteError::Newer { path: path.to_owned(), found, known }) } else { Ok(found) }
}

/// The version that these steps lead to.
fn newest(steps: &[&str]) -> u32 {
    u32::try_from(steps.len()).unwrap_or(u32::MAX)
}

fn migrate(connection: &mut Connection, path: &Path, steps: &[&str]) -> Result<(), SqliteError> {
    let failed = |error| SqliteError::of(path, error);
    let found = version(connection, path, newest(steps))?;
    // Order matters: only now is it known that the file may be written.
    if !durable(connection).map_err(failed)? {
        return Err(SqliteError::NotDurable { path: path.to_owned() });
    }
    let mut missing = steps.iter().zip(1_u32..).skip(found as usize);
    missing.try_for_each(|(step, version)| apply(connection, step, version)).map_err(failed)
}

/// A commit is on disk when it is acknowledged, also if the power fails then; `false` if the file system cannot do it.
///
/// On macOS an `fsync` leaves what was written in the drive's own memory; `F_FULLFSYNC` does not, and `SQLite` uses it
/// if it is told so ([`fullfsync`](https://sqlite.org/pragma.html#pragma_fullfsync),
/// [`checkpoint_fullfsync`](https://sqlite.org/pragma.html#pragma_checkpoint_fullfsync)). Elsewhere there is no
/// difference.
fn durable(connection: &Connection) -> rusqlite::Result<bool> {
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 67108864;
         PRAGMA cache_size = -16384;",
    )?;
    // A test may have it in memory.
    Ok(matches!(mode.as_str(), "wal" | "memory"))
}

/// One step and its version, both or neither.
fn apply(connection: &mut Connection, step: &str, version: u32) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(step)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()
}

fn number(connection: &Connection, pragma: &str) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, pragma, |row| row.get(0))
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "CREATE TABLE one (n INTEGER) STRICT; INSERT INTO one VALUES (7);";
    const SECOND: &str = "ALTER TABLE one ADD COLUMN twice INTEGER; UPDATE one SET twice = 2 * n;";

    fn brought_up(connection: &mut Connection, steps: &[&str]) -> Result<(), SqliteError> {
        migrate(connection, Path::new("market.db"), steps)
    }

    #[test]
    fn a_file_of_an_earlier_release_gets_what_is_missing_once() {
        let mut file = Connection::open_in_memory().unwrap();
        brought_up(&mut file, &[FIRST]).unwrap();
        for _ in 0..2 {
            brought_up(&mut file, &[FIRST, SECOND]).unwrap();
        }

        assert_eq!(file.query_row("SELECT twice FROM one", [], |row| row.get::<_, i64>(0)), Ok(14));
        assert_eq!(number(&file, "user_version"), Ok(2));
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let mut file = Connection::open_in_memory().unwrap();
        brought_up(&mut file, &[FIRST]).unwrap();

        assert!(brought_up(&mut file, &[FIRST, "DELETE FROM one; UPDATE nothing SET n = 1;"]).is_err());
        assert_eq!(file.query_row("SELECT n FROM one", [], |row| row.get::<_, i64>(0)), Ok(7));
        assert_eq!(number(&file, "user_version"), Ok(1));
    }

    #[test]
    fn a_file_of_a_newer_release_or_of_another_program_is_refused_and_left_alone() {
        let mut newer = Connection::open_in_memory().unwrap();
        brought_up(&mut newer, &[FIRST, SECOND]).unwrap();
        let refused = brought_up(&mut newer, &[FIRST]);
        assert!(matches!(refused, Err(SqliteError::Newer { found: 2, known: 1, .. })), "{refused:?}");

        let mut foreign = Connection::open_in_memory().unwrap();
        foreign.execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
        let refused = brought_up(&mut foreign, &[FIRST]);
        assert!(matches!(refused, Err(SqliteError::Foreign { .. })), "{refused:?}");
        assert_eq!(number(&foreign, "application_id"), Ok(0));
    }

    #[test]
    fn a_commit_waits_for_the_drive_and_not_for_its_memory() {
        let mut file = Connection::open_in_memory().unwrap();
        bring_up(&mut file, Path::new("market.db")).unwrap();

        let full = 2;
        assert_eq!(number(&file, "synchronous"), Ok(full));
        assert_eq!(["fullfsync", "checkpoint_fullfsync"].map(|pragma| number(&file, pragma)), [Ok(1), Ok(1)]);
    }

    #[test]
    fn every_step_of_this_release_applies() {
        let mut file = Connection::open_in_memory().unwrap();
        bring_up(&mut file, Path::new("market.db")).unwrap();
        assert_eq!(number(&file, "user_version"), Ok(i32::try_from(STEPS.len()).unwrap()));
    }
}
