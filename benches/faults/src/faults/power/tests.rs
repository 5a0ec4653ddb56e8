//! What a power failure takes, and what it leaves.

use std::io::Write;
use std::process::Command;

use rand::SeedableRng;

use super::*;
use crate::scratch::Directory;

/// In the process of a test: the file to which it writes until it dies.
const WRITES_TO: &str = "FAULTS_TEST_WRITES_TO";

/// As a database opens it: what it overwrites has to be read for a note.
fn open(path: &Path) -> File {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).unwrap()
}

/// What is there after a process wrote, and the power failed.
async fn after_a_failure(name: &str, seed: u64) -> (Vec<u8>, u64) {
    let directory = Directory::new();
    let file = MarketFile::new(&directory.0).await.unwrap();
    let mut own = Command::new(std::env::current_exe().unwrap());
    own.args(["--exact", &format!("faults::power::tests::{name}")]).envs(file.noted()).env(WRITES_TO, file.database());
    assert!(!own.output().unwrap().status.success(), "it ends at once");
    let lost = fail(&file.directory, &file.unsynced, &mut StdRng::seed_from_u64(seed)).unwrap();
    assert_eq!(std::fs::metadata(&file.unsynced).unwrap().len(), 0, "the next failure has notes of its own");
    (std::fs::read(file.database()).unwrap(), lost)
}

#[tokio::test]
async fn what_was_synchronised_stays_and_the_rest_may_go() {
    if let Some(path) = std::env::var_os(WRITES_TO) {
        let mut file = open(path.as_ref());
        file.write_all(&[b'a'; 2048]).unwrap();
        file.sync_data().unwrap();
        file.write_all_at(&[b'b'; 1024], 1024).unwrap();
        file.write_all_at(&[b'c'; 4096], 2048).unwrap();
        std::process::abort();
    }
    let (mut gone, mut there) = (0, 0);
    for seed in 0..20 {
        let (left, lost) = after_a_failure("what_was_synchronised_stays_and_the_rest_may_go", seed).await;
        let (safe, rest) = left.split_at(1024);
        assert_eq!(safe, [b'a'; 1024]);
        assert!(rest.split_at(1024).0.iter().all(|byte| matches!(byte, b'a' | b'b')));
        gone += usize::from(left.len() == 2048);
        there += usize::from(lost == 0);
    }
    assert!(gone > 0 && there < 20, "{gone} {there}");
}

#[tokio::test]
async fn what_another_process_left_goes_too() {
    if let Some(path) = std::env::var_os(WRITES_TO) {
        let file = open(path.as_ref());
        file.write_all_at(b"left", file.metadata().unwrap().len()).unwrap();
        std::process::abort();
    }
    let directory = Directory::new();
    let file = MarketFile::new(&directory.0).await.unwrap();
    for _ in 0..2 {
        let mut own = Command::new(std::env::current_exe().unwrap());
        own.args(["--exact", "faults::power::tests::what_another_process_left_goes_too"]);
        assert!(!own.envs(file.noted()).env(WRITES_TO, file.database()).output().unwrap().status.success());
    }
    let notes = File::open(&file.unsynced).unwrap();
    let mut notes = std::io::BufReader::new(notes);
    let notes: Vec<Note> = std::iter::from_fn(|| Note::read(&mut notes)).collect();

    assert_eq!(unsafe_ones(&notes).map(|note| (note.size, note.length)).collect::<Vec<_>>(), [(0, 4), (4, 4)]);
}

#[test]
fn notes_up_to_a_synchronisation_are_safe() {
    let note = |kind, file, at| Note { kind, file, at, ..Note::default() };
    let notes = [
        note(Note::WRITTEN, 1, 10),
        note(Note::WRITTEN, 2, 20),
        note(Note::WRITTEN, 1, 30),
        // As it stood when the synchronisation began.
        note(Note::SYNCED, 1, 2),
        note(Note::TRUNCATED, 3, 40),
        note(Note::DELETED, 3, 0),
    ];

    assert_eq!(unsafe_ones(&notes).map(|note| note.at).collect::<Vec<_>>(), [20, 30]);
}
