//! A log of Kafka that loses its end: the last batches of each partition are cut off, on the disk of every member.
//!
//! What was acknowledged and handled by nobody is lost with them, for good. So all that was published is handled
//! first; then the lost end was of no more use, and nothing may be missing afterwards.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// So many batches are cut off.
const BATCHES: usize = 5;

/// Cuts every log of topics with this prefix under the data of a member; returns how many were cut.
pub(super) fn cut(data: &Path, prefix: &str) -> io::Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(data)? {
        let folder = entry?.path();
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if folder.is_dir() && name.starts_with(&format!("{prefix}.")) {
            count += usize::from(cut_one(&folder)?);
        }
    }
    Ok(count)
}

fn cut_one(folder: &Path) -> io::Result<bool> {
    let Some(segment) = newest_segment(folder)? else { return Ok(false) };
    let ends = ends_of(&fs::read(&segment)?);
    let Some(left) = ends.len().checked_sub(BATCHES + 1) else { return Ok(false) };
    let end = ends.get(left).copied().unwrap_or_default();
    fs::OpenOptions::new().write(true).open(&segment)?.set_len(end)?;
    Ok(true)
}

fn newest_segment(folder: &Path) -> io::Result<Option<PathBuf>> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "log") {
            segments.push(path);
        }
    }
    Ok(segments.into_iter().max())
}

/// Where each batch ends: it begins with its offset in 8 bytes and the length of the rest in 4.
fn ends_of(segment: &[u8]) -> Vec<u64> {
    let (mut ends, mut at) = (Vec::new(), 0_usize);
    while let Some(length) = segment.get(at + 8..at + 12).and_then(|bytes| bytes.try_into().ok()) {
        let end = at + 12 + u32::from_be_bytes(length) as usize;
        // The rest of a segment may be reserved and empty.
        if end == at + 12 || end > segment.len() {
            break;
        }
        ends.push(end as u64);
        at = end;
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(length: u32) -> Vec<u8> {
        [&[0; 8][..], &length.to_be_bytes(), &vec![7; length as usize]].concat()
    }

    #[test]
    fn batches_end_where_the_next_begins() {
        assert_eq!(ends_of(&[batch(5), batch(1)].concat()), [17, 30]);
        assert_eq!(ends_of(&[batch(5), vec![0; 40]].concat()), [17]);
        assert_eq!(ends_of(&[batch(5), batch(9)].concat()[..20]), [17]);
        assert!(ends_of(&[]).is_empty());
    }

    #[test]
    fn a_cut_takes_the_last_batches_and_spares_other_topics() {
        let data = std::env::temp_dir().join(format!("ticketing-faults-cut-{}", std::process::id()));
        let (ours, others) = (data.join("faults.orders-0"), data.join("__consumer_offsets-0"));
        for folder in [&ours, &others] {
            fs::create_dir_all(folder).unwrap();
            fs::write(folder.join("00000000000000000000.log"), batch(8).repeat(BATCHES + 2)).unwrap();
        }

        assert_eq!(cut(&data, "faults").unwrap(), 1);

        let length = |folder: &Path| fs::metadata(folder.join("00000000000000000000.log")).unwrap().len();
        assert_eq!((length(&ours), length(&others)), (2 * 20, 20 * (BATCHES as u64 + 2)));
        fs::remove_dir_all(data).unwrap();
    }
}
