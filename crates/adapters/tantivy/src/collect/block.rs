//! Hits that are looked at together, so that a column is read for all of them at once.

use tantivy::columnar::{Column, ColumnIndex, MonotonicallyMappableToU64};
use tantivy::{DocId, Score};

/// How many hits are looked at together.
pub(super) const MOST: usize = 512;

/// Some hits of a segment with what they earned.
#[derive(Debug)]
pub(super) struct Block {
    documents: Box<Each<DocId>>,
    scores: Box<Each<Score>>,
    len: usize,
}

/// One thing for each document of a block, in their order; the rest says nothing.
pub(super) type Each<T> = [T; MOST];

impl Default for Block {
    fn default() -> Self {
        Self { documents: Box::new([0; MOST]), scores: Box::new([0.0; MOST]), len: 0 }
    }
}

impl Block {
    /// Adds a hit to a block that is not full.
    #[inline]
    pub(super) fn push(&mut self, document: DocId, score: Score) {
        if let (Some(next), Some(earned)) = (self.documents.get_mut(self.len), self.scores.get_mut(self.len)) {
            (*next, *earned) = (document, score);
            self.len += 1;
        }
    }

    #[inline]
    pub(super) const fn is_full(&self) -> bool {
        self.len == MOST
    }

    pub(super) const fn clear(&mut self) {
        self.len = 0;
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn documents(&self) -> &[DocId] {
        self.documents.get(..self.len).unwrap_or_default()
    }

    pub(super) fn scores(&self) -> &[Score] {
        self.scores.get(..self.len).unwrap_or_default()
    }

    /// The first value that each document has in a column, or what stands for none.
    pub(super) fn read<T: MonotonicallyMappableToU64>(&self, column: &Column<T>, none: T, into: &mut Each<T>) {
        match &column.index {
            ColumnIndex::Full => {
                if let Some(values) = into.get_mut(..self.len) {
                    column.values.get_vals(self.documents(), values);
                }
            }
            _ => {
                for (value, document) in into.iter_mut().zip(self.documents()) {
                    *value = column.first(*document).unwrap_or(none);
                }
            }
        }
    }

    /// Keeps the documents that are wanted.
    pub(super) fn retain_documents(&mut self, wants: impl Fn(DocId) -> bool) {
        let mut wanted = [false; MOST];
        wanted.iter_mut().zip(self.documents()).for_each(|(wanted, document)| *wanted = wants(*document));
        self.retain(&wanted, |is_wanted| *is_wanted);
    }

    /// Keeps the documents of which this is wanted.
    pub(super) fn retain<T>(&mut self, of_each: &Each<T>, wants: impl Fn(&T) -> bool) {
        if of_each.iter().take(self.len()).all(&wants) {
            return;
        }
        let hits = std::mem::take(&mut self.len);
        for (at, _) in of_each.iter().enumerate().take(hits).filter(|(_, of_hit)| wants(of_hit)) {
            if let (Some(document), Some(score)) = (self.documents.get(at), self.scores.get(at)) {
                self.push(*document, *score);
            }
        }
    }
}
