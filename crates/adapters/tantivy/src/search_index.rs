//! The port, by Tantivy.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread::available_parallelism;

use async_trait::async_trait;
use parking_lot::Mutex;
use tantivy::query::{EnableScoring, Query};
use tantivy::{DocSet, Executor, Index, IndexReader, ReloadPolicy, Searcher, TERMINATED};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::search::{
    Facets, Filters, Found, Question, SearchChange, SearchEntry, SearchPage, SearchSort, Wanted, Watermark,
    name_to_find,
};
use ticketing_core::domain::ticket::Sales;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::search_index::{MOST_SUGGESTIONS, SearchError, SearchIndex};
use tokio::task::spawn_blocking;

use crate::collect::{Bounds, ChoicesCollector, HitsCollector};
use crate::config::TantivyConfig;
use crate::directory::Folder;
use crate::error::{OpenError, failure, is_locked};
use crate::folder::{self, InFolder};
use crate::indexes::{Place, TantivyIndexes};
use crate::numbered;
use crate::question::{Asking, Corrections, Names};
use crate::schema::{Fields, schema};
use crate::writer::{self, Payload, Writer};

/// A search index. A clone is a handle to the same one.
#[derive(Clone)]
pub struct TantivyIndex(Arc<Inner>);

struct Inner {
    fields: Fields,
    reader: IndexReader,
    writer: Mutex<Writer>,
    config: TantivyConfig,
    /// Begun when there are many tickets.
    threads: OnceLock<Executor>,
    /// Dropped last: nothing reads the files any more.
    place: Option<Arc<Place>>,
}

impl TantivyIndex {
    /// Opens the index that a folder has, or begins with nothing.
    ///
    /// A folder that is damaged, or that another release wrote, is renamed, which the log says; then
    /// [`watermark`](SearchIndex::watermark) is none, and its feeder begins with the oldest event.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: the folder is in use, or cannot be read or written.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub async fn open(config: TantivyConfig) -> Result<Self, OpenError> {
        let opened = spawn_blocking(move || Self::open_now(&config)).await;
        opened.map_err(|error| OpenError::Index(error.into()))?
    }

    fn open_now(config: &TantivyConfig) -> Result<Self, OpenError> {
        let Some(root) = &config.folder else { return Self::in_memory(config) };
        let (index, lock) = folder::open(root)?;
        let path = index.path.clone();
        let place = Arc::new(Place::in_use(path.clone(), lock));
        let opened = Self::in_folder(root, index, config, place)?;
        numbered::remove_others(&path);
        Ok(opened)
    }

    pub(crate) fn in_memory(config: &TantivyConfig) -> Result<Self, OpenError> {
        let opened = Self::over(&folder::in_memory(), config, None, None);
        opened.map_err(|error| OpenError::Index(error.into()))
    }

    pub(crate) fn in_folder(
        root: &Path,
        InFolder { index, folder, .. }: InFolder,
        config: &TantivyConfig,
        place: Arc<Place>,
    ) -> Result<Self, OpenError> {
        Self::over(&index, config, Some(folder), Some(place)).map_err(|error| match is_locked(&error) {
            true => OpenError::InUse { folder: root.to_owned() },
            false => OpenError::Folder { folder: root.to_owned(), source: error.into() },
        })
    }

    /// Begins indexes beside this one, so that it can be built again while it is in use.
    #[must_use]
    pub fn indexes(&self) -> TantivyIndexes {
        TantivyIndexes::beside(self.0.place.clone(), self.0.config.clone())
    }

    fn over(
        index: &Index,
        config: &TantivyConfig,
        folder: Option<Folder>,
        place: Option<Arc<Place>>,
    ) -> tantivy::Result<Self> {
        let (_, fields) = schema();
        let writer = index.writer_with_num_threads(1, config.writer_bytes)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let watermark = index.load_metas()?.payload.as_deref().and_then(Payload::read);
        let writer = Writer {
            writer,
            reader: reader.clone(),
            fields: fields.clone(),
            watermark,
            folder,
            passed: HashMap::new(),
        };
        Ok(Self(Arc::new(Inner {
            fields,
            reader,
            writer: Mutex::new(writer),
            config: config.clone(),
            threads: OnceLock::new(),
            place,
        })))
    }

    /// Runs on a thread that may wait for a disk.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, SearchError> + Send + 'static,
    ) -> Result<T, SearchError> {
        let inner = Arc::clone(&self.0);
        let done = spawn_blocking(move || work(&inner)).await;
        done.map_err(|error| SearchError::Unavailable(error.into()))?
    }
}

