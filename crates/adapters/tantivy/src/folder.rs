//! Opens the index in a folder, or begins with nothing.

use std::path::{Path, PathBuf};

use tantivy::directory::error::LockError;
use tantivy::directory::{Directory, DirectoryLock, INDEX_WRITER_LOCK, MmapDirectory};
use tantivy::{Index, IndexSettings, TantivyError};
use ticketing_core::ports::{BoxError, error_chain};

use crate::directory::Folder;
use crate::error::{OpenError, is_damage};
use crate::numbered::{self, NoneInUse};
use crate::schema::{FORMAT, schema};
use crate::writer::Payload;

/// An index in memory.
pub(crate) fn in_memory() -> Index {
    Index::create_in_ram(schema().0)
}

/// Who holds it is the only process that has the indexes of a folder.
pub(crate) type RootLock = DirectoryLock;

/// An index in a folder.
pub(crate) struct InFolder {
    pub(crate) index: Index,
    pub(crate) folder: Folder,
    /// Where it lies.
    pub(crate) path: PathBuf,
}

impl InFolder {
    /// An index with nothing in it, which the disk has.
    fn create(folder: Folder, path: &Path) -> Result<Self, OpenError> {
        let index = Index::create(folder.clone(), schema().0, IndexSettings::default());
        let index = index.map_err(|error| unusable(path, error))?;
        folder.synchronise().map_err(|error| unusable(path, error))?;
        Ok(Self { index, folder, path: path.to_owned() })
    }
}

/// The index that is in use in a folder, and what keeps others away; what is damaged is set aside, and
/// what another release wrote is built again.
///
/// Indexes lie in numbered folders, and a file says which is in use.
pub(crate) fn open(root: &Path) -> Result<(InFolder, RootLock), OpenError> {
    let lock = lock(root)?;
    match judged(root) {
        Ok(index) => Ok((index, lock)),
        Err(Wrong::Other(error)) => Err(error),
        Err(Wrong::Damaged(why)) => {
            // Order matters: a folder is renamed only while nobody else has it.
            set_aside(root, &why)?;
            drop(lock);
            begin_root(root)
        }
    }
}

/// The first index of a folder that was just made.
fn begin_root(root: &Path) -> Result<(InFolder, RootLock), OpenError> {
    let lock = lock(root)?;
    let index = judged(root).map_err(|wrong| match wrong {
        Wrong::Damaged(why) => unusable(root, why),
        Wrong::Other(error) => error,
    })?;
    Ok((index, lock))
}

fn lock(root: &Path) -> Result<RootLock, OpenError> {
    std::fs::create_dir_all(root).map_err(|error| unusable(root, error))?;
    let directory = MmapDirectory::open(root).map_err(|error| unusable(root, error))?;
    directory.acquire_lock(&INDEX_WRITER_LOCK).map_err(|error| match error {
        LockError::LockBusy => OpenError::InUse { folder: root.to_owned() },
        LockError::IoError(error) => unusable(root, error),
    })
}

fn judged(root: &Path) -> Result<InFolder, Wrong> {
    let path = numbered::in_use(root).map_err(|none| match none {
        NoneInUse::Damaged(why) => Wrong::Damaged(why.to_owned()),
        NoneInUse::Unreadable(error) => Wrong::Other(unusable(root, error)),
    })?;
    let index = known_or_new(&path)?;
    numbered::use_from_now_on(&path).map_err(|error| Wrong::Other(unusable(root, error)))?;
    Ok(index)
}

/// An index with nothing in it beside the one in use, for who holds the lock.
pub(crate) fn begin(root: &Path) -> Result<InFolder, OpenError> {
    let path = numbered::next(root);
    let folder = made(&path).map_err(|error| unusable(root, error))?;
    InFolder::create(folder, &path)
}

fn made(path: &Path) -> Result<Folder, BoxError> {
    std::fs::create_dir_all(path)?;
    Ok(Folder::open(path)?)
}

fn known_or_new(path: &Path) -> Result<InFolder, Wrong> {
    let folder = made(path).map_err(|error| Wrong::Other(unusable(path, error)))?;
    match known(path, &folder)? {
        Some(index) => Ok(InFolder { index, folder, path: path.to_owned() }),
        None => InFolder::create(folder, path).map_err(Wrong::Other),
    }
}

enum Wrong {
    Damaged(String),
    Other(OpenError),
}

/// The index that a folder has; none if it is empty.
fn known(folder: &Path, directory: &Folder) -> Result<Option<Index>, Wrong> {
    let wrong = |error: TantivyError| {
        if is_damage(&error) { Wrong::Damaged(error_chain(&error)) } else { Wrong::Other(unusable(folder, error)) }
    };
    if !Index::exists(directory).map_err(|error| wrong(error.into()))? {
        return if is_empty(folder) { Ok(None) } else { Err(Wrong::Damaged("it has files and no index".to_owned())) };
    }
    let index = Index::open(directory.clone()).map_err(wrong)?;
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
    numbered::entries(folder).all(|path| numbered::is_lock(&path))
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

fn unusable(folder: &Path, source: impl Into<BoxError>) -> OpenError {
    OpenError::Folder { folder: folder.to_owned(), source: source.into() }
}
