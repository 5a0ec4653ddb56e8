//! The terms by which a text is found, and those of a question: one analyser for both.

use std::collections::BTreeSet;

use crate::domain::text::composed;

use super::fold::folded;
use super::pieces::{Chunk, Writing, chunks, is_symbol, segments};

/// The most words that a question looks for.
pub const MOST_WORDS: usize = 8;

/// The most characters of a word; what is longer is found by its beginning.
pub const LONGEST_WORD: usize = 40;

/// A word is looked for by its beginning up to so many characters; see [`beginnings`].
pub const LONGEST_BEGINNING: usize = 4;

/// The fewest letters of a word in which an error is looked for.
pub const FEWEST_TO_CORRECT: usize = 5;

/// Everything by which a text is found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextTerms {
    /// Its words, each in every form in which people look for it: joined, apart, with `ae` for `ä`.
    pub words: BTreeSet<String>,
    /// Each character of a run without spaces, and each with the one behind it, by their place in the text.
    pub grams: Vec<Gram>,
    /// What it has that is neither a letter nor a digit and stands by itself.
    pub signs: BTreeSet<String>,
    /// All of it as one text.
    pub whole: String,
}

/// One or two characters of a run without spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gram {
    /// Counts the characters of runs before it; two runs never touch.
    pub place: u32,
    /// The characters.
    pub text: String,
}

/// What a question looks for: all of it must be there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Its words, at most [`MOST_WORDS`], in the order in which they were typed.
    pub words: Vec<WantedWord>,
    /// Signs that stand by themselves; only if there is no word.
    pub signs: Vec<String>,
    /// All of it as one text, to compare with [`TextTerms::whole`].
    pub whole: String,
}

/// A word of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WantedWord {
    /// A word as it is spelled: one of the forms is there.
    Spelled {
        /// As it was typed, then joined with its neighbours.
        forms: Vec<String>,
        /// Whether it may be the beginning of a longer word: the last one of a question.
        is_beginning: bool,
    },
    /// A run without spaces: it is there, character by character.
    Run(String),
}

impl TextTerms {
    /// Adds the terms of another text; nothing of the two touches.
    pub fn add(&mut self, other: Self) {
        let behind = self.grams.last().map_or(0, |gram| gram.place + 2);
        self.words.extend(other.words);
        self.signs.extend(other.signs);
        self.grams.extend(other.grams.into_iter().map(|gram| Gram { place: gram.place + behind, ..gram }));
        self.whole = [&*self.whole, " ", &other.whole].concat().trim().to_owned();
    }

    /// Whether a run stands there, character by character.
    #[must_use]
    pub fn have_run(&self, run: &str) -> bool {
        let wanted = grams_of(run);
        let is_there = |place: u32| {
            wanted
                .iter()
                .zip(place..)
                .all(|(text, place)| self.grams.iter().any(|gram| gram.place == place && gram.text == *text))
        };
        self.grams.iter().any(|gram| wanted.first() == Some(&gram.text) && is_there(gram.place))
    }
}

/// The grams that stand in a row where a run is: pairs of its characters, or its only one.
///
/// # Examples
///
/// ```
/// assert_eq!(ticketing_core::domain::search::grams_of("東京都"), ["東京", "京都"]);
/// assert_eq!(ticketing_core::domain::search::grams_of("歌"), ["歌"]);
/// ```
#[must_use]
pub fn grams_of(run: &str) -> Vec<String> {
    let letters: Vec<char> = run.chars().collect();
    if letters.len() < 2 {
        vec![run.to_owned()]
    } else {
        letters.windows(2).map(|pair| pair.iter().collect()).collect()
    }
}

impl Wanted {
    /// Whether it looks for nothing in particular.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.signs.is_empty()
    }

    /// The same, whose last word is a whole word too.
    pub(super) fn in_whole_words(mut self) -> Self {
        for word in &mut self.words {
            if let WantedWord::Spelled { is_beginning, .. } = word {
                *is_beginning = false;
            }
        }
        self
    }
}

