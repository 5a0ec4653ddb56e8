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

/// They tell what was called what.
const EXEMPT: [&str; 4] =
    ["CHANGELOG.md", "docs/decisions/", "docs/glossary.md", "crates/ticketing-core/tests/it/architecture/words.rs"];

#[test]
fn no_former_word_is_used_again() {
    let texts = tree().texts();
    let checked = texts.iter().filter(|text| !EXEMPT.iter().any(|exempt| text.path.starts_with(exempt)));

    assert!(texts.iter().any(|text| text.path == "README.md"));
    assert_eq!(checked.flat_map(former).collect::<Vec<_>>(), NONE);
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
