//! What a text is made of: words, runs of scripts without spaces, and signs.

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup, Script};
use icu_segmenter::WordSegmenter;
use icu_segmenter::options::WordBreakInvariantOptions;

use crate::domain::text::is_drawn;

use super::fold::{APOSTROPHE, is_mark};

/// A part of a folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'a> {
    /// Letters and digits of scripts that part their words.
    Word(&'a str),
    /// A run of a script that does not, or not where people search: Chinese, Japanese, Thai, Korean.
    Run(&'a str, Writing),
    /// Drawn characters that are neither.
    Signs(&'a str),
    /// Anything else.
    Gap,
}

/// How a run is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    /// Words follow each other without a space.
    Unspaced,
    /// Endings stick to words: what one looks for is the beginning of what stands there.
    Hangul,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Word,
    Han,
    Kana,
    SouthEast,
    Hangul,
    Sign,
    Gap,
}

/// The parts of a folded text, in order.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut start, mut of) = (0, None);
    for (at, c) in text.char_indices() {
        let class = class(c, of);
        if of.is_some_and(|of| of != class) {
            pieces.extend(piece(text.get(start..at), of));
            start = at;
        }
        of = Some(class);
    }
    pieces.extend(piece(text.get(start..), of));
    pieces
}

fn piece(text: Option<&str>, class: Option<Class>) -> Option<Piece<'_>> {
    let text = text.filter(|text| !text.is_empty())?;
    Some(match class? {
        Class::Word => Piece::Word(text),
        Class::Han | Class::Kana | Class::SouthEast => Piece::Run(text, Writing::Unspaced),
        Class::Hangul => Piece::Run(text, Writing::Hangul),
        Class::Sign => Piece::Signs(text),
        Class::Gap => Piece::Gap,
    })
}

fn class(c: char, before: Option<Class>) -> Class {
    if c.is_ascii() {
        return match c {
            _ if c.is_ascii_alphanumeric() => Class::Word,
            _ if c.is_ascii_graphic() => Class::Sign,
            _ => Class::Gap,
        };
    }
    // The sign that prolongs a vowel is of no script.
    if is_mark(c) || c == 'ー' {
        return before.filter(|before| !matches!(before, Class::Gap | Class::Sign)).unwrap_or(Class::Gap);
    }
    if c.is_alphanumeric() || c == '々' {
        return of_script(CodePointMapData::<Script>::new().get(c));
    }
    if is_drawn(c) { Class::Sign } else { Class::Gap }
}

const fn of_script(script: Script) -> Class {
    match script {
        Script::Han => Class::Han,
        Script::Hiragana | Script::Katakana => Class::Kana,
        Script::Hangul => Class::Hangul,
        Script::Thai | Script::Lao | Script::Khmer | Script::Myanmar => Class::SouthEast,
        _ => Class::Word,
    }
}

/// Whether a sign holds two words together, as in `hip-hop`, `O'Connor` and `AC/DC`.
fn joins(signs: &str) -> bool {
    let mut signs = signs.chars();
    let (first, second) = (signs.next(), signs.next());
    second.is_none() && first.is_some_and(|c| c == APOSTROPHE || "-.&/_·\u{2010}\u{2011}\u{5BE}".contains(c))
}

/// Whether a character is a symbol by itself, such as an emoji or a currency sign, and no punctuation.
pub(super) fn is_symbol(c: char) -> bool {
    GeneralCategoryGroup::Symbol.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

/// A part of a text as it is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Chunk<'a> {
    /// A word, or words that signs hold together.
    Word(Compound<'a>),
    /// A run of a script without spaces.
    Run(&'a str, Writing),
    /// Signs that stand by themselves.
    Signs(&'a str),
    /// Signs beside a word.
    Attached(&'a str),
    /// Anything else.
    Gap,
}

/// Words that signs hold together, or one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Compound<'a> {
    pub(super) parts: Vec<&'a str>,
    /// Whether one of the signs is an apostrophe.
    pub(super) is_shortened: bool,
}

impl Compound<'_> {
    /// Its parts as one word.
    pub(super) fn joined(&self) -> String {
        self.parts.concat()
    }

    /// Whether a part need not be there by itself: a shortened word, as in `l'opéra` and `Schindler's`.
    pub(super) fn may_miss(&self, part: &str) -> bool {
        let is_short = |part: &str| part.chars().nth(2).is_none();
        self.is_shortened && is_short(part) && self.parts.iter().any(|part| !is_short(part))
    }
}

/// The parts of a folded text, its words put together where signs do.
pub(super) fn chunks(text: &str) -> Vec<Chunk<'_>> {
    let pieces = pieces(text);
    let mut chunks = Vec::new();
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        let is_alone = matches!(chunks.last(), None | Some(Chunk::Gap));
        at += 1;
        chunks.push(match piece {
            Piece::Word(word) => Chunk::Word(compound(word, &pieces, &mut at)),
            Piece::Run(run, writing) => Chunk::Run(run, *writing),
            Piece::Signs(signs) if is_alone && matches!(pieces.get(at), None | Some(Piece::Gap)) => Chunk::Signs(signs),
            Piece::Signs(signs) => Chunk::Attached(signs),
            Piece::Gap => Chunk::Gap,
        });
    }
    chunks
}

/// A word with all that is held to it.
fn compound<'a>(word: &'a str, pieces: &[Piece<'a>], at: &mut usize) -> Compound<'a> {
    let mut compound = Compound { parts: vec![word], is_shortened: false };
    while let (Some(Piece::Signs(signs)), Some(Piece::Word(next))) = (pieces.get(*at), pieces.get(*at + 1)) {
        if !joins(signs) {
            break;
        }
        compound.parts.push(next);
        compound.is_shortened |= signs.starts_with(APOSTROPHE);
        *at += 2;
    }
    compound
}

/// The words of a run without spaces, by the dictionaries of ICU4X.
pub(super) fn segments(run: &str) -> Vec<&str> {
    let segmenter = WordSegmenter::new_dictionary(WordBreakInvariantOptions::default());
    let breaks: Vec<usize> = segmenter.segment_str(run).collect();
    breaks.windows(2).filter_map(|pair| run.get(*pair.first()?..*pair.last()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_the_writing_changes() {
        use Piece::{Gap, Run, Signs, Word};
        assert_eq!(pieces("hip-hop 2024"), [Word("hip"), Signs("-"), Word("hop"), Gap, Word("2024")]);
        assert_eq!(
            pieces("東京の2024年!"),
            [
                Run("東京", Writing::Unspaced),
                Run("の", Writing::Unspaced),
                Word("2024"),
                Run("年", Writing::Unspaced),
                Signs("!")
            ]
        );
        assert_eq!(pieces("서울 🎭"), [Run("서울", Writing::Hangul), Gap, Signs("🎭")]);
        assert_eq!(pieces("こんさーと"), [Run("こんさーと", Writing::Unspaced)]);
        assert_eq!(pieces("हिन्दी"), [Word("हिन्दी")]);
        assert_eq!(pieces(""), []);
    }

    #[test]
    fn words_without_spaces_are_told_apart() {
        assert_eq!(segments("東京都"), ["東京", "都"]);
        assert_eq!(segments("คอนเสิร์ตกรุงเทพ").concat(), "คอนเสิร์ตกรุงเทพ");
        assert!(segments("คอนเสิร์ตกรุงเทพ").len() > 1);
    }
}
