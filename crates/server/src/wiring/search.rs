//! The search index of a process that serves tickets.

use std::sync::Arc;

use ticketing_core::ports::BoxError;
use ticketing_core::ports::search_index::{SearchIndex, SearchIndexes};
use ticketing_core::usecase::search::SearchFollows;
use ticketing_memory::MemoryEngines;

use crate::config::Config;
use crate::marketplace::Engines;

/// Opens the index, and lets it follow events on the engines that were plugged in before.
pub(super) async fn plug_in(engines: &mut Engines, config: &Config, memory: &MemoryEngines) -> Result<(), BoxError> {
    let Some(tickets) = &mut engines.tickets else { return Ok(()) };
    let (Opened { index, indexes }, env) = (open(config, memory).await?, &engines.context.env);
    // Each process has an index, and so a group, where a bus joins them; a file keeps events for all groups there ever
    // were, and has one process.
    tickets.search.feeder = match &config.engines.bus {
        Some(_) => SearchFollows::open(index, env).await?,
        None => SearchFollows::in_group(index, SearchFollows::GROUP, env).await?,
    };
    tickets.search.indexes = Some(indexes);
    Ok(())
}

/// The index, and what begins others beside it.
struct Opened {
    index: Arc<dyn SearchIndex>,
    indexes: Arc<dyn SearchIndexes>,
}

#[cfg(feature = "tantivy")]
async fn open(config: &Config, _: &MemoryEngines) -> Result<Opened, BoxError> {
    use ticketing_tantivy::{TantivyConfig, TantivyIndex};

    let folder = config.engines.search_folder.clone();
    let index = TantivyIndex::open(TantivyConfig { folder, ..TantivyConfig::default() }).await?;
    Ok(Opened { indexes: Arc::new(index.indexes()), index: Arc::new(index) })
}

#[cfg(not(feature = "tantivy"))]
async fn open(config: &Config, memory: &MemoryEngines) -> Result<Opened, BoxError> {
    match &config.engines.search_folder {
        Some(_) => Err(super::failure::TANTIVY.into()),
        None => Ok(Opened {
            index: Arc::new(memory.search.clone()),
            indexes: Arc::new(ticketing_memory::MemorySearchIndexes),
        }),
    }
}
