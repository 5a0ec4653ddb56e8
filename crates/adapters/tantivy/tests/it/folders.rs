//! Folders: who has one, and what becomes of one that is damaged.

use std::path::Path;

use ticketing_conformance::sample::{NOW, bare_listing};
use ticketing_core::domain::search::{Question, SearchChange, SearchPage, Watermark};
use ticketing_core::ports::search_index::{SearchIndex, SearchIndexes};
use ticketing_tantivy::{OpenError, TantivyConfig, TantivyIndex};
use uuid::Uuid;

use super::world::{Scratch, open};

fn at(folder: &Path) -> TantivyConfig {
    TantivyConfig { folder: Some(folder.to_owned()), ..TantivyConfig::default() }
}

async fn apply(index: &TantivyIndex, tickets: usize) -> Watermark {
    let listings = (0..tickets).map(|n| bare_listing(&format!("Opera {n}")));
    let changes = listings.flat_map(|listing| SearchChange::of_listing(&listing)).collect();
    let upto = Watermark::begin(Uuid::from_u128(1)).after(tickets as u64, NOW);
    index.apply(changes, upto).await.expect("the batch is applied");
    upto
}

async fn count(index: &TantivyIndex) -> u64 {
    index.search(&Question::all(NOW), SearchPage::First { limit: 1 }).await.expect("an answer").count
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
}

#[tokio::test]
async fn a_folder_has_one_process() {
    let scratch = Scratch::new();
    let first = open(scratch.index()).await;

    let second = TantivyIndex::open(at(&scratch.index())).await;
    assert!(matches!(second, Err(OpenError::InUse { .. })), "{second:?}");
    drop(first);
    open(scratch.index()).await;
}

#[tokio::test]
async fn a_damaged_folder_stays_while_somebody_has_it() {
    let scratch = Scratch::new();
    let first = open(scratch.index()).await;
    apply(&first, 3).await;
    std::fs::remove_file(scratch.first().join("meta.json")).unwrap();
    std::fs::remove_file(scratch.index().join("in-use")).unwrap();

    let second = TantivyIndex::open(at(&scratch.index())).await;
    assert!(matches!(second, Err(OpenError::InUse { .. })), "{second:?}");
    assert_eq!(files(scratch.path()), [scratch.index()]);
}

/// A copy is what is left after a crash: whatever was written meanwhile is not in it.
#[tokio::test]
async fn a_folder_has_whole_batches_at_any_time() {
    let scratch = Scratch::new();
    let index = open(scratch.index()).await;
    // Fewer than are merged: nothing changes while files are copied.
    for nth in 1..=6 {
        let upto = apply(&index, nth).await;
        let copy = scratch.path().join(format!("copy-{nth}"));
        std::fs::create_dir_all(copy.join("1")).unwrap();
        std::fs::write(copy.join("in-use"), "1").unwrap();
        for file in files(&scratch.first()) {
            std::fs::copy(&file, copy.join("1").join(file.file_name().unwrap())).unwrap();
        }

        let copied = open(copy).await;
        assert_eq!(copied.watermark().await.unwrap(), Some(upto));
        assert_eq!(count(&copied).await, (nth * (nth + 1) / 2) as u64);
    }
}

#[tokio::test]
async fn a_folder_goes_on_where_it_was() {
    let scratch = Scratch::new();
    let upto = apply(&open(scratch.index()).await, 40).await;

    let index = open(scratch.index()).await;
    assert_eq!(index.watermark().await.unwrap(), Some(upto));
    assert_eq!(count(&index).await, 40);
}

/// Whatever is wrong with a folder, the index begins with nothing, and the folder is still there to be looked at.
async fn assert_set_aside(damage: impl Fn(&Path)) {
    let scratch = Scratch::new();
    apply(&open(scratch.index()).await, 40).await;
    damage(&scratch.first());

    let index = open(scratch.index()).await;
    assert_eq!(index.watermark().await.expect("an answer"), None);
    assert_eq!(count(&index).await, 0);
    apply(&index, 3).await;
    assert_eq!(count(&index).await, 3);
    let aside = scratch.path().join("index.damaged-1");
    assert!(!files(&aside).is_empty());
    let mut all = files(scratch.path());
    all.sort();
    assert_eq!(all, [scratch.index(), aside]);
    drop(index);
    assert_eq!(count(&open(scratch.index()).await).await, 3, "it goes on with what was built again");
}

