//! What somebody may have meant who made a typing error.

use std::collections::BTreeMap;

use ticketing_core::domain::search::{
    Likeness, SearchTexts, Standing, Wanted, WantedWord, differs_by_one, is_correctable, is_long_beginning,
};

use super::Known;

/// The question with its errors corrected; none if nothing of it is another word.
pub(super) fn instead<'a>(tickets: impl Iterator<Item = &'a Known> + Clone, wanted: &Wanted) -> Option<String> {
    let texts: Vec<&SearchTexts> = tickets.filter_map(|known| known.texts.as_ref()).collect();
    let better: Vec<Option<String>> = wanted.words.iter().map(|word| better(&texts, word)).collect();
    let words = wanted.words.iter().zip(&better).map(|(word, better)| better.as_deref().unwrap_or(word.typed()));
    better.iter().any(Option::is_some).then(|| words.collect::<Vec<_>>().join(" "))
}

/// The most frequent word of the best standing, if what was typed is nowhere.
fn better(texts: &[&SearchTexts], word: &WantedWord) -> Option<String> {
    let WantedWord::Spelled { forms, is_beginning } = word else { return None };
    let typed = word.typed();
    let mut candidates: BTreeMap<&str, (u32, u64)> = BTreeMap::new();
    for standing in Standing::ALL {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        texts.iter().flat_map(|texts| &texts.at(standing).words).for_each(|word| *counts.entry(word).or_default() += 1);
        let may_begin = |form: &str| standing != Standing::About || is_long_beginning(form);
        let is_known = |word: &&str| {
            forms.iter().any(|form| form == word || *is_beginning && may_begin(form) && word.starts_with(form.as_str()))
        };
        if counts.keys().any(is_known) {
            return None;
        }
        for (word, count) in
            counts.into_iter().filter(|(word, _)| is_correctable(typed) && differs_by_one(typed, word, *is_beginning))
        {
            let is_whole = word.chars().count().abs_diff(typed.chars().count()) <= 1;
            let points = standing.points(Likeness::Corrected) + u32::from(is_whole) * 100;
            candidates.entry(word).and_modify(|best| *best = (*best).max((points, count))).or_insert((points, count));
        }
    }
    candidates.into_iter().max_by_key(|(_, best)| *best).map(|(word, _)| word.to_owned())
}
