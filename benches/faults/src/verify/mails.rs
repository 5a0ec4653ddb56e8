//! How many letters were written, and how many mails arrived.

use serde::Serialize;

use super::books::{Books, LetterStatus};

/// What people were written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MailCount {
    pub(crate) letters: usize,
    /// Letters that arrived.
    pub(crate) arrived: usize,
    /// Letters that arrived more than once: a process ended after one was taken and before that was noted.
    pub(crate) again: usize,
    /// Letters of which nobody knows whether they arrived, until they are sent again.
    pub(crate) under_way: usize,
}

impl MailCount {
    pub(super) fn of(books: &Books) -> Self {
        Self {
            letters: books.letters.len(),
            arrived: books.arrived.len(),
            again: books.arrived.values().filter(|times| **times > 1).count(),
            under_way: books.letters.iter().filter(|letter| letter.status == LetterStatus::Sending).count(),
        }
    }
}
