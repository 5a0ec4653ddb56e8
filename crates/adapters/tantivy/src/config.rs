//! How an index is opened, and how it is searched.

use std::path::PathBuf;

/// Where an index lies, how much memory it writes with, and when it is searched on several threads.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::search_index::SearchIndex;
/// use ticketing_tantivy::{TantivyConfig, TantivyIndex};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("search-{}", std::process::id()));
/// let config = TantivyConfig { folder: Some(folder.clone()), ..TantivyConfig::default() };
/// let index = TantivyIndex::open(config).await?;
/// assert_eq!(index.watermark().await?, None, "it was built from nothing");
/// # drop(index);
/// # std::fs::remove_dir_all(folder)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TantivyConfig {
    /// The folder, made if it is not there; without one the index lies in memory and ends with the process.
    pub folder: Option<PathBuf>,
    /// The bytes of changes that are collected before they are written; at least 15 million.
    pub writer_bytes: usize,
    /// Of so many tickets and more, the segments of the index are searched beside each other, on as many threads as there
    /// are cores, and eight at most. Fewer are found sooner than other threads are woken.
    pub parallel_from: u64,
}

impl Default for TantivyConfig {
    fn default() -> Self {
        Self { folder: None, writer_bytes: 50_000_000, parallel_from: 100_000 }
    }
}