/// The terms of a text.
///
/// # Examples
///
/// ```
/// use ticketing_core::domain::search::{WantedWord, text_terms, wanted};
///
/// let title = text_terms("Hip-Hop à l’Opéra");
/// for word in ["hip", "hop", "hiphop", "opera", "lopera"] {
///     assert!(title.words.contains(word), "{word}");
/// }
///
/// let question = wanted("OPÉRA hipho");
/// let WantedWord::Spelled { forms, is_beginning } = &question.words[1] else { panic!() };
/// assert_eq!((forms[0].as_str(), *is_beginning), ("hipho", true));
/// ```
#[must_use]
pub fn text_terms(text: &str) -> TextTerms {
    let folded = folded(text);
    let chunks = chunks(&folded);
    let mut terms = TextTerms { whole: whole(&chunks), ..TextTerms::default() };
    add_words(&mut terms.words, &chunks);
    add_grams(&mut terms.grams, &chunks);
    add_signs(&mut terms.signs, &chunks);
    if let Some(text) = spelled_out(text) {
        add_words(&mut terms.words, &self::chunks(&self::folded(&text)));
    }
    terms
}

/// What a question looks for.
#[must_use]
pub fn wanted(question: &str) -> Wanted {
    let folded = folded(question);
    let chunks = chunks(&folded);
    let mut words = wanted_words(&chunks);
    if let Some(WantedWord::Spelled { is_beginning, .. }) = words.last_mut() {
        *is_beginning = true;
    }
    keep_longest(&mut words);
    let signs = if words.is_empty() { standing_alone(&chunks).take(MOST_WORDS).collect() } else { BTreeSet::new() };
    Wanted { words, signs: signs.into_iter().collect(), whole: whole(&chunks) }
}

/// The beginnings by which a short question finds a word.
pub fn beginnings(word: &str) -> impl Iterator<Item = &str> {
    word.char_indices().take(LONGEST_BEGINNING).filter_map(|(at, c)| word.get(..at + c.len_utf8()))
}

/// A word as it is compared.
fn cut(word: &str) -> String {
    word.chars().take(LONGEST_WORD).collect()
}

/// A text with two letters for one where that is usual: `ae` for `ä`.
fn spelled_out(text: &str) -> Option<String> {
    let text = composed(text);
    let spelled = |c: char| match c {
        'ä' | 'Ä' => "ae",
        'ö' | 'Ö' | 'ø' | 'Ø' => "oe",
        'ü' | 'Ü' => "ue",
        'å' | 'Å' => "aa",
        _ => "",
    };
    let is_spelled = |c: char| !spelled(c).is_empty();
    let replaced = |c: char| if is_spelled(c) { spelled(c).to_owned() } else { c.to_string() };
    text.contains(is_spelled).then(|| text.chars().map(replaced).collect())
}

