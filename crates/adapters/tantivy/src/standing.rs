//! Words by where they stand.
//!
//! A ticket has each of its words once in the index, and the frequency there says where the word stands at best. So a word
//! is looked up in one list, and what it earns is read off that list.

use std::sync::Arc;

use tantivy::postings::{Postings, SegmentPostings, TermInfo};
use tantivy::query::{EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight, intersect_scorers};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, InvertedIndexReader, Score, SegmentReader, TERMINATED, TantivyError, Term};
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

/// Where the tickets of a segment lie that have one form of a word.
struct FormList {
    index: Arc<InvertedIndexReader>,
    term: TermInfo,
    likeness: Likeness,
    is_scored: bool,
}

impl FormList {
    fn len(&self) -> u64 {
        self.term.doc_freq.into()
    }

    const fn option(&self) -> IndexRecordOption {
        if self.is_scored { IndexRecordOption::WithFreqs } else { IndexRecordOption::Basic }
    }

    /// One ticket after another, or those from one on.
    fn scorer(&self) -> tantivy::Result<FormScorer> {
        let postings = self.index.read_postings_from_terminfo(&self.term, self.option())?;
        Ok(FormScorer { postings, likeness: self.likeness })
    }

    /// All of them with what they earn, a block after another: several times as fast as one by one.
    fn each(&self, mut take: impl FnMut(DocId, u16)) -> tantivy::Result<()> {
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

fn points(frequency: u32, likeness: Likeness) -> u16 {
    // No word earns more than 60.
    u16::try_from(standing(frequency).points(likeness)).unwrap_or(u16::MAX)
}

/// The tickets that have one form of a word.
struct FormScorer {
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
struct AnyScorer {
    forms: Vec<FormScorer>,
    document: DocId,
}

impl AnyScorer {
    fn of(forms: &[FormList]) -> tantivy::Result<Box<dyn Scorer>> {
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

/// What each ticket of a segment earns: two bytes for each, zero for those that do not have all words.
struct PointsScorer {
    points: Vec<u16>,
    document: DocId,
    count: u32,
}

impl PointsScorer {
    fn of_all(words: &[Vec<FormList>], documents: DocId) -> tantivy::Result<Self> {
        let mut all: Option<Vec<u16>> = None;
        for forms in words {
            let best = best(forms, documents)?;
            match &mut all {
                None => all = Some(best),
                Some(sums) => {
                    for (sum, best) in sums.iter_mut().zip(best) {
                        *sum = if *sum == 0 || best == 0 { 0 } else { sum.saturating_add(best) };
                    }
                }
            }
        }
        let points = all.unwrap_or_default();
        let count = points.iter().map(|points| u32::from(*points > 0)).sum();
        let mut scorer = Self { points, document: 0, count };
        scorer.document = scorer.next_from(0);
        Ok(scorer)
    }

    fn each(&self, callback: &mut dyn FnMut(DocId, Score)) {
        for (eight, first) in self.points.chunks(8).zip((0..).step_by(8)).filter(|(eight, _)| **eight != [0; 8]) {
            for (points, document) in eight.iter().zip(first..).filter(|(points, _)| **points > 0) {
                callback(document, Score::from(*points));
            }
        }
    }

    fn next_from(&self, document: DocId) -> DocId {
        let rest = self.points.get(document as usize..).unwrap_or_default();
        let next = first_that_is_not_zero(rest).and_then(|at| DocId::try_from(at).ok());
        next.map_or(TERMINATED, |at| document + at)
    }
}

/// What the best form earns, for each document.
fn best(forms: &[FormList], documents: DocId) -> tantivy::Result<Vec<u16>> {
    let mut best = vec![0; documents as usize];
    for form in forms {
        form.each(|document, points| {
            if let Some(best) = best.get_mut(document as usize) {
                *best = points.max(*best);
            }
        })?;
    }
    Ok(best)
}

/// Where the first number is that is not zero; zeros are passed by eight at a time.
fn first_that_is_not_zero(numbers: &[u16]) -> Option<usize> {
    let (eights, _) = numbers.as_chunks::<8>();
    let zeros = eights.iter().take_while(|eight| **eight == [0; 8]).count() * 8;
    let rest = numbers.get(zeros..).unwrap_or_default();
    rest.iter().position(|number| *number != 0).map(|at| zeros + at)
}

impl DocSet for PointsScorer {
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

impl Scorer for PointsScorer {
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
    fn no_word_earns_nothing_or_more_than_is_said() {
        for likeness in [Likeness::Exact, Likeness::Beginning, Likeness::Corrected] {
            for at in Standing::ALL {
                assert!((1..=60).contains(&at.points(likeness)));
            }
        }
    }

    #[test]
    fn zeros_are_passed_by() {
        for length in 0..40 {
            let mut numbers = vec![0; length];
            assert_eq!(first_that_is_not_zero(&numbers), None);
            for at in (0..length).rev() {
                numbers[at] = 7;
                assert_eq!(first_that_is_not_zero(&numbers), Some(at));
            }
        }
    }
}
