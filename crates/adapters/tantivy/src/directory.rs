//! A folder that is read as it was written last, and on the disk whenever it is asked to be.
//!
//! Tantivy waits for the disk with each file of a commit and with each list of them, some ten times, before the commit can
//! be read. Here nothing of that waits: files are written, and the lists of them, which say what the index is, stay in
//! memory. [`Folder::synchronise`] then waits for the disk once for each file and writes the lists behind them. So a commit
//! is read at once, and at any moment the disk has an index that is whole: the one of the last synchronisation.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use tantivy::Directory;
use tantivy::directory::error::{DeleteError, LockError, OpenDirectoryError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, DirectoryLock, FileHandle, Lock, MmapDirectory, TerminatingWrite, WatchCallback, WatchHandle,
    WritePtr,
};

use crate::numbered;

/// The folder of one index. A clone is a handle to the same.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    disk: MmapDirectory,
    path: PathBuf,
    behind: Arc<Mutex<Behind>>,
}

/// What the disk does not have yet.
#[derive(Debug, Default)]
struct Behind {
    /// Files that are complete and may not be on the disk.
    written: BTreeSet<PathBuf>,
    /// What the lists say from now on.
    lists: BTreeMap<PathBuf, Vec<u8>>,
    /// Files that the lists on the disk may name, and the ones in memory do not.
    deleted: BTreeSet<PathBuf>,
}

impl Behind {
    /// Takes back what did not come to the disk; what was said meanwhile counts.
    fn take_back(&mut self, failed: Self) {
        self.written.extend(failed.written);
        self.deleted.extend(failed.deleted);
        for (list, data) in failed.lists {
            self.lists.entry(list).or_insert(data);
        }
    }
}

impl Folder {
    /// Opens a folder that exists. For who holds the lock around it: what a process left behind that ended is removed.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenDirectoryError> {
        let disk = MmapDirectory::open(path)?;
        remove_left_behind(path, &disk);
        Ok(Self { disk, path: path.to_owned(), behind: Arc::default() })
    }

    /// Waits until the disk has what was written so far.
    pub(crate) fn synchronise(&self) -> io::Result<()> {
        let behind = mem::take(&mut *self.behind.lock());
        self.write_through(&behind).inspect_err(|_| self.behind.lock().take_back(behind))
    }

    /// Order matters: whatever a list on the disk names is there, whole, whenever this ends.
    fn write_through(&self, behind: &Behind) -> io::Result<()> {
        for file in &behind.written {
            File::open(self.path.join(file))?.sync_data()?;
        }
        if !behind.written.is_empty() {
            self.disk.sync_directory()?;
        }
        // `.managed.json` comes before `meta.json`: it names more.
        for (list, data) in &behind.lists {
            self.disk.atomic_write(list, data)?;
        }
        if !behind.lists.is_empty() {
            self.disk.sync_directory()?;
        }
        for file in &behind.deleted {
            match self.disk.delete(file) {
                Ok(()) | Err(DeleteError::FileDoesNotExist(_)) => {}
                Err(DeleteError::IoError { io_error, .. }) => return Err(io::Error::new(io_error.kind(), io_error)),
            }
        }
        Ok(())
    }
}

/// Removes files that no list on the disk names: a process wrote them, and ended before it could name them.
fn remove_left_behind(path: &Path, disk: &MmapDirectory) {
    // Without a list that can be read it is for others to say what is wrong.
    let Ok(list) = disk.atomic_read(Path::new(MANAGED)) else { return };
    let Ok(named) = serde_json::from_slice::<BTreeSet<PathBuf>>(&list) else { return };
    for file in numbered::entries(path) {
        let Some(name) = file.file_name() else { continue };
        let is_hidden = name.as_encoded_bytes().starts_with(b".");
        if !is_hidden && !named.contains(Path::new(name)) && file.is_file() {
            // What stays takes room and nothing else.
            let _removed = std::fs::remove_file(file);
        }
    }
}

/// The list of all files of an index.
const MANAGED: &str = ".managed.json";

/// A file that is complete once it is terminated.
struct Writing {
    file: File,
    name: PathBuf,
    behind: Arc<Mutex<Behind>>,
}

impl Write for Writing {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.file.write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl TerminatingWrite for Writing {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        self.file.flush()?;
        self.behind.lock().written.insert(self.name.clone());
        Ok(())
    }
}