fn add_words(words: &mut BTreeSet<String>, chunks: &[Chunk<'_>]) {
    for chunk in chunks {
        match chunk {
            Chunk::Word(compound) => {
                words.extend(compound.parts.iter().map(|part| cut(part)));
                words.insert(cut(&compound.joined()));
            }
            Chunk::Run(run, Writing::Hangul) => drop(words.insert(cut(run))),
            Chunk::Run(run, Writing::Unspaced) => words.extend(segments(run).into_iter().map(cut)),
            Chunk::Signs(_) | Chunk::Attached(_) | Chunk::Gap => {}
        }
    }
}

fn add_grams(grams: &mut Vec<Gram>, chunks: &[Chunk<'_>]) {
    let mut place = 0;
    let mut touches = false;
    for chunk in chunks {
        let Chunk::Run(run, _) = chunk else {
            // Nobody finds two runs as one that do not touch.
            place += u32::from(touches);
            touches = false;
            continue;
        };
        touches = true;
        let letters: Vec<char> = run.chars().collect();
        for (at, letter) in letters.iter().enumerate() {
            grams.push(Gram { place, text: letter.to_string() });
            grams.extend(letters.get(at + 1).map(|next| Gram { place, text: [*letter, *next].iter().collect() }));
            place += 1;
        }
    }
}

/// The signs of a text that stand by themselves, and every symbol.
fn add_signs(signs: &mut BTreeSet<String>, chunks: &[Chunk<'_>]) {
    signs.extend(standing_alone(chunks));
    for chunk in chunks {
        let (Chunk::Signs(all) | Chunk::Attached(all)) = chunk else { continue };
        signs.extend(all.chars().filter(|c| is_symbol(*c)).map(String::from));
    }
}

fn standing_alone(chunks: &[Chunk<'_>]) -> impl Iterator<Item = String> {
    chunks.iter().filter_map(|chunk| match chunk {
        Chunk::Signs(signs) => Some(cut(signs)),
        Chunk::Word(_) | Chunk::Run(..) | Chunk::Attached(_) | Chunk::Gap => None,
    })
}

/// The words of a text with a space between them; its signs if it has no words.
fn whole(chunks: &[Chunk<'_>]) -> String {
    let word = |chunk: &Chunk<'_>| match chunk {
        Chunk::Word(compound) => Some(compound.joined()),
        Chunk::Run(run, _) => Some((*run).to_owned()),
        Chunk::Signs(_) | Chunk::Attached(_) | Chunk::Gap => None,
    };
    let words: Vec<String> = chunks.iter().filter_map(word).collect();
    if words.is_empty() { standing_alone(chunks).collect::<Vec<_>>().join(" ") } else { words.join(" ") }
}

/// Each word of a question with what it may be joined to.
fn wanted_words(chunks: &[Chunk<'_>]) -> Vec<WantedWord> {
    let mut wanted = Vec::new();
    let mut parts: Vec<Part<'_>> = Vec::new();
    for chunk in chunks {
        match chunk {
            Chunk::Word(compound) => parts.extend(compound.parts.iter().map(|text| Part {
                text,
                joined: compound.joined(),
                is_wanted: !compound.may_miss(text),
            })),
            Chunk::Run(run, writing) => {
                wanted.extend(spelled(&std::mem::take(&mut parts)));
                wanted.extend(wanted_runs(run, *writing).into_iter().map(WantedWord::Run));
            }
            Chunk::Signs(_) | Chunk::Attached(_) | Chunk::Gap => {}
        }
    }
    wanted.extend(spelled(&parts));
    without_particles(without_repetitions(wanted))
}

/// A word of a question among its neighbours.
struct Part<'a> {
    text: &'a str,
    /// With all that signs hold to it.
    joined: String,
    is_wanted: bool,
}

fn spelled(parts: &[Part<'_>]) -> Vec<WantedWord> {
    let pair = |one: usize| Some([parts.get(one)?.text, parts.get(one + 1)?.text].concat());
    let forms = |(at, part): (usize, &Part<'_>)| {
        let others = [Some(part.joined.clone()), at.checked_sub(1).and_then(pair), pair(at)];
        let mut forms = vec![cut(part.text)];
        for form in others.into_iter().flatten().map(|form| cut(&form)) {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
        WantedWord::Spelled { forms, is_beginning: false }
    };
    parts.iter().enumerate().filter(|(_, part)| part.is_wanted).map(forms).collect()
}

/// What of a run must stand together: its words, but single characters with their neighbours.
fn wanted_runs(run: &str, writing: Writing) -> Vec<String> {
    if writing == Writing::Hangul {
        return vec![cut(run)];
    }
    let mut runs: Vec<String> = Vec::new();
    let mut was_single = false;
    for segment in segments(run) {
        let is_single = segment.chars().nth(1).is_none();
        match runs.last_mut() {
            Some(last) if is_single && was_single => last.push_str(segment),
            Some(_) | None => runs.push(cut(segment)),
        }
        was_single = is_single;
    }
    runs
}

/// A single letter of Hiragana is a particle where there are other words.
fn without_particles(mut words: Vec<WantedWord>) -> Vec<WantedWord> {
    let is_particle = |word: &WantedWord| match word {
        WantedWord::Run(run) => {
            let mut letters = run.chars();
            matches!((letters.next(), letters.next()), (Some('\u{3041}'..='\u{3096}'), None))
        }
        WantedWord::Spelled { .. } => false,
    };
    if words.iter().any(|word| !is_particle(word)) {
        words.retain(|word| !is_particle(word));
    }
    words
}

fn without_repetitions(words: Vec<WantedWord>) -> Vec<WantedWord> {
    let mut known = BTreeSet::new();
    let mut last: Vec<WantedWord> = Vec::new();
    // Of equal words the last stays: it may be a beginning.
    for word in words.into_iter().rev() {
        if known.insert(word.typed().to_owned()) {
            last.push(word);
        }
    }
    last.reverse();
    last
}

impl WantedWord {
    /// As it was typed.
    #[must_use]
    pub fn typed(&self) -> &str {
        match self {
            Self::Spelled { forms, .. } => forms.first().map_or("", String::as_str),
            Self::Run(run) => run,
        }
    }
}

/// Of too many words the longest are looked for: they distinguish texts best.
fn keep_longest(words: &mut Vec<WantedWord>) {
    while words.len() > MOST_WORDS {
        let shortest = (0..words.len()).min_by_key(|at| words.get(*at).map(|word| word.typed().chars().count()));
        shortest.into_iter().for_each(|at| drop(words.remove(at)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text_terms(text).words.into_iter().collect()
    }

    fn asked(question: &str) -> Vec<Vec<String>> {
        let forms = |word| match word {
            WantedWord::Spelled { forms, .. } => forms,
            WantedWord::Run(run) => vec![format!("run {run}")],
        };
        wanted(question).words.into_iter().map(forms).collect()
    }

    #[test]
    fn a_text_has_its_words_joined_and_apart() {
        assert_eq!(words("Hip-Hop"), ["hip", "hiphop", "hop"]);
        assert_eq!(words("Don't AC/DC R&B"), ["ac", "acdc", "b", "dc", "don", "dont", "r", "rb", "t"]);
        assert_eq!(words("S.T.A.R."), ["a", "r", "s", "star", "t"]);
        assert_eq!(words("Müller"), ["mueller", "muller"]);
        assert_eq!(words("one - two"), ["one", "two"]);
    }

    #[test]
    fn a_question_takes_its_words_joined_and_apart() {
        assert_eq!(asked("hip hop"), [["hip", "hiphop"], ["hop", "hiphop"]]);
        assert_eq!(asked("hip-hop"), [["hip", "hiphop"], ["hop", "hiphop"]]);
        assert_eq!(asked("l'opera"), [["opera", "lopera"]]);
        assert_eq!(asked("Schindler's"), [["schindler", "schindlers"]]);
        assert_eq!(asked("opera opera"), [["opera", "operaopera"]]);
    }

    #[test]
    fn only_the_last_word_may_be_a_beginning() {
        let beginnings: Vec<bool> = wanted("one two thr").words.iter().map(is_beginning).collect();
        assert_eq!(beginnings, [false, false, true]);
    }

    fn is_beginning(word: &WantedWord) -> bool {
        matches!(word, WantedWord::Spelled { is_beginning: true, .. })
    }

    #[test]
    fn signs_are_looked_for_only_without_words() {
        assert_eq!(wanted("!!!").signs, ["!!!"]);
        assert_eq!(wanted("Opera!").signs, [""; 0]);
        assert!(text_terms("!!! live").signs.contains("!!!"));
        assert!(!text_terms("Opera!").signs.contains("!"));
        assert!(text_terms("🎭Opera").signs.contains("🎭"));
        assert!(wanted(" \u{200B} ").is_empty());
    }

    #[test]
    fn runs_are_looked_for_word_by_word() {
        assert_eq!(asked("東京の歌"), [["run 東京"], ["run 歌"]]);
        assert_eq!(asked("서울에서"), [["run 서울에서"]]);
        let grams = text_terms("東京都 歌").grams;
        let of = |place| grams.iter().filter(|gram| gram.place == place).map(|gram| &*gram.text).collect::<Vec<_>>();
        assert_eq!([of(0), of(1), of(2)], [vec!["東", "東京"], vec!["京", "京都"], vec!["都"]]);
        assert_eq!(grams.last().map(|gram| (gram.place, &*gram.text)), Some((4, "歌")));
    }

    #[test]
    fn a_question_is_bounded() {
        let long = wanted(&"x".repeat(1000));
        assert_eq!(asked(&long.whole), [["x".repeat(LONGEST_WORD)]]);
        let many: String = (0..100).map(|n| format!("word{n} ")).collect();
        assert_eq!(wanted(&many).words.len(), MOST_WORDS);
    }

    #[test]
    fn the_whole_is_the_same_however_it_is_joined() {
        assert_eq!(wanted("hip hop").whole, "hip hop");
        assert_eq!(text_terms("AC/DC live!").whole, wanted("acdc Live").whole);
        assert_eq!(text_terms("÷").whole, wanted("÷").whole);
    }

    #[test]
    fn short_questions_find_the_beginnings_of_words() {
        assert_eq!(beginnings("öper").collect::<Vec<_>>(), ["ö", "öp", "öpe", "öper"]);
        assert_eq!(beginnings("ab").collect::<Vec<_>>(), ["a", "ab"]);
    }
}
