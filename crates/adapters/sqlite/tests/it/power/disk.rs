//! A disk that remembers what was written to it, and loses at a power failure what was not synchronised.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sqlite_vfs::wip::{WalIndex, WalIndexLock};
use sqlite_vfs::{DatabaseHandle, LockKind, OpenAccess, OpenOptions, Vfs};

use super::chance::Chance;

/// A drive writes so many bytes at once, or a beginning of them.
const SECTOR: usize = 512;
const REGION: usize = 32_768;

/// Something that was done to a file.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub(super) file: Arc<str>,
    pub(super) what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Write {
        at: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        length: usize,
    },
    Sync,
    Delete,
    /// Of all files: what was deleted stays so.
    SyncDirectory,
}

/// Files in memory, with all that was ever done to them. A clone is a handle to the same disk.
///
/// It is for one connection at a time: `sqlite_vfs` gives each its own copy of the index of the `-wal`.
#[derive(Clone, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    files: BTreeMap<Arc<str>, Vec<u8>>,
    done: Vec<Done>,
    handles: u64,
    locks: BTreeMap<(Arc<str>, u64), LockKind>,
    regions: BTreeMap<(Arc<str>, u32), [u8; REGION]>,
    region_locks: BTreeMap<(Arc<str>, u8, u64), WalIndexLock>,
    chance: Chance,
}

/// What lies on the disk after the power failed, file by file.
pub(super) type Image = BTreeMap<Arc<str>, Vec<u8>>;

impl Disk {
    /// Puts it in the place of the file system for every connection of this process.
    pub(super) fn plug_in(&self) {
        sqlite_vfs::register("power", self.clone(), true).expect("it is registered once");
    }

    /// How much was done so far.
    pub(super) fn length(&self) -> usize {
        self.0.lock().done.len()
    }

    /// The directory is synchronised by the file system, which nobody replaced; this notes it.
    pub(super) fn note_directory(&self) {
        self.0.lock().done.push(Done { file: "".into(), what: What::SyncDirectory });
    }

    /// All that was done.
    pub(super) fn take(&self) -> Vec<Done> {
        std::mem::take(&mut self.0.lock().done)
    }

    /// Puts files there, as after a power failure.
    pub(super) fn put(&self, image: Image) {
        self.0.lock().files.extend(image);
    }

    pub(super) fn remove(&self, file: &str) {
        self.0.lock().files.retain(|name, _| !name.starts_with(file));
    }
}

/// What a power failure leaves of these acts: all up to the last `Sync` of a file, and of the rest what chance says. A
/// deletion may be undone before the directory or a new file of that name is synchronised, and a sector may be there, be missing, or be written up to its middle, whichever was written first.
pub(super) fn power_fails(done: &[Done], chance: &mut Chance) -> Image {
    let mut synchronised: BTreeMap<&str, usize> = BTreeMap::new();
    for (nth, act) in done.iter().enumerate() {
        if matches!(act.what, What::Sync) {
            synchronised.insert(&*act.file, nth);
        }
    }
    let directory = done.iter().rposition(|act| matches!(act.what, What::SyncDirectory));
    let mut image = Image::new();
    let odds = chance.below(5);
    for (nth, Done { file, what }) in done.iter().enumerate() {
        let is_safe = synchronised.get(&**file).is_some_and(|last| nth < *last);
        match what {
            What::Write { at, bytes } if is_safe => write(image.entry(Arc::clone(file)).or_default(), *at, bytes),
            What::Write { at, bytes } => {
                let kept = image.entry(Arc::clone(file)).or_default();
                sectors(*at, bytes).for_each(|(at, sector)| survive(kept, at, sector, odds, chance));
            }
            What::Truncate { length } if is_safe || chance.below(2) == 0 => {
                image.entry(Arc::clone(file)).or_default().truncate(*length);
            }
            What::Delete if is_safe || directory.is_some_and(|last| nth < last) || chance.below(2) == 0 => {
                image.remove(file);
            }
            What::Truncate { .. } | What::Delete | What::Sync | What::SyncDirectory => {}
        }
    }
    image
}

