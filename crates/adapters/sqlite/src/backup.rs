//! A copy of the file while it is in use.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use crate::error::SqliteError;
use crate::lock::create_private;
use crate::schema;

/// So many pages are copied at a time.
const PAGES: i32 = 4096;

/// Copies the file at one moment. `SQLite`'s backup reads in one transaction, so that writers go on meanwhile.
pub(crate) fn write(from: &Path, copy: &Path) -> Result<(), SqliteError> {
    let other = |error: std::io::Error| SqliteError::Other { path: copy.to_owned(), source: error.into() };
    if copy.try_exists().map_err(other)? {
        return Err(other(ErrorKind::AlreadyExists.into()));
    }
    let (partial, (source, version)) = (partial(copy), schema::look(from)?);
    if version == 0 {
        return Err(SqliteError::Foreign { path: from.to_owned() });
    }
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(other(error)),
        Ok(()) | Err(_) => create_private(&partial).map_err(other)?,
    }
    let written = fill(&source, &partial).map_err(|error| SqliteError::of(copy, error));
    let named = written.and_then(|()| name(&partial, copy).map_err(other));
    if named.is_err() {
        // What is left of it is of no use; it may not even exist.
        let _removed = fs::remove_file(&partial);
    }
    named
}

fn fill(source: &Connection, partial: &Path) -> rusqlite::Result<()> {
    let mut target = Connection::open(partial)?;
    // A read that began holds its moment, so that a write does not make the copy begin again.
    let moment = source.unchecked_transaction()?;
    moment.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Backup::new(&moment, &mut target)?.run_to_completion(PAGES, Duration::ZERO, None)
}

/// Gives the copy its name once all of it is on disk.
fn name(partial: &Path, copy: &Path) -> std::io::Result<()> {
    File::open(partial)?.sync_all()?;
    // Unlike a rename, it takes the place of nothing.
    fs::hard_link(partial, copy)?;
    fs::remove_file(partial)?;
    match copy.parent().filter(|_| cfg!(unix)) {
        Some(directory) if !directory.as_os_str().is_empty() => File::open(directory)?.sync_all(),
        _ => Ok(()),
    }
}

fn partial(copy: &Path) -> PathBuf {
    let mut name = copy.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}