#[async_trait]
impl SearchIndex for TantivyIndex {
    async fn apply(&self, changes: Vec<SearchChange>, upto: Watermark) -> Result<usize, SearchError> {
        self.run(move |inner| inner.writer.lock().apply(&changes, upto)).await
    }

    async fn search(&self, question: &Question, page: SearchPage) -> Result<Found, SearchError> {
        let question = question.clone();
        self.run(move |inner| inner.search(&question, page).map_err(failure)).await
    }

    async fn facets(&self, question: &Question) -> Result<Facets, SearchError> {
        let question = question.clone();
        self.run(move |inner| inner.facets(&question).map_err(failure)).await
    }

    async fn suggest(&self, typed: &str, now: Timestamp) -> Result<Vec<String>, SearchError> {
        let typed: String = typed.chars().take(Question::LONGEST).collect();
        self.run(move |inner| inner.suggest(&typed, now)).await
    }

    async fn watermark(&self) -> Result<Option<Watermark>, SearchError> {
        self.run(|inner| Ok(inner.writer.lock().watermark)).await
    }

    async fn sales(&self, tickets: &[TicketId]) -> Result<HashMap<TicketId, Sales>, SearchError> {
        let tickets = tickets.to_vec();
        self.run(move |inner| inner.writer.lock().sales(&tickets)).await
    }
}

/// More threads than this find no sooner: there are few large segments.
const MOST_THREADS: usize = 8;

/// How many hits are looked at for suggestions, since many tickets have one title.
const LOOKED_AT: usize = SearchPage::MOST;

impl Inner {
    fn asking<'a>(&'a self, searcher: &'a Searcher, corrections: &'a [Corrections]) -> Asking<'a> {
        Asking { searcher, fields: &self.fields, corrections, threads: self.threads(searcher) }
    }

    fn threads(&self, searcher: &Searcher) -> &Executor {
        if searcher.num_docs() < self.config.parallel_from {
            return &Executor::SingleThread;
        }
        self.threads.get_or_init(|| match available_parallelism().map_or(1, NonZero::get) {
            0 | 1 => Executor::SingleThread,
            // One thread finds the same if no others can be had.
            threads => Executor::multi_thread(threads.min(MOST_THREADS), "search-").unwrap_or(Executor::SingleThread),
        })
    }

    fn search(&self, question: &Question, page: SearchPage) -> tantivy::Result<Found> {
        let searcher = self.reader.searcher();
        let collector = HitsCollector { bounds: Bounds::of(question), page };
        let found = self.asking(&searcher, &[]).collect(question, Names::All, &collector)?.found(page, None);
        if found.count > 0 {
            return Ok(found);
        }
        let Some((wanted, corrections)) = self.corrections(&searcher, question)? else { return Ok(found) };
        let asking = self.asking(&searcher, &corrections);
        let instead = asking.instead(wanted)?;
        Ok(asking.collect(question, Names::All, &collector)?.found(page, instead))
    }

    fn facets(&self, question: &Question) -> tantivy::Result<Facets> {
        let searcher = self.reader.searcher();
        let collector = ChoicesCollector::of(question);
        let count = |corrections: &[Corrections]| {
            self.asking(&searcher, corrections).collect(question, Names::WithoutFacets, &collector)
        };
        let counted = count(&[])?;
        if !counted.is_empty() {
            return Ok(counted.facets());
        }
        let corrections = self.corrections(&searcher, question)?;
        Ok(corrections.map_or(Ok(counted), |(_, corrections)| count(&corrections))?.facets())
    }

    /// What the words of a question may mean besides, if no ticket has them as they were typed, whatever the question is
    /// narrowed by.
    fn corrections<'a>(
        &self,
        searcher: &Searcher,
        question: &'a Question,
    ) -> tantivy::Result<Option<(&'a Wanted, Vec<Corrections>)>> {
        let Some(wanted) = question.text().filter(|wanted| !wanted.words.is_empty()) else { return Ok(None) };
        let asking = self.asking(searcher, &[]);
        if has_any(searcher, &*asking.query(question, Names::None)?)? {
            return Ok(None);
        }
        Ok(Some((wanted, asking.corrected(wanted)?)))
    }

    fn suggest(&self, typed: &str, now: Timestamp) -> Result<Vec<String>, SearchError> {
        let question = Question::parse(typed, Filters::default(), SearchSort::BestMatch, now);
        let Some(question) = question.ok().filter(|question| question.text().is_some()) else { return Ok(Vec::new()) };
        let found = self.search(&question, SearchPage::First { limit: LOOKED_AT }).map_err(failure)?;
        let searcher = self.reader.searcher();
        let mut known = BTreeSet::new();
        let mut titles = Vec::new();
        for hit in found.hits {
            let entry = writer::entry(&searcher, &self.fields, hit.ticket)?;
            let Some(title) = entry.as_ref().and_then(title) else { continue };
            if known.insert(name_to_find(&title)) {
                titles.push(title);
            }
            if titles.len() == MOST_SUGGESTIONS {
                break;
            }
        }
        Ok(titles)
    }
}

