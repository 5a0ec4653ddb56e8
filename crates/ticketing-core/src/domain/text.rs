//! Which characters of a text are visible, and one form for texts that look alike.
//!
//! It uses the Unicode tables of ICU4X.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Characters that Unicode classes as letters or symbols, and fonts draw as nothing:
/// Braille without dots, a null notehead, blank hieroglyphs, the object replacement character.
const DRAWN_AS_NOTHING: [char; 5] = ['\u{2800}', '\u{1D159}', '\u{13441}', '\u{13442}', '\u{FFFC}'];

/// Whether a text contains anything visible.
///
/// White space, controls, fillers, joiners, variation selectors, tags and accents without a letter are invisible.
#[must_use]
pub fn is_visible(text: &str) -> bool {
    text.chars().any(is_drawn)
}

/// Whether a character is visible by itself.
pub(crate) fn is_drawn(c: char) -> bool {
    const DRAWN: GeneralCategoryGroup = GeneralCategoryGroup::Letter
        .union(GeneralCategoryGroup::Number)
        .union(GeneralCategoryGroup::Punctuation)
        .union(GeneralCategoryGroup::Symbol);
    DRAWN.contains(CodePointMapData::<GeneralCategory>::new().get(c)) && !is_blank(c)
}

/// Whether a character is invisible, white space aside.
pub(crate) fn is_blank(c: char) -> bool {
    DRAWN_AS_NOTHING.contains(&c) || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// The composed form (NFC) of a text: one text for all that are canonically equivalent.
pub(crate) fn composed(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// The compatible form (NFKC) of a text: one text for all widths and ligatures, too.
pub(crate) fn compatible(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfkc().normalize(text)
}

/// Whether a character is a space other than U+0020.
pub(crate) fn is_foreign_space(c: char) -> bool {
    c != ' ' && CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::SpaceSeparator
}

/// A text as one line of at most `max_chars`, without control and invisible characters;
/// empty if nothing is visible. For texts that are not worth refusing.
pub(crate) fn shown(text: &str, max_chars: usize) -> String {
    let line: String = text.chars().filter(|c| !c.is_control() && !is_blank(*c)).take(max_chars).collect();
    if is_visible(&line) { line } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_nothing_that_is_drawn_is_not_visible() {
        for text in [
            "",
            " \t\r\n\u{A0}\u{3000}\u{2003}",
            "\u{200B}\u{200C}\u{200D}\u{2060}\u{FEFF}",
            "\u{3164}",
            "\u{115F}\u{1160}\u{FFA0}",
            "\u{2800}\u{2800}",
            "\u{301}\u{301}",
            "\u{FE0F}\u{E0100}",
            "\u{E0067}\u{E0062}\u{E007F}",
            "\u{AD}\u{34F}\u{17B4}\u{180E}",
            "\u{202E}\u{2066}\u{2069}",
            "\u{0}\u{1B}\u{7F}\u{85}",
            "\u{2028}\u{2029}",
            "\u{E000}\u{F0000}",
            "\u{FFFC}\u{1D159}\u{13441}",
        ] {
            assert!(!is_visible(text), "{text:?}");
        }
    }

    #[test]
    fn a_text_of_any_script_is_visible() {
        for text in ["a", "7", "?", "é", "e\u{301}", "世", "ن", "ह", "🎟\u{FE0F}", "€", "한", "\u{200B}a"] {
            assert!(is_visible(text), "{text:?}");
        }
    }

    #[test]
    fn what_a_device_calls_itself_is_one_line_that_can_be_seen() {
        assert_eq!(shown("Firefox\r\n\u{202E}Linux\u{3164}", 200), "FirefoxLinux");
        assert_eq!(shown(" \u{3164}\u{200B} ", 200), "");
        assert_eq!(shown("abc", 2), "ab");
    }
}
