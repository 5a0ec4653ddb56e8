//! Sieves: what a ticket must have so that a question that is filed is looked at closer.
//!
//! A handle finds everybody who keeps a word, of whom most ask for more. Their sieves are filed beside it, so that few
//! bytes tell who is not meant, without their records and without an analysis of what they typed. A sieve never holds
//! back what answers its question; what it lets through is asked of the record.

use std::collections::HashSet;

use crate::domain::search::{
    Filters, Places, Question, SearchEntry, SearchTexts, Standing, Wanted, WantedWord, attributes_to_find, country_of,
    event_to_find, grams_of,
};
use crate::domain::ticket::Ticket;
use crate::domain::time::Timestamp;

use super::handle::{Digest, Kind};

/// What a ticket must have to answer one of some questions. It may let through what answers none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sieve(Vec<u8>);

/// Everything of a ticket that sieves ask for.
#[derive(Debug, Clone)]
pub(super) struct Features {
    digests: HashSet<Digest>,
    amount: u64,
    left: u32,
    starts_at: Option<Timestamp>,
}

/// How sieves are written. One that is written otherwise lets everything through.
const FORMAT: u8 = 1;

/// The marks of bounds; each has eight bytes behind it. A lower mark counts digests, of which a ticket has one.
const LEAST: u8 = 0x80;
const MOST: u8 = 0x81;
const LEFT: u8 = 0x82;
const FROM: u8 = 0x83;
const TO: u8 = 0x84;

/// So much of a run without spaces is asked for.
const GRAMS: usize = 6;

impl Sieve {
    /// A sieve that lets nothing through: there is no question yet.
    pub(super) fn of_nothing() -> Self {
        Self(vec![FORMAT])
    }

    /// Lets through what may answer this question, too.
    pub(super) fn add(&mut self, question: &Question) {
        let mut asked = Asked::default();
        asked.ask(question);
        // One that is too long would not be read; an empty one lets everything through.
        let length = u16::try_from(asked.0.len()).unwrap_or(0);
        self.0.extend(length.to_be_bytes());
        self.0.extend(asked.0.into_iter().take(usize::from(length)));
    }

    /// A sieve as a store kept it.
    #[must_use]
    pub fn stored(bytes: &[u8]) -> Self {
        Self(bytes.to_owned())
    }

    /// As a store keeps it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn lets_through(&self, ticket: &Features) -> bool {
        match self.0.split_first() {
            Some((&FORMAT, questions)) => lets_any(questions, ticket).unwrap_or(true),
            Some(_) | None => true,
        }
    }
}

/// Whether one of these questions may be answered; `None` if they cannot be read.
fn lets_any(mut questions: &[u8], ticket: &Features) -> Option<bool> {
    while !questions.is_empty() {
        let (length, behind) = questions.split_first_chunk()?;
        let (question, others) = behind.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        if has_all(question, ticket)? {
            return Some(true);
        }
        questions = others;
    }
    Some(false)
}

fn has_all(mut asked: &[u8], ticket: &Features) -> Option<bool> {
    while let Some((&mark, behind)) = asked.split_first() {
        let (has, others) = if mark < LEAST {
            let (digests, others) = behind.split_at_checked(usize::from(mark) * size_of::<Digest>())?;
            (digests.as_chunks().0.iter().any(|digest| ticket.digests.contains(digest)), others)
        } else {
            let (bound, others) = behind.split_first_chunk()?;
            (ticket.is_within(mark, u64::from_be_bytes(*bound))?, others)
        };
        if !has {
            return Some(false);
        }
        asked = others;
    }
    Some(true)
}

/// What a question asks for, as it is written.
#[derive(Default)]
struct Asked(Vec<u8>);

