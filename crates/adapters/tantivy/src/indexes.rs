//! The index in use, and the one that is built beside it.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use parking_lot::Mutex;
use ticketing_core::ports::search_index::{SearchError, SearchIndex, SearchIndexes};
use tokio::task::spawn_blocking;

use crate::config::TantivyConfig;
use crate::folder::{self, RootLock};
use crate::numbered;
use crate::search_index::TantivyIndex;

/// Begins indexes beside the one in use: in memory, or in the folder that it lies in.
///
/// An index in a folder takes twice its room until the former one is removed, which is when its last handle goes.
///
/// # Examples
///
/// ```
/// use ticketing_core::domain::search::Watermark;
/// use ticketing_core::ports::search_index::{SearchIndex, SearchIndexes};
/// use ticketing_tantivy::{TantivyConfig, TantivyIndex};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("search-again-{}", std::process::id()));
/// let config = TantivyConfig { folder: Some(folder.clone()), ..TantivyConfig::default() };
/// let index = TantivyIndex::open(config.clone()).await?;
/// let indexes = index.indexes();
///
/// let next = indexes.begin().await?;
/// let history = Watermark::begin(uuid::Uuid::from_u128(1));
/// next.apply(Vec::new(), history).await?;
/// indexes.adopt().await?;
/// drop((index, indexes, next));
///
/// assert_eq!(TantivyIndex::open(config).await?.watermark().await?, Some(history));
/// # std::fs::remove_dir_all(folder)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct TantivyIndexes {
    config: TantivyConfig,
    places: Arc<Mutex<Places>>,
}

/// Where the index in use lies, and the one that was begun last; nowhere in memory.
#[derive(Debug, Default)]
struct Places {
    in_use: Option<Arc<Place>>,
    begun: Weak<Place>,
}

/// Where an index lies. When nobody has it any more, it is removed, unless it is in use.
pub(crate) struct Place {
    folder: PathBuf,
    is_in_use: AtomicBool,
    lock: Arc<RootLock>,
}

impl Place {
    pub(crate) fn in_use(folder: PathBuf, lock: RootLock) -> Self {
        Self { folder, is_in_use: AtomicBool::new(true), lock: Arc::new(lock) }
    }

    fn beside(&self, folder: PathBuf) -> Self {
        Self { folder, is_in_use: AtomicBool::new(false), lock: Arc::clone(&self.lock) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.is_in_use.load(Ordering::Acquire) {
            numbered::remove(&self.folder);
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Place").field(&self.folder).finish()
    }
}

impl TantivyIndexes {
    pub(crate) fn beside(in_use: Option<Arc<Place>>, config: TantivyConfig) -> Self {
        Self { config, places: Arc::new(Mutex::new(Places { in_use, begun: Weak::new() })) }
    }

    fn begin_now(&self) -> Result<TantivyIndex, SearchError> {
        let mut places = self.places.lock();
        let Places { in_use: Some(in_use), begun } = &mut *places else {
            return TantivyIndex::in_memory(&self.config).map_err(unavailable);
        };
        let root = in_use.folder.parent().unwrap_or(&in_use.folder);
        let index = folder::begin(root).map_err(unavailable)?;
        let place = Arc::new(in_use.beside(index.path.clone()));
        *begun = Arc::downgrade(&place);
        TantivyIndex::in_folder(root, index, &self.config, place).map_err(unavailable)
    }

    /// Order matters: what is removed was named by no file before.
    fn adopt_now(&self) -> Result<(), SearchError> {
        let mut places = self.places.lock();
        let Places { in_use: Some(in_use), begun } = &mut *places else { return Ok(()) };
        let begun = std::mem::take(begun).upgrade();
        let begun = begun.ok_or_else(|| unavailable("no index was begun, or nobody has it any more"))?;
        numbered::use_from_now_on(&begun.folder).map_err(unavailable)?;
        begun.is_in_use.store(true, Ordering::Release);
        in_use.is_in_use.store(false, Ordering::Release);
        *in_use = begun;
        Ok(())
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, SearchError> + Send + 'static,
    ) -> Result<T, SearchError> {
        let this = self.clone();
        spawn_blocking(move || work(&this)).await.map_err(unavailable)?
    }
}

fn unavailable(error: impl Into<ticketing_core::ports::BoxError>) -> SearchError {
    SearchError::Unavailable(error.into())
}

#[async_trait]
impl SearchIndexes for TantivyIndexes {
    async fn begin(&self) -> Result<Arc<dyn SearchIndex>, SearchError> {
        Ok(Arc::new(self.run(Self::begin_now).await?))
    }

    async fn adopt(&self) -> Result<(), SearchError> {
        self.run(Self::adopt_now).await
    }
}
