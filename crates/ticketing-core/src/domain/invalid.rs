//! Why an input value was not accepted.

use std::borrow::Cow;
use std::fmt;

use super::text;

/// An invalid field, and what is expected of it.
///
/// `field` is the caller's name of it; `message` is a sentence for users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The field, as the caller spells it.
    pub field: &'static str,
    /// What is expected, without a full stop.
    pub message: String,
}

impl Invalid {
    /// A field and what is expected of it.
    #[must_use]
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.message)
    }
}

impl std::error::Error for Invalid {}

/// Every field of an input that was not accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WrongFields(pub Vec<Invalid>);

impl WrongFields {
    /// The value; errors are collected here.
    pub fn keep<T>(&mut self, parsed: Result<T, impl Into<Self>>) -> Option<T> {
        parsed.map_err(|wrong| self.0.extend(wrong.into().0)).ok()
    }

    /// The value, if no field was wrong.
    ///
    /// # Errors
    ///
    /// What was collected.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Self> {
        value.filter(|_| self.0.is_empty()).ok_or(self)
    }
}

impl From<Invalid> for WrongFields {
    fn from(invalid: Invalid) -> Self {
        Self(vec![invalid])
    }
}

impl fmt::Display for WrongFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, invalid) in self.0.iter().enumerate() {
            write!(f, "{}{invalid}", if at == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for WrongFields {}

/// The bounds of a text field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextRule {
    pub(crate) field: &'static str,
    pub(crate) max_chars: usize,
    pub(crate) lines: Lines,
}

/// Whether a text may run over several lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    One,
    Many,
}

impl TextRule {
    /// Trims and composes the text, writes each line break as `\n`, and accepts it if it is visible,
    /// not too long and free of control characters.
    pub(crate) fn parse(self, text: &str) -> Result<String, Invalid> {
        let plain = with_plain_breaks(text.trim());
        let text = text::composed(&plain);
        if !text::is_visible(&text) {
            return Err(Invalid::new(self.field, "must not be empty"));
        }
        // Composing may lengthen a text; the typed length counts.
        if text.chars().count().min(plain.chars().count()) > self.max_chars {
            return Err(Invalid::new(self.field, format!("must be at most {} characters long", self.max_chars)));
        }
        if text.chars().any(|c| self.forbids(c)) {
            return Err(Invalid::new(self.field, "must not contain control characters"));
        }
        Ok(text.into_owned())
    }

    /// As [`TextRule::parse`], but accepts the stored text unchanged: it may be older than the rule.
    pub(crate) fn parse_over(self, text: &str, old: Option<&str>) -> Result<String, Invalid> {
        match old.filter(|old| plain(old) == plain(text)) {
            Some(old) => self.parse(text).or_else(|_| Ok(old.to_owned())),
            None => self.parse(text),
        }
    }

    /// As [`TextRule::parse_optional`], but accepts the stored text unchanged.
    pub(crate) fn parse_optional_over(self, text: Option<&str>, old: Option<&str>) -> Result<Option<String>, Invalid> {
        match (text, old) {
            (Some(text), Some(old)) if plain(old) == plain(text) => self.parse_over(text, Some(old)).map(Some),
            _ => self.parse_optional(text),
        }
    }

    /// An absent or invisible text is `None`; otherwise as [`TextRule::parse`].
    pub(crate) fn parse_optional(self, text: Option<&str>) -> Result<Option<String>, Invalid> {
        match text {
            Some(text) if text::is_visible(text) => self.parse(text).map(Some),
            Some(_) | None => Ok(None),
        }
    }

    fn forbids(self, c: char) -> bool {
        let breaks_a_line = matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}');
        // Bidirectional overrides could disguise a title as another.
        let overrides_direction = matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        overrides_direction || ((c.is_control() || breaks_a_line) && !(self.lines == Lines::Many && breaks_a_line))
    }
}

/// A text as a form submits it.
fn plain(text: &str) -> String {
    text::composed(&with_plain_breaks(text.trim())).into_owned()
}

/// A browser sends a line break as two characters and counts it as one.
fn with_plain_breaks(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TITLE: TextRule = TextRule { field: "title", max_chars: 5, lines: Lines::One };

    #[test]
    fn a_text_is_trimmed_and_bounded() {
        assert_eq!(TITLE.parse("  añb  ").as_deref(), Ok("añb"));
        assert_eq!(TITLE.parse("   "), Err(Invalid::new("title", "must not be empty")));
        assert!(TITLE.parse("sixsix").is_err());
        assert!(TITLE.parse("a\u{0}b").is_err());
        assert!(TITLE.parse("a\nb").is_err());
        assert!(TITLE.parse("a\u{2028}b").is_err());
        assert!(TITLE.parse("a\u{202E}b").is_err());
        assert_eq!(TITLE.parse_optional(Some("  ")), Ok(None));
    }

    #[test]
    fn what_nobody_can_see_is_no_text() {
        for text in ["\u{3164}", " \u{200B}\u{2800}", "\u{301}", "\u{FE0F}", "\u{E0067}", "\u{200E}\n"] {
            assert_eq!(TITLE.parse(text), Err(Invalid::new("title", "must not be empty")), "{text:?}");
            assert_eq!(TITLE.parse_optional(Some(text)), Ok(None), "{text:?}");
        }
    }

    #[test]
    fn a_text_that_is_kept_may_stay_though_a_rule_forbids_it_by_now() {
        for old in ["a\u{2028}b", "\u{3164}", "a\u{202E}b", "e\u{301}\u{0}", "much too long"] {
            assert!(TITLE.parse(old).is_err(), "{old:?}");
            assert_eq!(TITLE.parse_over(&format!(" {old} "), Some(old)).as_deref(), Ok(old));
            assert!(TITLE.parse_over(old, Some("other")).is_err() && TITLE.parse_over(old, None).is_err(), "{old:?}");
            assert_eq!(TITLE.parse_optional_over(Some(old), Some(old)), Ok(Some(old.to_owned())));
            assert_eq!(TITLE.parse_optional_over(None, Some(old)), Ok(None));
        }
        assert_eq!(
            TITLE.parse_over("Cafe\u{301}", Some("Cafe\u{301}")).as_deref(),
            Ok("Café"),
            "what may be corrected is"
        );
    }

    #[test]
    fn two_spellings_of_a_text_are_one() {
        assert_eq!(TITLE.parse("Cafe\u{301}s"), TITLE.parse("Cafés"));
    }

    #[test]
    fn a_line_break_counts_once_however_it_is_written() {
        let lines = TextRule { field: "description", max_chars: 5, lines: Lines::Many };

        for written in ["a\nb\nc", "a\r\nb\r\nc", "a\rb\rc", "\r\na\r\nb\rc\r\n"] {
            assert_eq!(lines.parse(written).as_deref(), Ok("a\nb\nc"), "{written:?}");
        }
        assert_eq!(lines.parse("a\n\r\nb").as_deref(), Ok("a\n\nb"));
        assert!(lines.parse("a\r\nb\r\ncd").is_err());
        assert!(TITLE.parse("a\r\nb").is_err());
    }
}