fn survive(kept: &mut Vec<u8>, at: usize, sector: &[u8], odds: usize, chance: &mut Chance) {
    match chance.below(8) {
        _ if sector.is_empty() => {}
        0 => write(kept, at, sector.split_at(chance.below(sector.len())).0),
        _ if chance.below(4) < odds => write(kept, at, sector),
        _ => {}
    }
}

/// The pieces of a write, as a drive carries them out.
fn sectors(at: usize, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let first = (SECTOR - at % SECTOR).min(bytes.len());
    let (head, rest) = bytes.split_at(first);
    let rest = rest.chunks(SECTOR).enumerate();
    std::iter::once((at, head)).chain(rest.map(move |(nth, sector)| (at + first + nth * SECTOR, sector)))
}

fn write(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if !bytes.is_empty() {
        file.resize(file.len().max(at + bytes.len()), 0);
        let (_, place) = file.split_at_mut(at);
        place.split_at_mut(bytes.len()).0.copy_from_slice(bytes);
    }
}

/// An open file.
pub(super) struct Handle {
    disk: Disk,
    file: Arc<str>,
    id: u64,
}

/// The index of a `-wal`.
pub(super) struct Index {
    disk: Disk,
    file: Arc<str>,
    id: u64,
}

impl Vfs for Disk {
    type Handle = Handle;

    fn open(&self, file: &str, options: OpenOptions) -> Result<Handle, Error> {
        let mut state = self.0.lock();
        let file: Arc<str> = file.into();
        if !state.files.contains_key(&file) {
            if matches!(options.access, OpenAccess::Read | OpenAccess::Write) {
                return Err(ErrorKind::NotFound.into());
            }
            state.files.insert(Arc::clone(&file), Vec::new());
        }
        state.handles += 1;
        Ok(Handle { disk: self.clone(), file, id: state.handles })
    }

    fn delete(&self, file: &str) -> Result<(), Error> {
        let mut state = self.0.lock();
        state.files.remove(file);
        state.done.push(Done { file: file.into(), what: What::Delete });
        Ok(())
    }

    fn exists(&self, file: &str) -> Result<bool, Error> {
        Ok(self.0.lock().files.contains_key(file))
    }

    fn temporary_name(&self) -> String {
        let mut state = self.0.lock();
        state.handles += 1;
        format!("temporary-{}", state.handles)
    }

    fn random(&self, buffer: &mut [i8]) {
        let chance = &mut self.0.lock().chance;
        buffer.fill_with(|| chance.byte());
    }

    fn sleep(&self, span: Duration) -> Duration {
        std::thread::yield_now();
        span
    }
}

impl Handle {
    fn act(&self, what: What) {
        let state = &mut *self.disk.0.lock();
        let file = state.files.entry(Arc::clone(&self.file)).or_default();
        match &what {
            What::Write { at, bytes } => write(file, *at, bytes),
            What::Truncate { length } => file.resize(*length, 0),
            What::Sync | What::Delete | What::SyncDirectory => {}
        }
        state.done.push(Done { file: Arc::clone(&self.file), what });
    }
}

impl DatabaseHandle for Handle {
    type WalIndex = Index;

    fn size(&self) -> Result<u64, Error> {
        Ok(self.disk.0.lock().files.get(&self.file).map_or(0, |file| file.len() as u64))
    }

