//! What all tickets of a segment earn, side by side.

use tantivy::query::Scorer;
use tantivy::{DocId, DocSet, Score, TERMINATED};

use super::forms::FormList;

/// What each ticket of a segment earns: two bytes for each, zero for those that do not have all words.
pub(super) struct PointsScorer {
    points: Vec<u16>,
    document: DocId,
    count: u32,
}

impl PointsScorer {
    pub(super) fn of_all(words: &[Vec<FormList>], documents: DocId) -> tantivy::Result<Self> {
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

    pub(super) fn each(&self, callback: &mut dyn FnMut(DocId, Score)) {
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