fn title(entry: &SearchEntry) -> Option<String> {
    entry.shown().map(|ticket| ticket.offer.details.event.title.to_string())
}

/// Whether a query has a hit that is not deleted.
fn has_any(searcher: &Searcher, query: &dyn Query) -> tantivy::Result<bool> {
    let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
    for segment in searcher.segment_readers() {
        let mut scorer = weight.scorer(segment, 1.0)?;
        while scorer.doc() != TERMINATED {
            if !segment.is_deleted(scorer.doc()) {
                return Ok(true);
            }
            scorer.advance();
        }
    }
    Ok(false)
}

impl fmt::Debug for TantivyIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TantivyIndex").field("tickets", &self.0.reader.searcher().num_docs()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use ticketing_conformance::sample::{self, NOW};
    use uuid::Uuid;

    use super::*;
    use crate::scratch::Scratch;

    async fn open(folder: PathBuf) -> TantivyIndex {
        TantivyIndex::open(TantivyConfig { folder: Some(folder), ..TantivyConfig::default() }).await.unwrap()
    }

    /// What a process finds that begins after this moment, if the one that has the index ends now.
    async fn after_a_crash(scratch: &Path, copy: &str) -> TantivyIndex {
        let (from, to) = (scratch.join("index/1"), scratch.join(copy).join("1"));
        std::fs::create_dir_all(&to).unwrap();
        std::fs::write(scratch.join(copy).join("in-use"), "1").unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
        open(scratch.join(copy)).await
    }

    async fn found(index: &TantivyIndex) -> u64 {
        index.search(&Question::all(NOW), SearchPage::First { limit: 10 }).await.unwrap().count
    }

    #[tokio::test]
    async fn a_batch_is_found_before_the_disk_has_it_and_a_crash_finds_the_one_before() {
        let scratch = Scratch::new();
        let index = open(scratch.join("index")).await;
        let begun = Watermark::begin(Uuid::from_u128(1));
        let upto = |events| begun.after(events, NOW);
        let facts = || vec![SearchChange::Facts(Box::new(sample::ticket()))];
        index.apply(facts(), upto(1)).await.unwrap();
        index.0.writer.lock().show(&facts(), upto(2)).unwrap();
        assert_eq!(found(&index).await, 2, "both are found");

        let crashed = after_a_crash(&scratch, "before").await;
        assert_eq!((found(&crashed).await, crashed.watermark().await.unwrap()), (1, Some(upto(1))));
        index.0.writer.lock().synchronise().unwrap();
        let crashed = after_a_crash(&scratch, "after").await;
        assert_eq!((found(&crashed).await, crashed.watermark().await.unwrap()), (2, Some(upto(2))));
    }
}
