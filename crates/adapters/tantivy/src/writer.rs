//! Writes batches: each is one commit, with its watermark.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tantivy::schema::{IndexRecordOption, Term};
use tantivy::{DocAddress, DocSet, IndexReader, IndexWriter, Searcher, TERMINATED, TantivyDocument};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::search::{SearchChange, SearchEntry, Watermark};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::search_index::SearchError;
use uuid::Uuid;

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
}

impl Writer {
    /// Applies a batch as one commit, and makes it visible.
    pub(crate) fn apply(&mut self, changes: &[SearchChange], upto: Watermark) -> Result<usize, SearchError> {
        let changed = self.changed(changes)?;
        let count = changed.len();
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

    /// The entries that are another than before.
    fn changed(&self, changes: &[SearchChange]) -> Result<Vec<SearchEntry>, SearchError> {
        let searcher = self.reader.searcher();
        let mut by_ticket: BTreeMap<TicketId, Vec<&SearchChange>> = BTreeMap::new();
        for change in changes {
            by_ticket.entry(change.ticket()).or_default().push(change);
        }
        let mut changed = Vec::new();
        for (id, changes) in by_ticket {
            let mut entry = entry(&searcher, &self.fields, id)?.unwrap_or_else(|| SearchEntry::new(id));
            // Not `any`, because each may be news.
            let news = changes.into_iter().filter(|change| entry.follow(change)).count();
            if news > 0 {
                changed.push(entry);
            }
        }
        Ok(changed)
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
