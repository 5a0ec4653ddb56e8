//! Words by where they stand.
//!
//! A ticket has each of its words once in the index, and the frequency there says where the word stands at best. So a word
//! is looked up in one list, and what it earns is read off that list.

use tantivy::postings::{Postings, SegmentPostings};
use tantivy::query::{EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED, TantivyError, Term};
use ticketing_core::domain::search::{Likeness, Standing};

/// How often a word is written for a ticket: the better it stands, the more often.
pub(crate) const fn times(standing: Standing) -> usize {
    match standing {
        Standing::Title => 3,
        Standing::Place => 2,
        Standing::About => 1,
    }
}

/// Where a word stands that was written so often.
pub(crate) fn standing(frequency: u32) -> Standing {
    match frequency {
        0 | 1 => Standing::About,
        2 => Standing::Place,
        _ => Standing::Title,
    }
}

/// Finds tickets that have any of some words; each earns what the best of them does.
#[derive(Debug, Clone, Default)]
pub(crate) struct WordQuery {
    pub(crate) words: Vec<(Term, Likeness)>,
}

/// The same for one search.
struct WordWeight {
    words: Vec<(Term, Likeness)>,
    is_scored: bool,
}

impl Query for WordQuery {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(WordWeight { words: self.words.clone(), is_scored: scoring.is_scoring_enabled() }))
    }

    fn query_terms<'a>(&'a self, visitor: &mut dyn FnMut(&'a Term, bool)) {
        self.words.iter().for_each(|(term, _)| visitor(term, false));
    }
}

impl Weight for WordWeight {
    fn scorer(&self, segment: &SegmentReader, _: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let option = if self.is_scored { IndexRecordOption::WithFreqs } else { IndexRecordOption::Basic };
        let mut lists = Vec::new();
        for (term, likeness) in &self.words {
            if let Some(postings) = segment.inverted_index(term.field())?.read_postings(term, option)? {
                lists.push(WordScorer { postings, likeness: *likeness });
            }
        }
        Ok(match lists.len() {
            0 => Box::new(EmptyScorer),
            1 => Box::new(lists.remove(0)),
            _ => Box::new(BestScorer::of(lists, segment.max_doc())),
        })
    }

    fn explain(&self, segment: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(segment, 1.0)?;
        if scorer.doc() > document || scorer.seek(document) != document {
            return Err(TantivyError::InvalidArgument(format!("document {document} has none of the words")));
        }
        Ok(Explanation::new("the best of the words", scorer.score()))
    }
}

/// The tickets that have one word.
struct WordScorer {
    postings: SegmentPostings,
    likeness: Likeness,
}

impl WordScorer {
    fn points(&self) -> u8 {
        // No word earns more than 60.
        u8::try_from(standing(self.postings.term_freq()).points(self.likeness)).unwrap_or(u8::MAX)
    }
}

impl DocSet for WordScorer {
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

impl Scorer for WordScorer {
    fn score(&mut self) -> Score {
        Score::from(self.points())
    }
}

/// The tickets that have any of several words, with what each earns at best: one byte for each ticket of the segment.
struct BestScorer {
    points: Vec<u8>,
    document: DocId,
    count: u32,
}

impl BestScorer {
    fn of(lists: Vec<WordScorer>, documents: DocId) -> Self {
        let mut points = vec![0; documents as usize];
        let mut count = 0;
        for mut list in lists {
            while list.doc() != TERMINATED {
                if let Some(best) = points.get_mut(list.doc() as usize) {
                    count += u32::from(*best == 0);
                    *best = list.points().max(*best);
                }
                list.advance();
            }
        }
        let mut scorer = Self { points, document: 0, count };
        scorer.document = scorer.next_from(0);
        scorer
    }

    fn next_from(&self, document: DocId) -> DocId {
        let rest = self.points.get(document as usize..).unwrap_or_default();
        let next = first_that_is_not_zero(rest).and_then(|at| DocId::try_from(at).ok());
        next.map_or(TERMINATED, |at| document + at)
    }
}

/// Where the first byte is that is not zero; zeros are passed by eight at a time.
fn first_that_is_not_zero(bytes: &[u8]) -> Option<usize> {
    let (eights, _) = bytes.as_chunks::<8>();
    let zeros = eights.iter().take_while(|eight| u64::from_ne_bytes(**eight) == 0).count() * 8;
    let rest = bytes.get(zeros..).unwrap_or_default();
    rest.iter().position(|byte| *byte != 0).map(|at| zeros + at)
}

impl DocSet for BestScorer {
    fn advance(&mut self) -> DocId {
        self.seek(self.document.saturating_add(1))
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.document = self.next_from(target);
        self.document
    }

    fn doc(&self) -> DocId {
        self.document
    }

    fn size_hint(&self) -> u32 {
        self.count
    }
}

impl Scorer for BestScorer {
    fn score(&mut self) -> Score {
        self.points.get(self.document as usize).copied().map_or(0.0, Score::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frequency_says_where_a_word_stands() {
        for at in Standing::ALL {
            assert_eq!(standing(u32::try_from(times(at)).unwrap()), at);
        }
    }

    #[test]
    fn no_word_earns_more_than_a_byte_holds_or_nothing() {
        for likeness in [Likeness::Exact, Likeness::Beginning, Likeness::Corrected] {
            for at in Standing::ALL {
                assert!((1..=255).contains(&at.points(likeness)));
            }
        }
    }

    #[test]
    fn zeros_are_passed_by() {
        for length in 0..40 {
            let mut bytes = vec![0; length];
            assert_eq!(first_that_is_not_zero(&bytes), None);
            for at in (0..length).rev() {
                bytes[at] = 7;
                assert_eq!(first_that_is_not_zero(&bytes), Some(at));
            }
        }
    }
}
