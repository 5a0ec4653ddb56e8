//! One typing error: a letter too many, too few or another one, or two that changed places.

use super::terms::FEWEST_TO_CORRECT;

/// Whether errors are looked for in what was typed: a word of five letters, one of which may be missing.
#[must_use]
pub fn is_correctable(typed: &str) -> bool {
    typed.chars().count() + 1 >= FEWEST_TO_CORRECT
}

/// Whether a word is long enough to be what somebody meant who made an error.
#[must_use]
pub fn may_be_meant(word: &str) -> bool {
    word.chars().count() >= FEWEST_TO_CORRECT
}

/// Whether a word is what was typed with one error corrected; or only its beginning, if it `may_go_on`.
///
/// # Examples
///
/// ```
/// use ticketing_core::domain::search::differs_by_one;
///
/// assert!(differs_by_one("bethoven", "beethoven", false));
/// assert!(differs_by_one("beehtoven", "beethoven", false));
/// assert!(differs_by_one("bethov", "beethoven", true));
/// assert!(!differs_by_one("bethov", "beethoven", false));
/// ```
#[must_use]
pub fn differs_by_one(typed: &str, word: &str, may_go_on: bool) -> bool {
    let (typed, word): (Vec<char>, Vec<char>) = (typed.chars().collect(), word.chars().collect());
    if word.len() < FEWEST_TO_CORRECT {
        return false;
    }
    let may_go_on = may_go_on && typed.len() >= FEWEST_TO_CORRECT;
    let mut beginnings = (typed.len().saturating_sub(1)..typed.len() + 2).filter_map(|end| word.get(..end));
    are_one_apart(&typed, &word) || may_go_on && beginnings.any(|beginning| are_one_apart(&typed, beginning))
}

fn are_one_apart(one: &[char], other: &[char]) -> bool {
    let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let (one, other) = (one.get(same..).unwrap_or_default(), other.get(same..).unwrap_or_default());
    let behind = |letters: &'_ [char], n: usize| letters.get(n..).unwrap_or_default().to_vec();
    match (one, other) {
        ([], []) => true,
        ([a, b, ..], [c, d, ..]) if a == d && b == c && behind(one, 2) == behind(other, 2) => true,
        _ => {
            behind(one, 1) == behind(other, 1) && one.len() == other.len()
                || behind(one, 1) == other && !one.is_empty()
                || one == behind(other, 1) && !other.is_empty()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_error_is_one_and_two_are_two() {
        for typed in
            ["carmen", "carmn", "carmmen", "carmem", "camren", "xcarmen", "armen", "acrmen", "carmenx", "carme"]
        {
            assert!(differs_by_one(typed, "carmen", false), "{typed}");
        }
        for typed in ["carm", "camrne", "karmem", "nemrac", "", "carmenxy"] {
            assert!(!differs_by_one(typed, "carmen", false), "{typed}");
        }
    }

    #[test]
    fn a_short_word_is_not_meant() {
        assert!(!differs_by_one("aidb", "aida", false));
        assert!(is_correctable("carm") && !is_correctable("car"));
        assert!(may_be_meant("tosca") && !may_be_meant("aida"));
    }

    #[test]
    fn a_beginning_may_have_an_error() {
        assert!(differs_by_one("bethov", "beethoven", true));
        assert!(differs_by_one("beethowe", "beethoven", true));
        assert!(!differs_by_one("bethow", "beethoven", true));
    }
}
