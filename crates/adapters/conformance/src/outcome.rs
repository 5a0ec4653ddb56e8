//! What a rule found.

/// What a rule found. A promise that is broken panics instead, with the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a rule that does not apply must not pass for one that is kept"]
pub enum Outcome {
    /// The promise is kept.
    Kept,
    /// The rule does not apply, and why.
    NotClaimed(&'static str),
}

/// Ends a rule whose promise is broken.
#[expect(clippy::panic, reason = "rules panic by design")]
#[track_caller]
pub(crate) fn broken(what: &str) -> ! {
    panic!("broken: {what}")
}
