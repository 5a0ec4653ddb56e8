//! Records that a test makes unreadable.

use std::fmt;

use ticketing_core::ports::unreadable::Unreadable;

/// What has no bytes that could be wrong is unreadable because it was said to be.
pub(crate) fn unreadable(collection: &'static str, key: &impl fmt::Display) -> Unreadable {
    Unreadable { collection, id: key.to_string(), what: "what it should not".to_owned() }
}
