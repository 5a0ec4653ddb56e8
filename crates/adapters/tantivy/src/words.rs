//! Finds the tickets that have all words of a question, in any of their forms.

mod forms;
mod points;

use tantivy::query::{EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight, intersect_scorers};
use tantivy::{DocId, Score, SegmentReader, TERMINATED, TantivyError, Term};
use ticketing_core::domain::search::Likeness;

use forms::{AnyScorer, FormList};
use points::PointsScorer;

/// One of the words that somebody may have meant by one of theirs, and how alike the two are.
pub(crate) type Form = (Term, Likeness);

/// Finds tickets that have a form of each word; each earns what the best form of every word does.
#[derive(Debug, Clone, Default)]
pub(crate) struct WordsQuery {
    pub(crate) words: Vec<Vec<Form>>,
}

/// The same for one search.
struct WordsWeight {
    words: Vec<Vec<Form>>,
    is_scored: bool,
}

/// The tickets of a segment that have all words.
enum Having {
    Nothing,
    /// There is one word, in one form.
    Form(FormList),
    /// One word is rare: for each of its tickets the others are looked for.
    Rare(Box<dyn Scorer>),
    Points(PointsScorer),
}

/// Looking for a ticket in a list costs as much as passing by so many.
const LOOK: u64 = 32;

impl Query for WordsQuery {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(WordsWeight { words: self.words.clone(), is_scored: scoring.is_scoring_enabled() }))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        self.words.iter().flatten().for_each(|(term, _)| visitor(term, false));
    }
}

impl WordsWeight {
    fn having(&self, segment: &SegmentReader) -> tantivy::Result<Having> {
        let mut words = Vec::new();
        for word in &self.words {
            let forms = self.lists(segment, word)?;
            if forms.is_empty() {
                return Ok(Having::Nothing);
            }
            words.push(forms);
        }
        let tickets = words.iter().map(|forms| forms.iter().map(FormList::len).sum::<u64>());
        let (least, all) = (tickets.clone().min().unwrap_or(0), tickets.sum::<u64>());
        let lists: u64 = words.iter().map(|forms| forms.len() as u64).sum();
        let documents = segment.max_doc();
        if words.len() > 1 && least * lists * LOOK <= all {
            let words: tantivy::Result<_> = words.iter().map(|forms| AnyScorer::of(forms)).collect();
            return Ok(Having::Rare(intersect_scorers(words?, documents)));
        }
        Ok(match words.as_mut_slice() {
            [forms] if forms.len() == 1 => forms.pop().map_or(Having::Nothing, Having::Form),
            words => Having::Points(PointsScorer::of_all(words, documents)?),
        })
    }

    fn lists(&self, segment: &SegmentReader, word: &[Form]) -> tantivy::Result<Vec<FormList>> {
        let mut lists = Vec::new();
        for (term, likeness) in word {
            let index = segment.inverted_index(term.field())?;
            if let Some(term) = index.get_term_info(term)? {
                lists.push(FormList { index, term, likeness: *likeness, is_scored: self.is_scored });
            }
        }
        Ok(lists)
    }
}

impl Weight for WordsWeight {
    fn scorer(&self, segment: &SegmentReader, _: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(match self.having(segment)? {
            Having::Nothing => Box::new(EmptyScorer),
            Having::Form(form) => Box::new(form.scorer()?),
            Having::Rare(scorer) => scorer,
            Having::Points(points) => Box::new(points),
        })
    }

    /// The same as the scorer finds, with fewer calls for each ticket.
    fn for_each(&self, segment: &SegmentReader, callback: &mut dyn FnMut(DocId, Score)) -> tantivy::Result<()> {
        match self.having(segment)? {
            Having::Nothing => {}
            Having::Form(form) => form.each(|document, points| callback(document, Score::from(points)))?,
            Having::Rare(mut scorer) => {
                while scorer.doc() != TERMINATED {
                    callback(scorer.doc(), scorer.score());
                    scorer.advance();
                }
            }
            Having::Points(points) => points.each(callback),
        }
        Ok(())
    }

    fn explain(&self, segment: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(segment, 1.0)?;
        if scorer.doc() > document || scorer.seek(document) != document {
            return Err(TantivyError::InvalidArgument(format!("document {document} does not have all words")));
        }
        Ok(Explanation::new("the best form of each word", scorer.score()))
    }
}
