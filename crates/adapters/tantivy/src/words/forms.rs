//! The tickets of a segment that have a form of a word.

use std::sync::Arc;

use tantivy::postings::{Postings, SegmentPostings, TermInfo};
use tantivy::query::Scorer;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, InvertedIndexReader, Score, TERMINATED};
use ticketing_core::domain::search::Likeness;

use crate::standing::points;

/// Where the tickets of a segment lie that have one form of a word.
pub(super) struct FormList {
    pub(super) index: Arc<InvertedIndexReader>,
    pub(super) term: TermInfo,
    pub(super) likeness: Likeness,
    pub(super) is_scored: bool,
}

impl FormList {
    pub(super) fn len(&self) -> u64 {
        self.term.doc_freq.into()
    }

    const fn option(&self) -> IndexRecordOption {
        if self.is_scored { IndexRecordOption::WithFreqs } else { IndexRecordOption::Basic }
    }

    /// One ticket after another, or those from one on.
    pub(super) fn scorer(&self) -> tantivy::Result<FormScorer> {
        let postings = self.index.read_postings_from_terminfo(&self.term, self.option())?;
        Ok(FormScorer { postings, likeness: self.likeness })
    }

    /// All of them with what they earn, a block after another: several times as fast as one by one.
    pub(super) fn each(&self, mut take: impl FnMut(DocId, u16)) -> tantivy::Result<()> {
        let mut blocks = self.index.read_block_postings_from_terminfo(&self.term, self.option())?;
        while !blocks.docs().is_empty() {
            if self.is_scored {
                for (document, frequency) in blocks.docs().iter().zip(blocks.freqs()) {
                    take(*document, points(*frequency, self.likeness));
                }
            } else {
                blocks.docs().iter().for_each(|document| take(*document, points(1, self.likeness)));
            }
            blocks.advance();
        }
        Ok(())
    }
}

/// The tickets that have one form of a word.
pub(super) struct FormScorer {
    postings: SegmentPostings,
    likeness: Likeness,
}

impl DocSet for FormScorer {
    fn advance(&mut self) -> DocId {
        self.postings.advance()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.postings.seek(target)
    }

    fn doc(&self) -> DocId {
        self.postings.doc()
    }

    fn size_hint(&self) -> u32 {
        self.postings.size_hint()
    }
}

impl Scorer for FormScorer {
    fn score(&mut self) -> Score {
        Score::from(points(self.postings.term_freq(), self.likeness))
    }
}

/// The tickets that have any form of a word, where few of them are looked for.
pub(super) struct AnyScorer {
    forms: Vec<FormScorer>,
    document: DocId,
}

impl AnyScorer {
    pub(super) fn of(forms: &[FormList]) -> tantivy::Result<Box<dyn Scorer>> {
        let forms = forms.iter().map(FormList::scorer).collect::<tantivy::Result<Vec<_>>>()?;
        let mut any = Self { forms, document: 0 };
        any.find();
        Ok(Box::new(any))
    }

    /// The first ticket at which a form is.
    fn find(&mut self) -> DocId {
        self.document = self.forms.iter().map(DocSet::doc).min().unwrap_or(TERMINATED);
        self.document
    }
}

impl DocSet for AnyScorer {
    fn advance(&mut self) -> DocId {
        self.seek(self.document.saturating_add(1))
    }

    fn seek(&mut self, target: DocId) -> DocId {
        for form in self.forms.iter_mut().filter(|form| form.doc() < target) {
            form.seek(target);
        }
        self.find()
    }

    fn doc(&self) -> DocId {
        self.document
    }

    fn size_hint(&self) -> u32 {
        self.forms.iter().fold(0, |sum, form| sum.saturating_add(form.size_hint()))
    }
}

impl Scorer for AnyScorer {
    fn score(&mut self) -> Score {
        let here = self.forms.iter_mut().filter(|form| form.doc() == self.document);
        here.map(Scorer::score).fold(0.0, Score::max)
    }
}
