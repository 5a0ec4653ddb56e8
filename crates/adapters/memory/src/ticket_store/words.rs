//! Texts as words: what is indexed, and what is looked for.

use ticketing_core::domain::ticket::Details;

/// The distinct words of a ticket, each behind a space: one text, so that looking through it is fast.
#[derive(Debug, Default)]
pub(super) struct Words(Box<str>);

impl Words {
    pub(super) fn of(details: &Details) -> Self {
        let words: Vec<String> = details.words().iter().map(|word| beginning(word)).collect();
        Self(words.concat().into())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|word| !word.is_empty())
    }

    /// Whether one of the words begins like this, as [`beginning`] gives it.
    pub(super) fn have(&self, beginning: &str) -> bool {
        self.0.contains(beginning)
    }
}

/// What stands in front of the words that begin like this.
pub(super) fn beginning(prefix: &str) -> String {
    format!(" {prefix}")
}
