//! How well a text answers a question: one scale for every index.

use crate::domain::ticket::Details;

use super::correction::{differs_by_one, is_correctable};
use super::terms::{LONGEST_BEGINNING, TextTerms, Wanted, WantedWord, text_terms};

/// The terms of a ticket, by where they stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchTexts {
    /// The title.
    pub title: TextTerms,
    /// Venue, city and category.
    pub place: TextTerms,
    /// Seats and description.
    pub about: TextTerms,
}

/// Where a word stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// In the title.
    Title,
    /// In venue, city or category.
    Place,
    /// In seats or description.
    About,
}

/// How a word that stands there is like the one that was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// It is the same.
    Exact,
    /// It begins so.
    Beginning,
    /// It is the same after one error is corrected.
    Corrected,
}

/// What a question earns that is the whole title.
pub const WHOLE_TITLE: u32 = 1000;

/// More than any question earns.
const MOST: u64 = 10_000;

impl Standing {
    /// All of them, best first.
    pub const ALL: [Self; 3] = [Self::Title, Self::Place, Self::About];

    /// What a word earns for a question, whose points are added up; the best of its standings counts.
    #[must_use]
    pub const fn points(self, likeness: Likeness) -> u32 {
        match (likeness, self) {
            (Likeness::Exact, Self::Title) => 60,
            (Likeness::Exact, Self::Place) => 50,
            (Likeness::Beginning, Self::Title) => 40,
            (Likeness::Beginning, Self::Place) => 30,
            (Likeness::Exact, Self::About) => 20,
            (Likeness::Beginning, Self::About) => 15,
            (Likeness::Corrected, Self::Title) => 10,
            (Likeness::Corrected, Self::Place) => 8,
            (Likeness::Corrected, Self::About) => 5,
        }
    }
}

/// The rank of what earned so many points, lowest first.
#[must_use]
pub const fn rank_of(points: u32) -> u64 {
    MOST.saturating_sub(points as u64)
}

/// Whether a beginning of so many letters is looked for in seats and descriptions too.
#[must_use]
pub fn is_long_beginning(typed: &str) -> bool {
    typed.chars().nth(LONGEST_BEGINNING).is_some()
}

impl SearchTexts {
    /// The terms of a ticket.
    #[must_use]
    pub fn of(details: &Details) -> Self {
        let event = &details.event;
        let seating = &event.seating;
        let terms = |texts: &[Option<&str>]| {
            texts.iter().flatten().fold(TextTerms::default(), |mut all, text| {
                all.add(text_terms(text));
                all
            })
        };
        Self {
            title: text_terms(&event.title),
            place: terms(&[event.venue.as_deref(), event.city.as_deref(), details.category.as_deref()]),
            about: terms(&[
                seating.section.as_deref(),
                seating.row.as_deref(),
                seating.seats.as_deref(),
                details.description.as_deref(),
            ]),
        }
    }

    /// The terms that stand there.
    #[must_use]
    pub const fn at(&self, standing: Standing) -> &TextTerms {
        match standing {
            Standing::Title => &self.title,
            Standing::Place => &self.place,
            Standing::About => &self.about,
        }
    }

    /// What a ticket earns for a question; none if something that is wanted is not there.
    ///
    /// An index of any size must give the same; this looks at one ticket at a time.
    #[must_use]
    pub fn points(&self, wanted: &Wanted, errors: Errors) -> Option<u32> {
        let has_signs =
            wanted.signs.iter().all(|sign| self.title.signs.contains(sign) || self.place.signs.contains(sign));
        if wanted.is_empty() || !has_signs {
            return None;
        }
        let whole = if self.title.whole == wanted.whole { WHOLE_TITLE } else { 0 };
        wanted.words.iter().map(|word| self.points_of(word, errors)).sum::<Option<u32>>().map(|points| points + whole)
    }

    fn points_of(&self, word: &WantedWord, errors: Errors) -> Option<u32> {
        let likenesses = [Likeness::Exact, Likeness::Beginning, Likeness::Corrected];
        let likenesses =
            likenesses.into_iter().filter(|likeness| errors == Errors::Correct || *likeness != Likeness::Corrected);
        let all = likenesses.flat_map(|likeness| Standing::ALL.map(|standing| (standing, likeness)));
        let is_so = |(standing, likeness): &(Standing, Likeness)| has(self.at(*standing), word, *standing, *likeness);
        all.filter(is_so).map(|(standing, likeness)| standing.points(likeness)).max()
    }
}

/// What to do about words that are nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errors {
    /// Look for them as they were typed.
    Keep,
    /// Look for what differs from them by one error, too.
    Correct,
}

fn has(terms: &TextTerms, word: &WantedWord, standing: Standing, likeness: Likeness) -> bool {
    match (word, likeness) {
        (WantedWord::Run(run), Likeness::Exact) => terms.words.contains(run),
        (WantedWord::Run(run), Likeness::Beginning) => terms.have_run(run),
        (WantedWord::Run(_), Likeness::Corrected) => false,
        (WantedWord::Spelled { forms, .. }, Likeness::Exact) => forms.iter().any(|form| terms.words.contains(form)),
        (WantedWord::Spelled { forms, is_beginning: true }, Likeness::Beginning) => forms
            .iter()
            .filter(|form| standing != Standing::About || is_long_beginning(form))
            .any(|form| terms.words.range(form.clone()..).next().is_some_and(|word| word.starts_with(form))),
        (WantedWord::Spelled { .. }, Likeness::Beginning) => false,
        (WantedWord::Spelled { is_beginning, .. }, Likeness::Corrected) => {
            let typed = word.typed();
            is_correctable(typed) && terms.words.iter().any(|word| differs_by_one(typed, word, *is_beginning))
        }
    }
}
