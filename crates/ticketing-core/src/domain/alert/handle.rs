//! Handles: by what alerts are found that a ticket may answer.
//!
//! A ticket that answers a question has every word of it and every name that it filters by. So an alert is filed under
//! one of them, the one that is probably rarest, and a ticket looks up all that it has. What is found is a candidate:
//! the question is asked of the ticket itself.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use crate::domain::search::{
    Filters, Question, SearchTexts, Standing, Wanted, WantedWord, attributes_to_find, country_of, event_to_find,
    grams_of, name_to_find,
};
use crate::domain::ticket::Ticket;

use super::Sieve;

/// What an alert is filed under: a digest of a word or of names. Two may share one, which costs a look and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(pub u64);

/// What a handle is made of, or what a sieve asks for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Word,
    Gram,
    Sign,
    Event,
    Names,
    Attribute,
    Category,
    City,
    Country,
    Currency,
}

/// A few bytes that stand for a word or a name in a sieve.
pub(super) type Digest = [u8; 4];

impl Kind {
    pub(super) fn digest(self, text: &str) -> Digest {
        first_of(Sha256::new_with_prefix([self as u8]).chain_update(text))
    }

    /// The same for all spellings of a name.
    pub(super) fn digest_of_name(self, name: &str) -> Digest {
        self.digest(&name_to_find(name))
    }
}

impl Handle {
    fn of(kind: Kind, parts: &[&str]) -> Self {
        let mut digest = Sha256::new_with_prefix([kind as u8]);
        for part in parts {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        Self(u64::from_be_bytes(first_of(digest)))
    }
}

/// A digest of [how alerts are filed](super::Alerts::filed): as long as it stays, a store need not file them again.
#[must_use]
pub fn filing_of(filed: &BTreeMap<Handle, Sieve>) -> u64 {
    let mut digest = Sha256::new();
    for (handle, sieve) in filed {
        digest.update(handle.0.to_be_bytes());
        digest.update((sieve.as_bytes().len() as u64).to_be_bytes());
        digest.update(sieve.as_bytes());
    }
    u64::from_be_bytes(first_of(digest))
}

fn first_of<const COUNT: usize>(digest: Sha256) -> [u8; COUNT] {
    let mut first = [0; COUNT];
    first.iter_mut().zip(digest.finalize()).for_each(|(byte, of_digest)| *byte = of_digest);
    first
}

/// What a question is filed under: a ticket that answers it has at least one of these. None if it names nothing.
pub(super) fn filed_under(question: &Question) -> BTreeSet<Handle> {
    let filters = question.filters();
    if let Some(event) = &filters.event {
        return BTreeSet::from([Handle::of(Kind::Event, &[event])]);
    }
    let names = Names::of_filters(filters);
    let of_text = question.text().map_or_else(BTreeSet::new, |wanted| of_text(wanted, &names.city));
    if !of_text.is_empty() {
        return of_text;
    }
    if !names.is_empty() {
        return BTreeSet::from([names.handle()]);
    }
    attributes_to_find(&filters.attributes).iter().take(1).map(|attribute| of_attribute(attribute)).collect()
}

/// Everything that a ticket answers may be filed under.
#[must_use]
pub fn handles_of(ticket: &Ticket, texts: &SearchTexts) -> BTreeSet<Handle> {
    let details = &ticket.offer.details;
    let names = Names::of_ticket(ticket);
    let mut handles = BTreeSet::new();
    // A word is filed beside the city, if there is one.
    for city in BTreeSet::from(["", &*names.city]) {
        for terms in Standing::ALL.map(|standing| texts.at(standing)) {
            handles.extend(terms.words.iter().map(|word| Handle::of(Kind::Word, &[word, city])));
            handles.extend(terms.grams.iter().map(|gram| Handle::of(Kind::Gram, &[&gram.text, city])));
            handles.extend(terms.signs.iter().map(|sign| Handle::of(Kind::Sign, &[sign, city])));
        }
    }
    handles.extend(names.subsets().map(|names| names.handle()));
    handles.extend(attributes_to_find(&details.attributes).iter().map(|attribute| of_attribute(attribute)));
    handles.extend(event_to_find(&details.event).map(|event| Handle::of(Kind::Event, &[&event])));
    handles
}

fn of_attribute(attribute: &str) -> Handle {
    Handle::of(Kind::Attribute, &[attribute])
}

/// The longest word in each form that it may have: longer ones are rarer, and a run has more in a character.
fn of_text(wanted: &Wanted, city: &str) -> BTreeSet<Handle> {
    let length = |word: &&WantedWord| match word {
        WantedWord::Spelled { .. } => word.typed().chars().count(),
        WantedWord::Run(run) => 2 * run.chars().count(),
    };
    match wanted.words.iter().max_by_key(length) {
        Some(WantedWord::Spelled { forms, .. }) => {
            forms.iter().map(|form| Handle::of(Kind::Word, &[form, city])).collect()
        }
        Some(WantedWord::Run(run)) => {
            grams_of(run).iter().take(1).map(|gram| Handle::of(Kind::Gram, &[gram, city])).collect()
        }
        None => wanted.signs.iter().take(1).map(|sign| Handle::of(Kind::Sign, &[sign, city])).collect(),
    }
}

/// The names that are filtered by, as they are compared; empty where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Names {
    category: String,
    city: String,
    country: String,
}

impl Names {
    fn of(names: [Option<&str>; 3]) -> Self {
        let [category, city, country] = names.map(|name| name.map_or_else(String::new, name_to_find));
        Self { category, city, country }
    }

    fn of_filters(filters: &Filters) -> Self {
        Self::of([filters.category.as_deref(), filters.city.as_deref(), filters.country.as_deref()])
    }

    fn of_ticket(ticket: &Ticket) -> Self {
        let details = &ticket.offer.details;
        Self::of([details.category.as_deref(), details.event.city.as_deref(), country_of(&details.attributes)])
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn handle(&self) -> Handle {
        Handle::of(Kind::Names, &[&self.category, &self.city, &self.country])
    }

    /// All that filters may name of them.
    fn subsets(&self) -> impl Iterator<Item = Self> {
        let or_none = |is_named: bool, name: &String| if is_named { name.clone() } else { String::new() };
        (1_u8..8).map(move |bits| Self {
            category: or_none(bits & 1 != 0, &self.category),
            city: or_none(bits & 2 != 0, &self.city),
            country: or_none(bits & 4 != 0, &self.country),
        })
    }
}
