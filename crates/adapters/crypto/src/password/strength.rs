//! How hard a password is to guess, found out within bounds.
//!
//! `zxcvbn` tries every reading of the symbols that stand for letters ("l33t"), so its work grows with their number,
//! and with the square of the length. A part of a password is as hard to guess as the whole at most; so of one that
//! would take long a beginning is judged, which is strong already if it has that many symbols.

use ticketing_core::domain::account::Password;
use zxcvbn::{Score, zxcvbn};

/// The most characters that are judged.
const MAX_CHARS: usize = 64;
/// The most work: about 20 ms of an optimised build on a slow core.
const MAX_WORK: usize = 150_000;

/// What makes a password easy to guess, in a sentence; `None` if nothing does.
pub(super) fn weakness(password: &Password, hints: &[String]) -> Option<String> {
    let hints = hints.iter().flat_map(|hint| tries(hint)).take(MAX_HINTS).collect::<Vec<_>>();
    let strength = zxcvbn(judged(password.expose()), &hints);
    if strength.score() >= Score::Three {
        return None;
    }
    let feedback = strength.feedback()?;
    let warning = feedback.warning().map(|warning| warning.to_string());
    let advice = feedback.suggestions().first().map(|suggestion| suggestion.to_string());
    let reason = warning.or(advice).unwrap_or_else(|| "Add another word or two.".to_owned());
    Some(format!("must be harder to guess: {}", as_clause(&reason)))
}

/// The beginning of a password that is judged within bounds.
fn judged(password: &str) -> &str {
    let mut end = 0;
    for (chars, (at, c)) in (1..=MAX_CHARS).zip(password.char_indices()) {
        let beginning = password.get(..at + c.len_utf8()).unwrap_or(password);
        if readings(beginning) * chars * chars > MAX_WORK {
            break;
        }
        end = beginning.len();
    }
    password.get(..end).unwrap_or(password)
}

/// The letters that symbols stand for, as `zxcvbn` has them.
const SYMBOLS: [&str; 12] = ["4@", "8", "({[<", "3", "69", "1!|", "1|7", "0", "$5", "+7", "%", "2"];
/// Those that stand for two letters.
const AMBIGUOUS: &str = "1|7";

/// How many readings the symbols of a text have, at most.
fn readings(text: &str) -> usize {
    let of = |symbols: &&str| {
        let present = symbols.chars().filter(|&symbol| text.contains(symbol));
        present.map(|symbol| if AMBIGUOUS.contains(symbol) { 2 } else { 1 }).sum::<usize>().max(1)
    };
    SYMBOLS.iter().map(of).product()
}

/// More than an address has words.
const MAX_HINTS: usize = 100;

/// What an attacker who knows a hint would try: all of it, and of an address the part before the `@` and its words.
fn tries(hint: &str) -> Vec<&str> {
    let local = hint.rsplit_once('@').map_or(hint, |(local, _)| local);
    let words = local.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 2);
    [hint, local].into_iter().chain(words).collect()
}

/// A sentence as the end of another: small first letter, no full stop.
fn as_clause(sentence: &str) -> String {
    let sentence = sentence.trim_end_matches('.');
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, hints: &[&str]) -> Option<String> {
        let hints: Vec<String> = hints.iter().map(|&hint| hint.to_owned()).collect();
        weakness(&Password::new(text.into()).unwrap(), &hints)
    }

    #[test]
    fn a_password_made_of_the_address_is_weak() {
        for weak in ["password123", "ada.lovelace1815", "lovelace1815", "qwertyuiop"] {
            let told = told(&format!("{weak:x<10}"), &["ada.lovelace1815@example.org"]).unwrap();
            assert!(told.starts_with("must be harder to guess: ") && !told.ends_with('.'), "{told}");
        }
        assert_eq!(told("quartz lantern orbit sleeve", &["ada.lovelace1815@example.org"]), None);
    }

    #[test]
    fn no_password_is_judged_beyond_the_bounds() {
        for unit in ["l33t", "4@8({[<369&#!1/|0$5+7%2", "a4@b8c({[<e3g69i1!|l17|o0s$5t+7x%z2", "1!", "ä€𐍈ß", "x"]
        {
            let password: String = unit.chars().cycle().take(Password::MAX_CHARS).collect();
            let judged = judged(&password);
            let chars = judged.chars().count();

            assert!(readings(judged) * chars * chars <= MAX_WORK && chars <= MAX_CHARS, "{unit:?}: {judged:?}");
            assert!(chars >= Password::MIN_CHARS, "{unit:?}: too little is judged: {judged:?}");
        }
    }

    #[test]
    fn of_usual_passwords_all_is_judged() {
        for usual in ["1234567890!@", "P@$$w0rd!2024#", "quartz lantern orbit sleeve", "Tr0ub4dor&3 (again)"] {
            assert_eq!(judged(usual), usual);
        }
    }

    #[test]
    fn what_is_cut_off_makes_no_weak_password_strong() {
        for weak in
            ["1234567890!@", "!@#$%^&*()", "a".repeat(128).as_str(), "password".repeat(16).as_str(), "p4$$w0rd1!"]
        {
            assert!(told(weak, &[]).is_some(), "{weak:?}");
        }
        for strong in ["4@8({[<369&#!1/|0$5+7%2", "4@8({[<369&#!1/|0$5+7%2 plum orbit"] {
            assert_eq!(told(strong, &[]), None, "{strong:?}");
        }
    }
}