impl Asked {
    fn ask(&mut self, question: &Question) {
        if let Some(wanted) = question.text() {
            self.ask_for_text(wanted);
        }
        let Filters { category, city, country, from, to, days: _, price, places, attributes, event } =
            question.filters();
        for (kind, name) in [(Kind::Category, category), (Kind::City, city), (Kind::Country, country)] {
            if let Some(name) = name {
                self.one_of([kind.digest_of_name(name)]);
            }
        }
        if let Some(event) = event {
            self.one_of([Kind::Event.digest(event)]);
        }
        for attribute in attributes_to_find(attributes) {
            self.one_of([Kind::Attribute.digest(&attribute)]);
        }
        if let Some(price) = price {
            self.one_of([Kind::Currency.digest(price.currency.code())]);
            self.bound(LEAST, price.least);
            self.bound(MOST, price.most);
        }
        if let Places::Left(places @ 2..) | Places::Together(places @ 2..) = *places {
            self.bound(LEFT, Some(places.into()));
        }
        self.bound(FROM, from.map(|from| from.window().0.millis().cast_unsigned()));
        self.bound(TO, to.map(|to| to.window().1.millis().cast_unsigned()));
    }

    fn ask_for_text(&mut self, wanted: &Wanted) {
        for word in &wanted.words {
            match word {
                WantedWord::Spelled { forms, .. } => self.one_of(forms.iter().map(|form| Kind::Word.digest(form))),
                WantedWord::Run(run) => {
                    grams_of(run).iter().take(GRAMS).for_each(|gram| self.one_of([Kind::Gram.digest(gram)]));
                }
            }
        }
        wanted.signs.iter().for_each(|sign| self.one_of([Kind::Sign.digest(sign)]));
    }

    fn one_of(&mut self, digests: impl IntoIterator<Item = Digest>) {
        let digests: Vec<Digest> = digests.into_iter().collect();
        // What has more forms than can be counted is left to the record.
        if let Some(count) = u8::try_from(digests.len()).ok().filter(|count| *count < LEAST) {
            self.0.push(count);
            self.0.extend(digests.concat());
        }
    }

    fn bound(&mut self, mark: u8, bound: Option<u64>) {
        if let Some(bound) = bound {
            self.0.push(mark);
            self.0.extend(bound.to_be_bytes());
        }
    }
}

impl Features {
    pub(super) fn of(ticket: &Ticket, entry: &SearchEntry, texts: &SearchTexts) -> Self {
        let (details, money) = (&ticket.offer.details, ticket.offer.price.money());
        let mut digests = HashSet::new();
        for terms in Standing::ALL.map(|standing| texts.at(standing)) {
            digests.extend(terms.words.iter().map(|word| Kind::Word.digest(word)));
            digests.extend(terms.grams.iter().map(|gram| Kind::Gram.digest(&gram.text)));
            digests.extend(terms.signs.iter().map(|sign| Kind::Sign.digest(sign)));
        }
        let names = [
            (Kind::Category, details.category.as_deref()),
            (Kind::City, details.event.city.as_deref()),
            (Kind::Country, country_of(&details.attributes)),
        ];
        digests.extend(names.into_iter().filter_map(|(kind, name)| Some(kind.digest_of_name(name?))));
        digests.extend(event_to_find(&details.event).map(|event| Kind::Event.digest(&event)));
        digests.extend(attributes_to_find(&details.attributes).iter().map(|one| Kind::Attribute.digest(one)));
        digests.insert(Kind::Currency.digest(money.currency.code()));
        Self { digests, amount: money.amount, left: entry.left(), starts_at: details.event.starts_at }
    }

    fn is_within(&self, mark: u8, bound: u64) -> Option<bool> {
        let starts = |is_within: fn(i64, i64) -> bool| {
            self.starts_at.is_some_and(|at| is_within(at.millis(), bound.cast_signed()))
        };
        match mark {
            LEAST => Some(self.amount >= bound),
            MOST => Some(self.amount <= bound),
            LEFT => Some(u64::from(self.left) >= bound),
            FROM => Some(starts(|at, from| at >= from)),
            TO => Some(starts(|at, to| at < to)),
            _ => None,
        }
    }
}
