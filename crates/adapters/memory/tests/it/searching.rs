//! A search index that ends with its process.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ticketing_conformance::search_index::SearchIndexFixture;
use ticketing_core::ports::search_index::{SearchIndex, SearchIndexes};
use ticketing_memory::{MemorySearchIndex, MemorySearchIndexes};

/// Sound; after a restart it has nothing.
#[derive(Default)]
pub(crate) struct Search(Mutex<MemorySearchIndex>);

#[async_trait]
impl SearchIndexFixture for Search {
    fn index(&self) -> Arc<dyn SearchIndex> {
        Arc::new(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn indexes(&self) -> Arc<dyn SearchIndexes> {
        Arc::new(MemorySearchIndexes)
    }

    async fn restart(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = MemorySearchIndex::default();
    }
}
