//! Hits that are looked at together, so that a column is read for all of them at once.

use tantivy::columnar::{Column, ColumnIndex, MonotonicallyMappableToU64};
use tantivy::{COLLECT_BLOCK_BUFFER_LEN, DocId, Score};

/// How many hits are looked at together: as many as the index hands over.
pub(super) const MOST: usize = COLLECT_BLOCK_BUFFER_LEN;

/// Some hits of a segment with what they earned.
#[derive(Debug, Default)]
pub(super) struct Block {
    documents: Vec<DocId>,
    scores: Vec<Score>,
}

/// One thing for each document of a block, in their order; the rest says nothing.
pub(super) type Each<T> = [T; MOST];

impl Block {
    /// Adds a hit; returns whether the block is full.
    pub(super) fn push(&mut self, document: DocId, score: Score) -> bool {
        self.documents.push(document);
        self.scores.push(score);
        self.documents.len() >= MOST
    }

    pub(super) fn clear(&mut self) {
        self.documents.clear();
        self.scores.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.documents.len()
    }

    pub(super) fn scores(&self) -> &[Score] {
        &self.scores
    }

    /// The first value that each document has in a column, or what stands for none.
    pub(super) fn read<T: MonotonicallyMappableToU64>(&self, column: &Column<T>, none: T, into: &mut Each<T>) {
        match &column.index {
            ColumnIndex::Full => {
                if let Some(values) = into.get_mut(..self.len()) {
                    column.values.get_vals(&self.documents, values);
                }
            }
            _ => {
                for (value, document) in into.iter_mut().zip(&self.documents) {
                    *value = column.first(*document).unwrap_or(none);
                }
            }
        }
    }

    /// Keeps the documents of which this is wanted.
    pub(super) fn retain<T>(&mut self, of_each: &Each<T>, wants: impl Fn(&T) -> bool) {
        if of_each.iter().take(self.len()).all(&wants) {
            return;
        }
        let mut of_documents = of_each.iter();
        self.documents.retain(|_| of_documents.next().is_some_and(&wants));
        let mut of_scores = of_each.iter();
        self.scores.retain(|_| of_scores.next().is_some_and(&wants));
    }
}
