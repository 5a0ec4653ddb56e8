//! Writes batches: each is one commit, with its watermark.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use tantivy::schema::{IndexRecordOption, Term};
use tantivy::{DocAddress, DocSet, IndexReader, IndexWriter, Searcher, TERMINATED, TantivyDocument};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::search::{SearchChange, SearchEntry, Watermark};
use ticketing_core::domain::ticket::Sales;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::search_index::SearchError;
use uuid::Uuid;

use crate::directory::Folder;
use crate::document;
use crate::error::failure;
use crate::schema::{FORMAT, Fields};

/// What a commit says besides its documents.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Payload {
    format: u32,
    history: Uuid,
    handled: u64,
    newest: i64,
}

impl Payload {
    /// The watermark of a commit; none if another release wrote it.
    pub(crate) fn read(payload: &str) -> Option<Watermark> {
        let Self { format, history, handled, newest } = serde_json::from_str(payload).ok()?;
        let newest = Timestamp::from_millis(newest);
        (format == FORMAT).then_some(Watermark { history, handled, newest })
    }

    fn of(watermark: Watermark) -> Self {
        let Watermark { history, handled, newest } = watermark;
        Self { format: FORMAT, history, handled, newest: newest.millis() }
    }
}

/// The only writer of an index.
pub(crate) struct Writer {
    pub(crate) writer: IndexWriter<TantivyDocument>,
    pub(crate) reader: IndexReader,
    pub(crate) fields: Fields,
    pub(crate) watermark: Option<Watermark>,
    /// Where the index is after its process.
    pub(crate) folder: Option<Folder>,
    /// Sales that are newer than those in the index, and make no difference to any question.
    pub(crate) passed: HashMap<TicketId, Passed>,
}

/// What is known of a ticket on sale without a look into the index.
#[derive(Clone, Copy)]
pub(crate) struct Passed {
    /// All its places, as the index has them.
    places: u32,
    /// Its newest sales.
    sales: Sales,
    /// Whether every version was told that is newer than the one in the index, up to this one.
    is_whole: bool,
}

impl Writer {
    /// Applies a batch as one commit, which is visible at once, and waits until the disk has it.
    pub(crate) fn apply(&mut self, changes: &[SearchChange], upto: Watermark) -> Result<usize, SearchError> {
        let count = self.show(changes, upto)?;
        // Of a batch that was shown before and is told again, too: it may be the disk that refused it.
        self.synchronise()?;
        Ok(count)
    }

    /// Applies a batch as one commit, and makes it visible.
    pub(crate) fn show(&mut self, changes: &[SearchChange], upto: Watermark) -> Result<usize, SearchError> {
        let changed = self.changed(changes)?;
        let count = changed.len();
        if count == 0 && self.watermark.is_some_and(|known| known.history == upto.history && !known.is_beginning()) {
            // Nothing to find is new, and a group goes on where it stopped whatever the index says.
            self.watermark = Some(upto);
            return Ok(0);
        }
        if let Err(error) = self.write(&changed, upto) {
            // What was added and not committed must not come with the next batch.
            return Err(match self.writer.rollback() {
                Ok(_) => error,
                Err(rollback) => failure(rollback),
            });
        }
        self.watermark = Some(upto);
        self.reader.reload().map_err(failure)?;
        Ok(count)
    }

    pub(crate) fn synchronise(&self) -> Result<(), SearchError> {
        let synchronised = self.folder.as_ref().map_or(Ok(()), Folder::synchronise);
        synchronised.map_err(|error| SearchError::Unavailable(error.into()))
    }

    /// The entries that are another than before.
    fn changed(&mut self, changes: &[SearchChange]) -> Result<Vec<SearchEntry>, SearchError> {
        let searcher = self.reader.searcher();
        let mut by_ticket: BTreeMap<TicketId, Vec<&SearchChange>> = BTreeMap::new();
        for change in changes {
            by_ticket.entry(change.ticket()).or_default().push(change);
        }
        let mut changed = Vec::new();
        for (id, changes) in by_ticket {
            // A document is read from a compressed block, and most sales follow others that made no difference.
            if let Some(passed) = self.passed.get(&id)
                && let Some(next) = self.pass(*passed, &changes)
            {
                self.passed.insert(id, next);
                continue;
            }
            let mut entry = entry(&searcher, &self.fields, id)?.unwrap_or_else(|| SearchEntry::new(id));
            let mut is_whole = true;
            if let Some(passed) = self.passed.get(&id).filter(|passed| passed.sales.version > entry.sales.version) {
                (entry.sales, is_whole) = (passed.sales, passed.is_whole);
            }
            let known = Passed { places: entry.places(), sales: entry.sales, is_whole };
            if entry.shown().is_some()
                && let Some(next) = self.pass(known, &changes)
            {
                self.passed.insert(id, next);
                continue;
            }
            // Not `any`, because each may be news.
            let news = changes.into_iter().filter(|change| entry.follow(change)).count();
            if news > 0 {
                self.passed.remove(&id);
                changed.push(entry);
            }
        }
        if self.passed.len() > MOST_PASSED {
            // What is forgotten is written with the next sale.
            self.passed.retain(|_, passed| !passed.is_whole);
        }
        Ok(changed)
    }

