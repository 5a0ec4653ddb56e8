//! One form for letters that people take for each other when they search.
//!
//! The form is for comparing and is never shown: case, accents, width, ligatures, the final sigma, the Turkish i,
//! Hiragana and Katakana, digits of other scripts and the variants of Arabic letters make no difference.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

use crate::domain::text::{compatible, is_blank};

/// The apostrophe that stands for all of them, and for what people type in its place.
pub(super) const APOSTROPHE: char = '\'';

/// Marks of letters, by script, that people leave out: accents, and the vowels of Hebrew and Arabic.
///
/// Not those of Indic scripts, Thai or Kana, where another mark makes another word.
const ACCENTS: [std::ops::RangeInclusive<char>; 8] = [
    '\u{300}'..='\u{36F}',
    '\u{483}'..='\u{487}',
    '\u{591}'..='\u{5C7}',
    '\u{610}'..='\u{61A}',
    '\u{64B}'..='\u{65F}',
    '\u{670}'..='\u{670}',
    '\u{6D6}'..='\u{6ED}',
    '\u{1DC0}'..='\u{1DFF}',
];

/// The zeros of scripts with digits of their own.
const ZEROS: [char; 15] = [
    '\u{660}', '\u{6F0}', '\u{966}', '\u{9E6}', '\u{A66}', '\u{AE6}', '\u{B66}', '\u{BE6}', '\u{C66}', '\u{CE6}',
    '\u{D66}', '\u{E50}', '\u{ED0}', '\u{F20}', '\u{1040}',
];

/// A text as it is compared.
pub(super) fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase().replace('`', "'");
    }
    let plain: String = text.chars().filter_map(plain).collect();
    // Upper case joins what has one capital, such as the two forms of sigma; the first step is for `ẞ`.
    let folded: String = compatible(&plain)
        .chars()
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect();
    let bare = DecomposingNormalizerBorrowed::new_nfd().normalize(&folded).chars().filter(|c| !is_accent(*c)).fold(
        String::with_capacity(folded.len()),
        |mut bare, c| {
            push_alike(&mut bare, c);
            bare
        },
    );
    ComposingNormalizerBorrowed::new_nfc().normalize(&bare).into_owned()
}

/// A character before compatibility would turn it into something else; none for what is not drawn, and for marks of
/// trade that belong to no name.
fn plain(c: char) -> Option<char> {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201B}' | '\u{2BC}' | '\u{2B9}' | '\u{2032}' | '\u{B4}' | '`' | '\u{FF07}'
        | '\u{5F3}' | '\u{5F4}' => Some(APOSTROPHE),
        '™' | '®' | '©' | '℠' | '\u{640}' => None,
        _ if is_blank(c) => None,
        _ => Some(c),
    }
}

fn is_accent(c: char) -> bool {
    ACCENTS.iter().any(|range| range.contains(&c)) && is_mark(c)
}

/// Whether a character belongs to the letter before it.
pub(super) fn is_mark(c: char) -> bool {
    !c.is_ascii()
        && matches!(
            CodePointMapData::<GeneralCategory>::new().get(c),
            GeneralCategory::NonspacingMark | GeneralCategory::SpacingMark | GeneralCategory::EnclosingMark
        )
}

/// Adds what a letter without a decomposition is taken for.
fn push_alike(bare: &mut String, c: char) {
    let alike = match c {
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'ħ' => "h",
        'ŧ' => "t",
        'ŋ' => "n",
        'ı' => "i",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        // What compatibility makes of `ŉ`.
        '\u{2BC}' => "'",
        // Alif with a hook, alif maqsura and the Persian letters, ta marbuta.
        '\u{671}' => "\u{627}",
        '\u{649}' | '\u{6CC}' => "\u{64A}",
        '\u{6A9}' => "\u{643}",
        '\u{629}' => "\u{647}",
        _ => return bare.push(in_hiragana(digit(c))),
    };
    bare.push_str(alike);
}

fn digit(c: char) -> char {
    let value = |zero: &char| u32::from(c).checked_sub(u32::from(*zero)).filter(|value| *value < 10);
    let value = if c < '\u{660}' { None } else { ZEROS.iter().find_map(value) };
    value.and_then(|value| char::from_digit(value, 10)).unwrap_or(c)
}

fn in_hiragana(c: char) -> char {
    const SHIFT: u32 = 0x60;
    match c {
        '\u{30A1}'..='\u{30F6}' => char::from_u32(u32::from(c) - SHIFT).unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_text_have_one_form() {
        for (form, spellings) in [
            ("istanbul", &["İSTANBUL", "ISTANBUL", "ıstanbul", "istanbul", "I\u{307}stanbul"][..]),
            ("οδυσσευσ", &["ΟΔΥΣΣΕΥΣ", "Ὀδυσσεύς", "οδυσσεύς"]),
            ("strasse", &["Straße", "STRASSE", "STRAẞE"]),
            ("zauberflote", &["Zauberflöte", "ZAUBERFLO\u{308}TE", "ｚａｕｂｅｒｆｌöｔｅ"]),
            ("smorrebrod", &["Smørrebrød", "SMØRREBRØD"]),
            ("lodz", &["Łódź", "ŁÓDŹ", "łódz"]),
            ("finale", &["ﬁnale", "Finale"]),
            ("елка", &["Ёлка", "елка"]),
            ("こんさと", &["コンサト", "ｺﾝｻﾄ", "こんさと"]),
            ("がらす", &["ガラス", "ｶﾞﾗｽ", "か\u{3099}らす"]),
            ("احمد", &["أحمد", "اَحْمَد", "احمــد"]),
            ("שלום", &["שָׁלוֹם", "שלום"]),
            ("2024", &["２０２４", "٢٠٢٤", "२०२४"]),
            ("dont", &["Dont", "DONT™"]),
            ("d'or", &["d’or", "D´or", "dʼOr", "d`or"]),
            ("dang", &["Đặng", "dặng"]),
        ] {
            for spelling in spellings {
                assert_eq!(folded(spelling), form, "{spelling:?}");
            }
        }
    }

    #[test]
    fn marks_that_make_another_word_stay() {
        assert_ne!(folded("か"), folded("が"));
        assert_ne!(folded("कल"), folded("काल"));
        assert_ne!(folded("มา"), folded("ม้า"));
        assert_eq!(folded("서울"), "서울");
    }

    #[test]
    fn what_is_folded_is_folded_for_good() {
        for text in ["Ὀδυσσεύς", "ẞ™ﬁ", "ｶﾞﾗｽ", "Œuvre", "İıIi", "Ǆ ŉ ΐ", "각", "क्षत्रिय"]
        {
            let once = folded(text);
            assert_eq!(folded(&once), once, "{text:?}");
        }
    }
}
