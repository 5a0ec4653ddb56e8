//! Opens the index in a folder, or begins with nothing.

use std::path::{Path, PathBuf};

use tantivy::directory::error::LockError;
use tantivy::directory::{Directory, INDEX_WRITER_LOCK, MmapDirectory};
use tantivy::{Index, IndexSettings, TantivyError};
use ticketing_core::ports::error_chain;

use crate::error::{OpenError, is_damage};
use crate::schema::{FORMAT, schema};
use crate::writer::Payload;

/// An index in memory.
pub(crate) fn in_memory() -> Index {
    Index::create_in_ram(schema().0)
}

/// The index in a folder; what is damaged is set aside, and what another release wrote is built again.
pub(crate) fn open(folder: &Path) -> Result<Index, OpenError> {
    std::fs::create_dir_all(folder).map_err(|error| unusable(folder, error))?;
    let directory = MmapDirectory::open(folder).map_err(|error| unusable(folder, error))?;
    // Order matters: a folder is judged, and renamed, only while nobody else writes to it.
    let _lock = directory.acquire_lock(&INDEX_WRITER_LOCK).map_err(|error| match error {
        LockError::LockBusy => OpenError::InUse { folder: folder.to_owned() },
        LockError::IoError(error) => unusable(folder, error),
    })?;
    match known(folder, directory) {
        Ok(Some(index)) => return Ok(index),
        Ok(None) => {}
        Err(Wrong::Damaged(why)) => set_aside(folder, &why)?,
        Err(Wrong::Other(error)) => return Err(error),
    }
    let directory = MmapDirectory::open(folder).map_err(|error| unusable(folder, error))?;
    Index::create(directory, schema().0, IndexSettings::default()).map_err(|error| unusable(folder, error))
}

enum Wrong {
    Damaged(String),
    Other(OpenError),
}

/// The index that a folder has; none if it is empty.
fn known(folder: &Path, directory: MmapDirectory) -> Result<Option<Index>, Wrong> {
    let wrong = |error: TantivyError| {
        if is_damage(&error) { Wrong::Damaged(error_chain(&error)) } else { Wrong::Other(unusable(folder, error)) }
    };
    if !Index::exists(&directory).map_err(|error| wrong(error.into()))? {
        return if is_empty(folder) { Ok(None) } else { Err(Wrong::Damaged("it has files and no index".to_owned())) };
    }
    let index = Index::open(directory).map_err(wrong)?;
    let payload = index.load_metas().map_err(wrong)?.payload;
    if index.schema() != schema().0 || payload.is_some_and(|payload| Payload::read(&payload).is_none()) {
        return Err(Wrong::Damaged(format!("another release wrote it, and this one has format {FORMAT}")));
    }
    let damaged = index.validate_checksum().map_err(wrong)?;
    match damaged.iter().next() {
        Some(file) => Err(Wrong::Damaged(format!("{} is not what was written", file.display()))),
        None => Ok(Some(index)),
    }
}

/// Whether a folder has nothing but what locks it.
fn is_empty(folder: &Path) -> bool {
    let is_lock = |name: &str| name.starts_with(".tantivy") || name == ".managed.json";
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name()).all(|name| name.to_str().is_some_and(is_lock))
}

/// Renames a folder, so that somebody may look at it, and says so.
fn set_aside(folder: &Path, why: &str) -> Result<(), OpenError> {
    let aside = (1..).map(|nth| named(folder, nth)).find(|aside| !aside.exists()).unwrap_or_else(|| named(folder, 0));
    tracing::error!(
        folder = %folder.display(),
        aside = %aside.display(),
        "the search index cannot be read ({why}): it is set aside, and begins with nothing"
    );
    std::fs::rename(folder, &aside).map_err(|error| unusable(folder, error))?;
    std::fs::create_dir_all(folder).map_err(|error| unusable(folder, error))
}

fn named(folder: &Path, nth: u32) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(format!(".damaged-{nth}"));
    name.into()
}

fn unusable(folder: &Path, source: impl Into<ticketing_core::ports::BoxError>) -> OpenError {
    OpenError::Folder { folder: folder.to_owned(), source: source.into() }
}
