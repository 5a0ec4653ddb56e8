//! An index of its own for each test.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use ticketing_conformance::search_index::SearchIndexFixture;
use ticketing_core::ports::search_index::{SearchIndex, SearchIndexes};
use ticketing_tantivy::{OpenError, TantivyConfig, TantivyIndex};

/// An index that ends with its process.
pub(crate) struct Memory(Mutex<TantivyIndex>);

impl Memory {
    pub(crate) async fn start() -> Self {
        Self(Mutex::new(TantivyIndex::open(TantivyConfig::default()).await.expect("an index in memory opens")))
    }
}

#[async_trait]
impl SearchIndexFixture for Memory {
    fn index(&self) -> Arc<dyn SearchIndex> {
        Arc::new(self.0.lock().clone())
    }

    fn indexes(&self) -> Arc<dyn SearchIndexes> {
        Arc::new(self.0.lock().indexes())
    }

    async fn restart(&self) {
        let next = Self::start().await;
        *self.0.lock() = next.0.into_inner();
    }
}

/// A folder that is removed in the end.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("ticketing-search-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a folder is made");
        Self(path)
    }

    /// Where the indexes lie.
    pub(crate) fn index(&self) -> PathBuf {
        self.0.join("index")
    }

    /// Where the first of them lies.
    pub(crate) fn first(&self) -> PathBuf {
        self.index().join("1")
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left over is no reason to fail.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// An index in a folder.
pub(crate) struct Folder {
    index: Mutex<Option<TantivyIndex>>,
    scratch: Scratch,
}

/// Opens the index of a folder, as soon as the one before lets go of it.
pub(crate) async fn open(folder: PathBuf) -> TantivyIndex {
    loop {
        let config = TantivyConfig { folder: Some(folder.clone()), ..TantivyConfig::default() };
        match TantivyIndex::open(config).await {
            Ok(index) => return index,
            Err(OpenError::InUse { .. }) => tokio::task::yield_now().await,
            Err(error) => unreachable!("{error:?}"),
        }
    }
}

impl Folder {
    pub(crate) async fn start() -> Self {
        let scratch = Scratch::new();
        Self { index: Mutex::new(Some(open(scratch.index()).await)), scratch }
    }
}

#[async_trait]
impl SearchIndexFixture for Folder {
    fn index(&self) -> Arc<dyn SearchIndex> {
        Arc::new(self.index.lock().clone().expect("the index is open"))
    }

    fn indexes(&self) -> Arc<dyn SearchIndexes> {
        Arc::new(self.index.lock().as_ref().expect("the index is open").indexes())
    }

    async fn restart(&self) {
        drop(self.index.lock().take());
        let next = open(self.scratch.index()).await;
        *self.index.lock() = Some(next);
    }
}
