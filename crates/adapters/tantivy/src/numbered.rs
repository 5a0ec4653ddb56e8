//! The numbered folders of the indexes of a process, and the file that names the one in use.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use ticketing_core::ports::error_chain;

/// Whichever process opens the indexes from now on finds this one.
pub(crate) fn use_from_now_on(folder: &Path) -> std::io::Result<()> {
    let (Some(root), Some(name)) = (folder.parent(), folder.file_name().and_then(|name| name.to_str())) else {
        return Err(ErrorKind::InvalidInput.into());
    };
    if std::fs::read_to_string(root.join(IN_USE)).is_ok_and(|known| known.trim() == name) {
        return Ok(());
    }
    // Order matters: after a crash the file names the one or the other.
    let next = root.join(NEXT);
    let mut file = File::create(&next)?;
    file.write_all(name.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&next, root.join(IN_USE))?;
    File::open(root)?.sync_all()
}

/// Where an index lies that begins beside all others.
pub(crate) fn next(root: &Path) -> PathBuf {
    let next = numbered(root).filter_map(|(number, _)| number.checked_add(1)).max();
    root.join(next.map_or_else(|| FIRST.to_owned(), |next| next.to_string()))
}

/// Removes what rebuilds left that did not come to their end. Only for who has the one in use.
pub(crate) fn remove_others(in_use: &Path) {
    let Some(root) = in_use.parent() else { return };
    for (_, left) in numbered(root).filter(|(_, folder)| folder != in_use) {
        remove(&left);
    }
}

/// Removes an index that nobody needs.
pub(crate) fn remove(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder) {
        tracing::warn!(folder = %folder.display(), cause = error_chain(&error), "a former search index is still there");
    }
}

/// The first folder that an index lies in.
const FIRST: &str = "1";

/// The name of the file that says which index is in use.
const IN_USE: &str = "in-use";

/// And of the one that takes its place.
const NEXT: &str = "in-use.next";

/// Why nobody knows which index is in use.
pub(crate) enum NoneInUse {
    /// What is there is not what was written.
    Damaged(&'static str),
    /// The file cannot be read.
    Unreadable(std::io::Error),
}

/// Where the index lies that is in use.
pub(crate) fn in_use(root: &Path) -> Result<PathBuf, NoneInUse> {
    match std::fs::read_to_string(root.join(IN_USE)) {
        Ok(name) if name.trim().parse::<u64>().is_ok() => Ok(root.join(name.trim())),
        Ok(_) => Err(NoneInUse::Damaged("the file in-use names no index")),
        // Nothing was ever applied to what a process has left that ended before it wrote the file.
        Err(error) if error.kind() == ErrorKind::NotFound && has_only_ours(root) => Ok(root.join(FIRST)),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(NoneInUse::Damaged("it has files and no index")),
        // It is no text.
        Err(error) if error.kind() == ErrorKind::InvalidData => Err(NoneInUse::Damaged("the file in-use is no text")),
        Err(error) => Err(NoneInUse::Unreadable(error)),
    }
}

fn has_only_ours(root: &Path) -> bool {
    entries(root).all(|path| number_of(&path).is_some() || path.ends_with(NEXT) || is_lock(&path))
}

fn numbered(root: &Path) -> impl Iterator<Item = (u64, PathBuf)> {
    entries(root).filter_map(|path| Some((number_of(&path)?, path)))
}

fn number_of(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.parse().ok()
}

pub(crate) fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// Whether a file is one of Tantivy's that says nothing of an index.
pub(crate) fn is_lock(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with(".tantivy") || name == ".managed.json")
}