    fn read_exact_at(&mut self, buffer: &mut [u8], offset: u64) -> Result<(), Error> {
        let state = self.disk.0.lock();
        let file = state.files.get(&self.file).map(Vec::as_slice).unwrap_or_default();
        let from = usize::try_from(offset).map_or(file.len(), |offset| offset.min(file.len()));
        let (_, file) = file.split_at(from);
        let there = buffer.len().min(file.len());
        let (read, missing) = buffer.split_at_mut(there);
        read.copy_from_slice(file.split_at(there).0);
        missing.fill(0);
        if there < buffer.len() { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    fn write_all_at(&mut self, buffer: &[u8], offset: u64) -> Result<(), Error> {
        let at = usize::try_from(offset).map_err(Error::other)?;
        self.act(What::Write { at, bytes: buffer.to_vec() });
        Ok(())
    }

    fn sync(&mut self, _: bool) -> Result<(), Error> {
        self.act(What::Sync);
        Ok(())
    }

    fn set_len(&mut self, size: u64) -> Result<(), Error> {
        let length = usize::try_from(size).map_err(Error::other)?;
        self.act(What::Truncate { length });
        Ok(())
    }

    fn lock(&mut self, lock: LockKind) -> Result<bool, Error> {
        let state = &mut *self.disk.0.lock();
        let mut others = state.locks.iter().filter(|((file, id), _)| *file == self.file && *id != self.id);
        let is_refused = others.any(|(_, other)| match lock {
            LockKind::None => false,
            LockKind::Shared => matches!(other, LockKind::Pending | LockKind::Exclusive),
            LockKind::Reserved => !matches!(other, LockKind::None | LockKind::Shared),
            LockKind::Pending | LockKind::Exclusive => *other != LockKind::None,
        });
        if !is_refused {
            state.locks.insert((Arc::clone(&self.file), self.id), lock);
        }
        Ok(!is_refused)
    }

    fn unlock(&mut self, lock: LockKind) -> Result<bool, Error> {
        self.disk.0.lock().locks.insert((Arc::clone(&self.file), self.id), lock);
        Ok(true)
    }

    fn reserved(&mut self) -> Result<bool, Error> {
        let state = self.disk.0.lock();
        let mut locks = state.locks.iter().filter(|((file, _), _)| *file == self.file);
        Ok(locks.any(|(_, lock)| !matches!(lock, LockKind::None | LockKind::Shared)))
    }

    fn current_lock(&self) -> Result<LockKind, Error> {
        let state = self.disk.0.lock();
        Ok(state.locks.get(&(Arc::clone(&self.file), self.id)).copied().unwrap_or(LockKind::None))
    }

    fn wal_index(&self, _: bool) -> Result<Index, Error> {
        Ok(Index { disk: self.disk.clone(), file: Arc::clone(&self.file), id: self.id })
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.disk.0.lock().locks.remove(&(Arc::clone(&self.file), self.id));
    }
}

impl Index {
    fn key(&self, region: u32) -> (Arc<str>, u32) {
        (Arc::clone(&self.file), region)
    }
}

impl WalIndex for Index {
    fn map(&mut self, region: u32) -> Result<[u8; REGION], Error> {
        Ok(*self.disk.0.lock().regions.entry(self.key(region)).or_insert([0; REGION]))
    }

    fn lock(&mut self, slots: Range<u8>, lock: WalIndexLock) -> Result<bool, Error> {
        let state = &mut *self.disk.0.lock();
        let mut others = state
            .region_locks
            .iter()
            .filter(|((file, slot, id), _)| *file == self.file && slots.contains(slot) && *id != self.id);
        let is_refused = others.any(|(_, other)| match lock {
            WalIndexLock::None => false,
            WalIndexLock::Shared => *other == WalIndexLock::Exclusive,
            WalIndexLock::Exclusive => *other != WalIndexLock::None,
        });
        if !is_refused {
            let locked = slots.map(|slot| ((Arc::clone(&self.file), slot, self.id), lock));
            state.region_locks.extend(locked);
        }
        Ok(!is_refused)
    }

    fn delete(self) -> Result<(), Error> {
        self.disk.0.lock().regions.retain(|(file, _), _| *file != self.file);
        Ok(())
    }

    fn pull(&mut self, region: u32, copy: &mut [u8; REGION]) -> Result<(), Error> {
        if let Some(shared) = self.disk.0.lock().regions.get(&self.key(region)) {
            *copy = *shared;
        }
        Ok(())
    }

    fn push(&mut self, region: u32, copy: &[u8; REGION]) -> Result<(), Error> {
        self.disk.0.lock().regions.insert(self.key(region), *copy);
        Ok(())
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.disk.0.lock().region_locks.retain(|(file, _, id), _| !(*file == self.file && *id == self.id));
    }
}