impl Directory for Folder {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.disk.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        let mut behind = self.behind.lock();
        if behind.written.remove(path) {
            // No list on the disk names it.
            return self.disk.delete(path);
        }
        behind.lists.remove(path);
        behind.deleted.insert(path.to_owned());
        Ok(())
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        let behind = self.behind.lock();
        if behind.lists.contains_key(path) {
            return Ok(true);
        }
        Ok(!behind.deleted.contains(path) && self.disk.exists(path)?)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let opened = OpenOptions::new().write(true).create_new(true).open(self.path.join(path));
        let file = opened.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => OpenWriteError::FileAlreadyExists(path.to_owned()),
            _ => OpenWriteError::wrap_io_error(error, path.to_owned()),
        })?;
        let writing = Writing { file, name: path.to_owned(), behind: Arc::clone(&self.behind) };
        Ok(BufWriter::new(Box::new(writing)))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let known = self.behind.lock().lists.get(path).cloned();
        known.map_or_else(|| self.disk.atomic_read(path), Ok)
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.behind.lock().lists.insert(path.to_owned(), data.to_owned());
        Ok(())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.disk.acquire_lock(lock)
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.disk.watch(callback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    /// What is on the disk, without lists that are hidden.
    fn files(scratch: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(scratch).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        names
    }

    fn list(scratch: &Path) -> Option<String> {
        std::fs::read_to_string(scratch.join("meta.json")).ok()
    }

    fn write(folder: &Folder, name: &str) {
        let mut file = folder.open_write(Path::new(name)).unwrap();
        file.write_all(name.as_bytes()).unwrap();
        file.terminate().unwrap();
    }

    fn name_files(folder: &Folder, names: &[&str]) {
        folder.atomic_write(Path::new(MANAGED), serde_json::to_string(names).unwrap().as_bytes()).unwrap();
        folder.atomic_write(Path::new("meta.json"), names.join(" ").as_bytes()).unwrap();
    }

    /// A folder with a file that is named.
    fn with_one(scratch: &Path) -> Folder {
        let folder = Folder::open(scratch).unwrap();
        write(&folder, "one");
        name_files(&folder, &["meta.json", "one"]);
        folder
    }

    #[test]
    fn what_is_written_is_read_at_once_and_named_on_the_disk_once_it_is_there() {
        let scratch = Scratch::new();
        let folder = with_one(&scratch);

        assert_eq!(folder.atomic_read(Path::new("meta.json")).unwrap(), b"meta.json one");
        assert_eq!(folder.open_read(Path::new("one")).unwrap().read_bytes().unwrap().as_slice(), b"one");
        assert_eq!(list(&scratch), None, "no list names what may not be there");

        folder.synchronise().unwrap();
        assert_eq!(list(&scratch).unwrap(), "meta.json one");
    }

    #[test]
    fn what_the_disk_names_stays_there_until_it_names_something_else() {
        let scratch = Scratch::new();
        let folder = with_one(&scratch);
        folder.synchronise().unwrap();

        write(&folder, "two");
        write(&folder, "spare");
        name_files(&folder, &["meta.json", "two"]);
        folder.delete(Path::new("one")).unwrap();
        folder.delete(Path::new("spare")).unwrap();
        assert!(!folder.exists(Path::new("one")).unwrap());
        assert_eq!(files(&scratch), ["meta.json", "one", "two"], "a crash finds what the list names");
        assert_eq!(list(&scratch).unwrap(), "meta.json one");

        folder.synchronise().unwrap();
        assert_eq!(
            (files(&scratch), list(&scratch).unwrap()),
            (vec!["meta.json".into(), "two".into()], "meta.json two".into())
        );
    }

    #[test]
    fn what_did_not_come_to_the_disk_comes_with_the_next_synchronisation() {
        let scratch = Scratch::new();
        let folder = with_one(&scratch);
        // It cannot be opened under its name.
        std::fs::rename(scratch.join("one"), scratch.join("elsewhere")).unwrap();
        folder.synchronise().unwrap_err();
        assert_eq!(list(&scratch), None);

        std::fs::rename(scratch.join("elsewhere"), scratch.join("one")).unwrap();
        folder.synchronise().unwrap();
        assert_eq!(list(&scratch).unwrap(), "meta.json one");
    }

    #[test]
    fn what_a_process_left_behind_that_ended_is_removed() {
        let scratch = Scratch::new();
        let folder = with_one(&scratch);
        folder.synchronise().unwrap();
        write(&folder, "two");
        name_files(&folder, &["meta.json", "two"]);
        folder.delete(Path::new("one")).unwrap();
        drop(folder);

        let folder = Folder::open(&scratch).unwrap();
        assert_eq!(files(&scratch), ["meta.json", "one"]);
        assert_eq!(folder.atomic_read(Path::new("meta.json")).unwrap(), b"meta.json one");
    }
}
