//! A power failure: a process ends at once, and of what it did not synchronise a part is gone.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Result};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use tokio::time::Instant;

use crate::Error;
use crate::backend::MarketFile;
use crate::services::Process;

/// A drive writes so many bytes at once, or a beginning of them.
const SECTOR: u64 = 512;

/// A process that people use synchronises something within this span.
const SYNCHRONISES_WITHIN: Duration = Duration::from_secs(2);

/// Ends a process and takes what was not synchronised; after a while both are back. Returns how it went, and since when.
///
/// Half of the time the process ends amid a commit, and otherwise at any moment, when most is synchronised.
pub(super) async fn cut(
    process: &mut Process,
    file: &MarketFile,
    lasting: Duration,
    chance: &mut StdRng,
) -> std::result::Result<(String, Instant), Error> {
    if chance.random_bool(0.5) {
        File::create(&file.cut).map_err(Error::Power)?;
        process.ends_within(SYNCHRONISES_WITHIN).await;
        std::fs::remove_file(&file.cut).map_err(Error::Power)?;
    }
    if process.ended().is_none() {
        process.kill().await?;
    }
    let lost = fail(&file.directory, &file.unsynced, chance).map_err(Error::Power)?;
    tokio::time::sleep(lasting).await;
    let repaired = Instant::now();
    process.restart()?;
    Ok((format!("{}, with {lost} sectors gone", process.name.text()), repaired))
}

/// What a process noted before it did it.
#[derive(Debug, Default)]
struct Note {
    kind: u64,
    file: u64,
    at: u64,
    /// How many bytes were written.
    length: u64,
    /// How long the file was.
    size: u64,
    /// What was there.
    old: Vec<u8>,
}

impl Note {
    const WRITTEN: u64 = 1;
    const TRUNCATED: u64 = 2;
    const SYNCED: u64 = 3;
    const DELETED: u64 = 4;

    /// The next one; none at the end, or where the process was ended amid it.
    fn read(notes: &mut impl Read) -> Option<Self> {
        let mut next = || {
            let mut number = [0; 8];
            notes.read_exact(&mut number).ok().map(|()| u64::from_ne_bytes(number))
        };
        let (kind, file, at) = (next()?, next()?, next()?);
        let (length, size, old) = (next()?, next()?, next()?);
        let mut note = Self { kind, file, at, length, size, old: vec![0; usize::try_from(old).ok()?] };
        notes.read_exact(&mut note.old).ok()?;
        Some(note)
    }
}

/// Takes what chance says of all that was written since it was last synchronised; returns how many sectors are gone.
///
/// What was written last may be there, and what was written before it not.
fn fail(directory: &Path, unsynced: &Path, chance: &mut StdRng) -> Result<u64> {
    let mut journal = std::io::BufReader::new(File::open(unsynced)?);
    let notes: Vec<Note> = std::iter::from_fn(|| Note::read(&mut journal)).collect();
    let files = files(directory)?;
    let mut undone = Vec::new();
    for note in unsafe_ones(&notes).rev() {
        let Some(file) = files.get(&note.file) else { continue };
        let mut new = vec![0; usize::try_from(note.length).unwrap_or(0)];
        let there = read_up_to(file, &mut new, note.at)?;
        new.truncate(there);
        file.set_len(note.size)?;
        file.write_all_at(&note.old, note.at)?;
        undone.push((note, file, new));
    }
    let (odds, mut lost) = (chance.random_range(0..=4), 0);
    for (note, file, new) in undone.into_iter().rev() {
        if note.kind == Note::TRUNCATED && chance.random_bool(0.5) {
            file.set_len(note.at)?;
        }
        for (at, sector) in sectors(note.at, &new) {
            let kept = match chance.random_range(0..8) {
                0 => chance.random_range(0..sector.len()),
                _ if chance.random_range(0..4) < odds => sector.len(),
                _ => 0,
            };
            lost += u64::from(kept < sector.len());
            file.write_all_at(sector.split_at(kept).0, at)?;
        }
    }
    File::create(unsynced)?;
    Ok(lost)
}

/// Notes of what no later synchronisation of its file made safe.
fn unsafe_ones(notes: &[Note]) -> impl DoubleEndedIterator<Item = &Note> {
    let mut safe: HashMap<u64, u64> = HashMap::new();
    for (number, note) in (0..).zip(notes) {
        let before = match note.kind {
            Note::SYNCED => note.at,
            Note::DELETED => number,
            _ => continue,
        };
        let safe = safe.entry(note.file).or_default();
        *safe = before.max(*safe);
    }
    let is_unsafe = move |(number, note): &(usize, &Note)| {
        let is_done = matches!(note.kind, Note::WRITTEN | Note::TRUNCATED);
        is_done && safe.get(&note.file).is_none_or(|safe| *number as u64 >= *safe)
    };
    notes.iter().enumerate().filter(is_unsafe).map(|(_, note)| note)
}

/// The files of a directory, by what notes call them.
fn files(directory: &Path) -> Result<HashMap<u64, File>> {
    let mut files = HashMap::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.insert(entry.metadata()?.ino(), OpenOptions::new().read(true).write(true).open(entry.path())?);
        }
    }
    Ok(files)
}

/// How many bytes there are, up to so many.
fn read_up_to(file: &File, bytes: &mut [u8], at: u64) -> Result<usize> {
    let there = file.metadata()?.len().saturating_sub(at).min(bytes.len() as u64);
    let there = usize::try_from(there).unwrap_or(0);
    file.read_exact_at(bytes.split_at_mut(there).0, at)?;
    Ok(there)
}

/// The pieces of a write, as a drive carries them out.
fn sectors(at: u64, bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let first = usize::try_from(SECTOR - at % SECTOR).unwrap_or(0).min(bytes.len());
    let (head, rest) = bytes.split_at(first);
    let rest = rest.chunks(SECTOR as usize).zip((at + first as u64..).step_by(SECTOR as usize));
    let head = (!head.is_empty()).then_some((at, head));
    head.into_iter().chain(rest.map(|(sector, at)| (at, sector)))
}

#[cfg(test)]
mod tests;
