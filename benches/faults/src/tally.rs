//! Counts answers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

/// How something was answered: a status with the code of a problem, or why there was no answer.
pub(crate) type Said = Cow<'static, str>;

/// How often each answer was given to each kind of request.
pub(crate) type Answers = BTreeMap<&'static str, BTreeMap<Said, u64>>;

/// Counts answers. A clone counts the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally(Arc<Mutex<Answers>>);

impl Tally {
    /// Counts an answer.
    pub(crate) fn count(&self, what: &'static str, said: Said) {
        let mut answers = self.0.lock();
        *answers.entry(what).or_default().entry(said).or_default() += 1;
    }

    /// What was counted so far.
    pub(crate) fn answers(&self) -> Answers {
        self.0.lock().clone()
    }
}