fn of_kind(folder: &Path, extension: &str) -> std::path::PathBuf {
    let is_so = |path: &std::path::PathBuf| path.extension().is_some_and(|is| is == extension);
    files(folder).into_iter().find(is_so).expect("a file of the kind")
}

#[tokio::test]
async fn a_file_with_a_wrong_byte_is_noticed() {
    for extension in ["term", "idx", "store", "fast"] {
        assert_set_aside(|folder| {
            let path = of_kind(folder, extension);
            let mut bytes = std::fs::read(&path).unwrap();
            let middle = bytes.len() / 3;
            bytes[middle] ^= 0x55;
            std::fs::write(path, bytes).unwrap();
        })
        .await;
    }
}

#[tokio::test]
async fn a_file_that_is_cut_or_gone_is_noticed() {
    assert_set_aside(|folder| {
        let path = of_kind(folder, "store");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    })
    .await;
    assert_set_aside(|folder| std::fs::remove_file(of_kind(folder, "fast")).unwrap()).await;
    assert_set_aside(|folder| std::fs::remove_file(folder.join("meta.json")).unwrap()).await;
    assert_set_aside(|folder| std::fs::write(folder.join("meta.json"), "{}").unwrap()).await;
}

#[tokio::test]
async fn what_another_release_wrote_is_built_again() {
    assert_set_aside(|folder| {
        let meta = std::fs::read_to_string(folder.join("meta.json")).unwrap();
        std::fs::write(folder.join("meta.json"), meta.replace(r#"\"format\":"#, r#"\"format\":9"#)).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_told() {
    let scratch = Scratch::new();
    std::fs::write(scratch.index(), "a file").unwrap();

    let refused = TantivyIndex::open(at(&scratch.index())).await;
    assert!(matches!(refused, Err(OpenError::Folder { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_file_that_names_no_index_is_noticed() {
    for name in ["", "../other", "one"] {
        assert_set_aside(|first| std::fs::write(first.with_file_name("in-use"), name).unwrap()).await;
    }
    assert_set_aside(|first| {
        std::fs::remove_file(first.with_file_name("in-use")).unwrap();
        std::fs::write(first.with_file_name("meta.json"), "{}").unwrap();
    })
    .await;
}

fn numbers(scratch: &Scratch) -> Vec<String> {
    let names = files(&scratch.index()).into_iter().filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
    let mut numbers: Vec<String> = names.filter(|name| name.parse::<u64>().is_ok()).collect();
    numbers.sort();
    numbers
}

#[tokio::test]
async fn a_former_index_is_removed_when_nobody_has_it() {
    let scratch = Scratch::new();
    let first = open(scratch.index()).await;
    apply(&first, 3).await;
    let indexes = first.indexes();

    let second = indexes.begin().await.unwrap();
    assert_eq!(numbers(&scratch), ["1", "2"]);
    indexes.adopt().await.unwrap();
    assert_eq!(count(&first).await, 3, "who has it may still ask it");
    drop(first);
    assert_eq!(numbers(&scratch), ["2"]);

    drop(indexes.begin().await.unwrap());
    assert_eq!(numbers(&scratch), ["2"], "what was not adopted is removed, too");
    assert!(indexes.adopt().await.is_err(), "nobody has what was begun");
    assert_eq!(std::fs::read_to_string(scratch.index().join("in-use")).unwrap(), "2");
    drop((indexes, second));
    open(scratch.index()).await;
}

/// A copy is what a crash leaves, at whichever moment of a rebuild.
#[tokio::test]
async fn what_a_crash_leaves_of_a_rebuild_is_removed() {
    let scratch = Scratch::new();
    let index = open(scratch.index()).await;
    let upto = apply(&index, 3).await;
    let begun = index.indexes().begin().await.unwrap();
    for left in ["2", "7"] {
        std::fs::create_dir_all(scratch.index().join(left)).unwrap();
        std::fs::write(scratch.index().join(left).join("meta.json"), "{}").unwrap();
    }
    std::fs::write(scratch.index().join("in-use.next"), "7").unwrap();
    std::mem::forget(begun);
    let copy = scratch.path().join("copy");
    let copied = std::process::Command::new("cp").arg("-R").arg(scratch.index()).arg(&copy).status().unwrap();
    assert!(copied.success());

    let reopened = open(copy.clone()).await;
    assert_eq!((reopened.watermark().await.unwrap(), count(&reopened).await), (Some(upto), 3));
    assert!(!copy.join("2").exists() && !copy.join("7").exists());
}
