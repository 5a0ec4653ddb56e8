//! One process at a time has the file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::SqliteError;

/// How long a lock is waited for, and how often it is tried meanwhile.
const MOMENT: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// The right to the file, which ends with the process at the latest.
///
/// It is an advisory lock of the operating system (`flock` on Unix) on an empty file beside the database: a process
/// that is killed loses it at once, and no leftover file keeps anybody out. The database itself is not used for it,
/// because closing any handle to a file ends the locks that `SQLite` has on it.
#[derive(Debug)]
pub(crate) struct FileLock(#[expect(dead_code, reason = "the lock is held as long as the handle is open")] File);

impl FileLock {
    /// Takes the lock of a database file. It blocks while another has it, for a moment: who has just let go of a file may
    /// still have a write of it under way.
    pub(crate) fn take(path: &Path) -> Result<Self, SqliteError> {
        let file = private().create(true).truncate(false).open(beside(path));
        let (file, began) = (file.map_err(|error| refused(path, error))?, Instant::now());
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) if began.elapsed() < MOMENT => thread::sleep(LOOK_AGAIN),
                Err(TryLockError::WouldBlock) => return Err(SqliteError::InUse { path: path.to_owned() }),
                Err(TryLockError::Error(error)) => return Err(refused(path, error)),
            }
        }
    }
}

/// Opens files to write that nobody else may read or lock: they hold what people did, and digests of passwords.
fn private() -> OpenOptions {
    let mut options = File::options();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes an empty file for its owner alone, unless it is there; `SQLite` gives the files beside it the same rights.
///
/// One that is there is not opened: closing it again would end the locks that `SQLite` has on it.
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    match private().create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

#[cfg(test)]
impl FileLock {
    /// For a database in memory.
    pub(crate) fn of_nothing() -> Self {
        Self(File::open(".").unwrap())
    }
}

/// The path by which everybody knows a file, whatever links lead to it.
pub(crate) fn known_as(path: &Path) -> Result<PathBuf, SqliteError> {
    if let Ok(known) = path.canonicalize() {
        return Ok(known);
    }
    let name = path.file_name().ok_or_else(|| refused(path, io::ErrorKind::InvalidFilename.into()))?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(directory.canonicalize().map_err(|error| refused(path, error))?.join(name))
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

pub(crate) fn refused(path: &Path, error: io::Error) -> SqliteError {
    let path = path.to_owned();
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            SqliteError::ReadOnly { path, source: error.into() }
        }
        io::ErrorKind::StorageFull => SqliteError::Full { path, source: error.into() },
        _ => SqliteError::Other { path, source: error.into() },
    }
}
