//! What the owner of an account wants to be called.

use std::fmt;
use std::sync::Arc;

use crate::domain::invalid::{Invalid, Lines, TextRule};

const DISPLAY_NAME: TextRule = TextRule { field: "displayName", max_chars: DisplayName::MAX_CHARS, lines: Lines::One };

/// What the owner of an account wants to be called: one line that shows something.
///
/// Not unique, and no proof of who somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayName(Arc<str>);

impl DisplayName {
    /// The longest that is accepted.
    pub const MAX_CHARS: usize = 60;

    /// Accepts a name; a text that shows nothing is `None`.
    ///
    /// # Errors
    ///
    /// [`Invalid`] names `displayName` and the bound.
    pub fn parse(text: &str) -> Result<Option<Self>, Invalid> {
        Ok(DISPLAY_NAME.parse_optional(Some(text))?.map(|name| Self(name.into())))
    }

    /// Wraps a stored name, which was accepted by the rules of its time.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as shared text.
    #[must_use]
    pub fn to_shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_that_shows_something() {
        let name = |text: &str| DisplayName::parse(text).map(|name| name.map(|name| name.to_string()));

        assert_eq!(name("  Ada Lovelace "), Ok(Some("Ada Lovelace".to_owned())));
        assert_eq!(name(" \u{3164}\u{200B} "), Ok(None));
        for wrong in ["a\nb", "a\u{202E}b", "a\u{0}b", &"x".repeat(61)] {
            assert_eq!(name(wrong).map_err(|invalid| invalid.field), Err("displayName"), "{wrong:?}");
        }
    }
}
