//! One concept, one word: the terms of `docs/glossary.md`.

use super::NONE;
use super::workspace::{Source, tree};

/// Former words of this project, and what they are called instead.
const FORMER: [(&str, &str); 5] = [
    ("census", "audit reader"),
    ("desk", "order batcher"),
    ("presence", "circuit breaker"),
    ("surroundings", "service context"),
    ("wish", "command"),
];

/// Words that are no plain English of today, and what to write instead; see the glossary's everyday words.
const UNUSUAL: [(&[&str], &str); 6] = [
    (&["anew"], "again"),
    (&["for", "ever"], "permanently, without end"),
    (&["mend"], "correct, fix"),
    (&["mended"], "corrected, fixed"),
    (&["mends"], "corrects, fixes"),
    (&["whoever"], "anybody who, the client"),
];

/// They say what was called what.
const EXEMPT: [&str; 4] =
    ["CHANGELOG.md", "docs/decisions/", "docs/glossary.md", "crates/ticketing-core/tests/it/architecture/words.rs"];

#[test]
fn no_former_word_is_used_again() {
    let texts = tree().texts();
    let checked = texts.iter().filter(|text| !EXEMPT.iter().any(|exempt| text.path.starts_with(exempt)));

    assert!(texts.iter().any(|text| text.path == "README.md"));
    assert_eq!(checked.flat_map(former).collect::<Vec<_>>(), NONE);
}

#[test]
fn words_are_plain_english() {
    let texts = tree().texts();
    let checked = texts.iter().filter(|text| !EXEMPT.iter().any(|exempt| text.path.starts_with(exempt)));

    assert_eq!(checked.flat_map(unusual).collect::<Vec<_>>(), NONE);
}

fn unusual(text: &Source) -> Vec<String> {
    let lines = text.text.lines().enumerate().map(|(at, line)| (at + 1, words(line)));
    let found = lines.flat_map(|(at, words)| {
        let is_in = move |unusual: &[&str]| words.windows(unusual.len()).any(|words| words == unusual);
        let found = UNUSUAL.iter().filter(move |(unusual, _)| is_in(unusual));
        found.map(move |(unusual, instead)| format!("{}:{at}: instead of {unusual:?} write {instead}", text.path))
    });
    found.collect()
}

fn former(text: &Source) -> Vec<String> {
    let lines = text.text.lines().enumerate();
    let found = lines.flat_map(|(at, line)| words(line).into_iter().map(move |word| (at + 1, word)));
    let found = found.filter_map(|(at, word)| {
        let (_, instead) = FORMER.iter().find(|(former, _)| *former == word)?;
        Some(format!("{}:{at}: {word} is called {instead}", text.path))
    });
    found.collect()
}

/// The words of prose and those that names are made of, in lower case.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in line.chars() {
        if !letter.is_alphabetic() || (was_lower && letter.is_uppercase()) {
            words.push(String::new());
        }
        was_lower = letter.is_lowercase();
        if letter.is_alphabetic() {
            words.last_mut().expect("there is one").extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn names_are_taken_apart() {
    assert_eq!(
        words("fn order_desk(Surroundings, MyCensus2)"),
        ["fn", "order", "desk", "surroundings", "my", "census"]
    );
}