    /// What is known of a ticket after sales that make no difference, unless one that is yet to come might be taken for
    /// news: by a process that has forgotten what was passed by, because it began again or because that was too much.
    fn pass(&self, known: Passed, changes: &[&SearchChange]) -> Option<Passed> {
        let next = makes_no_difference(known, changes)?;
        let is_remembered = self.folder.is_none() && self.passed.len() < MOST_PASSED;
        (next.is_whole || is_remembered).then_some(next)
    }

    /// The newest sales that were told of some tickets.
    pub(crate) fn sales(&self, tickets: &[TicketId]) -> Result<HashMap<TicketId, Sales>, SearchError> {
        let searcher = self.reader.searcher();
        let mut told = HashMap::with_capacity(tickets.len());
        for id in tickets {
            let written = entry(&searcher, &self.fields, *id)?.map(|entry| entry.sales);
            let passed = self.passed.get(id).map(|passed| passed.sales);
            let newest = written.into_iter().chain(passed).max_by_key(|sales| sales.version);
            told.extend(newest.filter(|sales| sales.version > 0).map(|sales| (*id, sales)));
        }
        Ok(told)
    }

    fn write(&mut self, entries: &[SearchEntry], upto: Watermark) -> Result<(), SearchError> {
        for entry in entries {
            self.writer.delete_term(id_term(&self.fields, entry.id));
            self.writer.add_document(document::document(entry, &self.fields)?).map_err(failure)?;
        }
        let payload = serde_json::to_string(&Payload::of(upto));
        let payload = payload.map_err(|error| SearchError::Unavailable(error.into()))?;
        let mut commit = self.writer.prepare_commit().map_err(failure)?;
        commit.set_payload(&payload);
        commit.commit().map_err(failure)?;
        Ok(())
    }
}

/// So many tickets may have sales that were passed by.
const MOST_PASSED: usize = 100_000;

/// What is known after some changes, if none of them makes a difference to any question.
///
/// Where every version since the one that is known is among them, none of those can come later and be taken for news by
/// a process that has forgotten the others, because it would make no difference either.
fn makes_no_difference(known: Passed, changes: &[&SearchChange]) -> Option<Passed> {
    let left = SearchEntry::left_of(known.places, known.sales);
    let mut versions = BTreeSet::new();
    let mut newest = known.sales;
    for change in changes {
        let SearchChange::Sales { sales, .. } = change else { return None };
        if sales.version > known.sales.version {
            versions.insert(sales.version);
            if SearchEntry::left_of(known.places, *sales) != left {
                return None;
            }
        }
        if sales.version > newest.version {
            newest = *sales;
        }
    }
    let are_all = versions.len() as u64 == newest.version - known.sales.version;
    Some(Passed { sales: newest, is_whole: known.is_whole && are_all, ..known })
}

/// What is known of a ticket.
pub(crate) fn entry(searcher: &Searcher, fields: &Fields, id: TicketId) -> Result<Option<SearchEntry>, SearchError> {
    let Some(at) = address(searcher, &id_term(fields, id)).map_err(failure)? else { return Ok(None) };
    let document: TantivyDocument = searcher.doc(at).map_err(failure)?;
    Ok(Some(document::entry(&document, fields)?))
}

fn id_term(fields: &Fields, id: TicketId) -> Term {
    Term::from_field_bytes(fields.id, id.uuid().as_bytes())
}

/// Where the document of a term is; there is at most one.
fn address(searcher: &Searcher, term: &Term) -> tantivy::Result<Option<DocAddress>> {
    for (ord, segment) in (0..).zip(searcher.segment_readers()) {
        let postings = segment.inverted_index(term.field())?.read_postings(term, IndexRecordOption::Basic)?;
        let Some(mut postings) = postings else { continue };
        let mut document = postings.doc();
        while document != TERMINATED {
            if !segment.is_deleted(document) {
                return Ok(Some(DocAddress::new(ord, document)));
            }
            document = postings.advance();
        }
    }
    Ok(None)
}
