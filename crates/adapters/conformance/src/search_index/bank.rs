//! A bank of questions in many languages, and every typing error over its titles.

use ticketing_core::domain::search::{SearchPage, WantedWord, differs_by_one, wanted};
use ticketing_core::domain::ticket::{OfferInput, Ticket};

use super::{ALL, SearchIndexFixture, apply_all, page, question, ticket};
use crate::outcome::Outcome;

const BANK: &str = include_str!("bank.txt");

/// A listing with its questions.
struct Asked {
    ticket: Ticket,
    questions: Vec<(Expected, &'static str)>,
}

/// What a question must find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    First,
    Found,
    NotFound,
}

fn bank() -> Vec<Asked> {
    let mut all: Vec<Asked> = Vec::new();
    for line in BANK.lines() {
        let (kind, text) = line.split_once(' ').unwrap_or((line, ""));
        let expected = match kind {
            "=" => {
                all.push(Asked { ticket: listing(text), questions: Vec::new() });
                continue;
            }
            "1" => Expected::First,
            "+" => Expected::Found,
            "-" => Expected::NotFound,
            _ => continue,
        };
        all.last_mut().expect("a listing comes first").questions.push((expected, text));
    }
    all
}

fn listing(line: &'static str) -> Ticket {
    let mut parts = line.split(" | ").map(str::trim);
    ticket(OfferInput {
        title: parts.next().unwrap_or_default(),
        venue: parts.next(),
        city: parts.next(),
        category: parts.next(),
        description: parts.next(),
        ..OfferInput::default()
    })
}

/// Every question of the bank finds what it must, first where it must, and not what it must not.
pub async fn the_bank_of_questions_is_answered(fixture: &dyn SearchIndexFixture) -> Outcome {
    let bank = bank();
    apply_all(fixture, &bank.iter().map(|asked| &asked.ticket).collect::<Vec<_>>()).await;
    let mut wrong = Vec::new();
    for Asked { ticket, questions } in &bank {
        for (expected, text) in questions {
            let found = page(fixture, &question(text), ALL).await;
            let at = found.hits.iter().position(|hit| hit.ticket == ticket.id);
            let is_right = match expected {
                Expected::First => at == Some(0),
                Expected::Found => at.is_some(),
                Expected::NotFound => at.is_none(),
            };
            if !is_right {
                let title = &ticket.offer.details.event.title;
                wrong.push(format!("{text:?} finds {title:?} at {at:?}, {expected:?} was expected"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} questions of the bank: {}", wrong.len(), wrong.join("; "));
    Outcome::Kept
}

/// A title with one error in one of its words is among the first ten that are found, 98 times of a hundred.
pub async fn titles_are_found_with_an_error(fixture: &dyn SearchIndexFixture) -> Outcome {
    let bank = bank();
    apply_all(fixture, &bank.iter().map(|asked| &asked.ticket).collect::<Vec<_>>()).await;
    let (mut asked, mut lost) = (0, Vec::new());
    for Asked { ticket, .. } in &bank {
        for typed in with_errors(&ticket.offer.details.event.title) {
            let found = page(fixture, &question(&typed), SearchPage::First { limit: 10 }).await;
            asked += 1;
            if !found.hits.iter().any(|hit| hit.ticket == ticket.id) {
                lost.push(typed);
            }
        }
    }
    assert!(asked > 500, "{asked} errors are too few");
    assert!(lost.len() * 50 <= asked, "{} of {asked} titles are not found with an error: {lost:?}", lost.len());
    Outcome::Kept
}

/// A title as it is typed with an error: a letter less, one twice, another one, or two that changed places.
fn with_errors(title: &str) -> Vec<String> {
    let words: Vec<String> = wanted(title).words.iter().filter_map(spelled).collect();
    let mut all = Vec::new();
    for (nth, word) in words.iter().enumerate() {
        for (at, error) in errors(word).into_iter().enumerate() {
            // Every second one keeps them few; all kinds take their turn at the letters.
            if (at + nth) % 2 == 0 && differs_by_one(&error, word, false) {
                let mut typed = words.clone();
                typed.get_mut(nth).into_iter().for_each(|word| word.clone_from(&error));
                all.push(typed.join(" "));
            }
        }
    }
    all
}

fn spelled(word: &WantedWord) -> Option<String> {
    match word {
        WantedWord::Spelled { .. } => Some(word.typed().to_owned()),
        WantedWord::Run(_) => None,
    }
}

/// Errors at each letter in turn, of each kind.
fn errors(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let mut all = Vec::new();
    for (at, letter) in letters.iter().enumerate() {
        let (before, behind) = (letters.iter().take(at), letters.iter().skip(at + 1));
        let with = |changed: &[char]| before.clone().chain(changed).chain(behind.clone()).collect::<String>();
        all.push(with(&[]));
        all.push(with(&[*letter, *letter]));
        let other = letters.get((at + 2) % letters.len()).copied().unwrap_or(*letter);
        all.push(with(&[other]));
        let swapped = letters.get(at + 1).map(|next| {
            let rest = letters.iter().skip(at + 2);
            before.clone().chain([next, letter]).chain(rest).collect::<String>()
        });
        all.push(swapped.unwrap_or_default());
        // Each letter begins with another kind.
        all.push(String::new());
    }
    all
}
