//! Keeps for a moment what an index counted of many hits: counting them takes longer than a page may.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::domain::search::{Question, SearchPage};
use crate::domain::time::Timestamp;

/// Fewer are counted whenever somebody asks.
const MANY: u64 = 5000;

/// How old an answer may be before somebody counts again.
const FRESH: Duration = Duration::from_millis(250);

/// How old it may be while somebody does.
const STALE: Duration = Duration::from_secs(2);

/// The most answers to keep.
const MOST: usize = 64;

/// Answers to questions of many hits. A clone keeps the same.
#[derive(Debug, Clone)]
pub(super) struct Kept<A>(Arc<Mutex<Vec<Answer<A>>>>);

#[derive(Debug)]
struct Answer<A> {
    question: Question,
    page: Option<SearchPage>,
    answer: A,
    is_counted_again: bool,
}

impl<A> Default for Kept<A> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<A: Clone> Kept<A> {
    /// The answer to a question, or to a page of it, if it is young enough. The first who asks for one that is not fresh
    /// gets none, and is to keep another.
    pub(super) fn answer(&self, question: &Question, page: Option<SearchPage>) -> Option<A> {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = answers.iter_mut().find(|known| known.is_of(question, page))?;
        let age = age(known.question.now(), question.now())?;
        if age < FRESH || age < STALE && known.is_counted_again {
            return Some(known.answer.clone());
        }
        known.is_counted_again = true;
        None
    }

    /// Keeps an answer, if it has many hits.
    pub(super) fn keep(&self, question: &Question, page: Option<SearchPage>, hits: u64, answer: &A) {
        if hits < MANY {
            return;
        }
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.retain(|known| !known.is_of(question, page));
        if answers.len() >= MOST {
            answers.remove(0);
        }
        answers.push(Answer { question: question.clone(), page, answer: answer.clone(), is_counted_again: false });
    }
}

impl<A> Answer<A> {
    fn is_of(&self, question: &Question, page: Option<SearchPage>) -> bool {
        self.page == page && self.question.asks_like(question)
    }
}

/// How long ago that was; none on a clock that was put back.
fn age(then: Timestamp, now: Timestamp) -> Option<Duration> {
    (now >= then).then(|| now.since(then))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGAN: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn after(millis: u64) -> Question {
        Question::all(BEGAN.after(Duration::from_millis(millis)))
    }

    #[test]
    fn what_is_fresh_is_answered_and_then_one_counts_for_all() {
        let kept = Kept::default();
        assert_eq!(kept.answer(&after(0), None), None);
        kept.keep(&after(0), None, MANY, &"first");

        assert_eq!(kept.answer(&after(249), None), Some("first"));
        assert_eq!(kept.answer(&after(250), None), None, "this one counts again");
        assert_eq!(kept.answer(&after(251), None), Some("first"), "the others do not");
        kept.keep(&after(250), None, MANY, &"second");
        assert_eq!(kept.answer(&after(300), None), Some("second"));
        assert_eq!(kept.answer(&after(9000), None), None, "it is too old, even while somebody counts");
    }

    #[test]
    fn few_hits_another_page_and_a_clock_that_was_put_back_are_counted() {
        let kept = Kept::default();
        let page = Some(SearchPage::First { limit: 10 });
        kept.keep(&after(0), page, MANY - 1, &"few");
        assert_eq!(kept.answer(&after(1), page), None);
        kept.keep(&after(10), page, MANY, &"many");

        assert_eq!(kept.answer(&after(11), page), Some("many"));
        assert_eq!(kept.answer(&after(11), Some(SearchPage::First { limit: 11 })), None);
        assert_eq!(kept.answer(&after(9), page), None);
    }

    #[test]
    fn no_more_than_some_are_kept() {
        let kept = Kept::default();
        for limit in 0..10 * MOST {
            kept.keep(&after(0), Some(SearchPage::First { limit }), MANY, &limit);
        }

        assert_eq!(kept.0.lock().unwrap().len(), MOST);
    }
}
