//! A question as a query of the index: by terms alone; numbers are compared where hits are collected.

use std::collections::{BTreeMap, BTreeSet};

use tantivy::collector::Collector;
use tantivy::query::{
    BooleanQuery, ConstScoreQuery, DisjunctionMaxQuery, EmptyQuery, FuzzyTermQuery, Occur, PhraseQuery, Query,
    TermQuery, TermSetQuery,
};
use tantivy::schema::{Field, IndexRecordOption, Term};
use tantivy::{Score, Searcher};
use ticketing_core::domain::search::{
    Errors, Filters, LONGEST_BEGINNING, Likeness, Question, Standing, WHOLE_TITLE, Wanted, WantedWord, grams_of,
    is_correctable, may_be_meant,
};

use crate::name;
use crate::schema::{Fields, StandingFields};

/// The most words that one beginning, or one error, stands for in a field.
const MOST_WORDS: usize = 256;

/// Which names a query asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// All that the question filters by.
    All,
    /// Not those that are facets.
    WithoutFacets,
    /// None: where the words are is asked.
    None,
}

/// Builds queries over the terms that a searcher has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) searcher: &'a Searcher,
    pub(crate) fields: &'a Fields,
    pub(crate) errors: Errors,
}

type Clauses = Vec<(Occur, Box<dyn Query>)>;

impl Asking<'_> {
    /// What a collector makes of everything that has the words and the names.
    pub(crate) fn collect<C: Collector>(
        &self,
        question: &Question,
        names: Names,
        collector: &C,
    ) -> tantivy::Result<C::Fruit> {
        self.searcher.search(&self.query(question, names)?, collector)
    }

    /// Everything that has the words and the names.
    pub(crate) fn query(&self, question: &Question, names: Names) -> tantivy::Result<Box<dyn Query>> {
        let mut clauses: Clauses = Vec::new();
        for name in names_of(question, names) {
            clauses.push((Occur::Must, scored(self.named(&name), 0)));
        }
        if let Some(wanted) = question.text() {
            self.add_text(wanted, &mut clauses)?;
        }
        if !clauses.iter().any(|(occur, _)| *occur == Occur::Must) {
            clauses.push((Occur::Must, scored(self.named(name::SHOWN), 0)));
        }
        Ok(Box::new(BooleanQuery::new(clauses)))
    }

    fn add_text(&self, wanted: &Wanted, clauses: &mut Clauses) -> tantivy::Result<()> {
        for word in &wanted.words {
            clauses.push((Occur::Must, self.word(word)?));
        }
        for sign in &wanted.signs {
            clauses.push((Occur::Must, scored(self.named(&name::sign(sign)), 0)));
        }
        let whole = name::whole_title(&wanted.whole);
        if self.is_there(&self.named(&whole))? {
            clauses.push((Occur::Should, scored(self.named(&whole), WHOLE_TITLE)));
        }
        Ok(())
    }

    fn named(&self, name: &str) -> Term {
        Term::from_field_text(self.fields.names, name)
    }

    fn is_there(&self, term: &Term) -> tantivy::Result<bool> {
        for segment in self.searcher.segment_readers() {
            if segment.inverted_index(term.field())?.get_term_info(term)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A word, where it earns most.
    fn word(&self, word: &WantedWord) -> tantivy::Result<Box<dyn Query>> {
        let mut ways: Vec<Box<dyn Query>> = Vec::new();
        for at in self.fields.standing {
            match word {
                WantedWord::Run(run) => self.add_run(at, run, &mut ways)?,
                WantedWord::Spelled { forms, is_beginning } => {
                    self.add_exact(at, forms, &mut ways)?;
                    if *is_beginning {
                        self.add_beginnings(at, forms, &mut ways)?;
                    }
                    if self.errors == Errors::Correct {
                        let corrected = self.corrected(at.words, word.typed(), *is_beginning)?;
                        let corrected = corrected.into_keys().map(|word| Term::from_field_text(at.words, &word));
                        add_any(corrected.collect(), at.standing.points(Likeness::Corrected), &mut ways);
                    }
                }
            }
        }
        Ok(match ways.len() {
            0 => Box::new(EmptyQuery),
            1 => ways.remove(0),
            _ => Box::new(DisjunctionMaxQuery::new(ways)),
        })
    }

    fn add_exact(&self, at: StandingFields, forms: &[String], ways: &mut Vec<Box<dyn Query>>) -> tantivy::Result<()> {
        for form in forms {
            let term = Term::from_field_text(at.words, form);
            if self.is_there(&term)? {
                ways.push(scored(term, at.standing.points(Likeness::Exact)));
            }
        }
        Ok(())
    }

    fn add_beginnings(
        &self,
        at: StandingFields,
        forms: &[String],
        ways: &mut Vec<Box<dyn Query>>,
    ) -> tantivy::Result<()> {
        let points = at.standing.points(Likeness::Beginning);
        for form in forms {
            if form.chars().nth(LONGEST_BEGINNING).is_some() {
                add_any(self.longer(at.words, form)?, points, ways);
            } else if at.standing != Standing::About {
                let term = Term::from_field_text(at.beginnings, form);
                if self.is_there(&term)? {
                    ways.push(scored(term, points));
                }
            }
        }
        Ok(())
    }

    fn add_run(&self, at: StandingFields, run: &str, ways: &mut Vec<Box<dyn Query>>) -> tantivy::Result<()> {
        let word = Term::from_field_text(at.words, run);
        if self.is_there(&word)? {
            ways.push(scored(word, at.standing.points(Likeness::Exact)));
        }
        let mut grams: Vec<Term> = grams_of(run).iter().map(|gram| Term::from_field_text(at.grams, gram)).collect();
        for gram in &grams {
            if !self.is_there(gram)? {
                return Ok(());
            }
        }
        let points = at.standing.points(Likeness::Beginning);
        match grams.len() {
            0 => {}
            1 => ways.extend(grams.pop().map(|gram| scored(gram, points))),
            _ => ways.push(constant(Box::new(PhraseQuery::new(grams)), points)),
        }
        Ok(())
    }

    /// The words that begin so.
    fn longer(&self, field: Field, beginning: &str) -> tantivy::Result<Vec<Term>> {
        let mut found = BTreeSet::new();
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(field)?;
            let mut words = index.terms().range().ge(beginning).into_stream()?;
            let mut most = MOST_WORDS;
            while most > 0 && words.advance() && words.key().starts_with(beginning.as_bytes()) {
                found.extend(std::str::from_utf8(words.key()).ok().map(str::to_owned));
                most -= 1;
            }
        }
        Ok(found.iter().map(|word| Term::from_field_text(field, word)).collect())
    }

    /// The words from which what was typed differs by one error, with how many tickets have each.
    fn corrected(&self, field: Field, typed: &str, is_beginning: bool) -> tantivy::Result<BTreeMap<String, u64>> {
        let mut found = BTreeMap::new();
        if !is_correctable(typed) {
            return Ok(found);
        }
        let term = Term::from_field_text(field, typed);
        self.add_corrected(&FuzzyTermQuery::new(term.clone(), 1, true), &mut found, field)?;
        if is_beginning && may_be_meant(typed) {
            self.add_corrected(&FuzzyTermQuery::new_prefix(term, 1, true), &mut found, field)?;
        }
        Ok(found)
    }

    fn add_corrected(
        &self,
        query: &FuzzyTermQuery,
        found: &mut BTreeMap<String, u64>,
        field: Field,
    ) -> tantivy::Result<()> {
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(field)?;
            let mut words = index.terms().search(query.automaton()?).into_stream()?;
            let mut most = MOST_WORDS;
            while most > 0 && words.advance() {
                let Some(word) = std::str::from_utf8(words.key()).ok().filter(|word| may_be_meant(word)) else {
                    continue;
                };
                let count = u64::from(words.value().doc_freq);
                found.entry(word.to_owned()).and_modify(|known| *known = (*known).max(count)).or_insert(count);
                most -= 1;
            }
        }
        Ok(())
    }

    /// The question with its errors corrected, as somebody would have typed it.
    pub(crate) fn instead(&self, wanted: &Wanted) -> tantivy::Result<Option<String>> {
        let mut words = Vec::new();
        let mut is_changed = false;
        for word in &wanted.words {
            let better = self.better(word)?;
            is_changed |= better.is_some();
            words.push(better.unwrap_or_else(|| word.typed().to_owned()));
        }
        Ok(is_changed.then(|| words.join(" ")))
    }

    /// The most frequent word that somebody may have meant, if what was typed is nowhere.
    fn better(&self, word: &WantedWord) -> tantivy::Result<Option<String>> {
        let WantedWord::Spelled { forms, is_beginning } = word else { return Ok(None) };
        let mut candidates: BTreeMap<String, (u32, u64)> = BTreeMap::new();
        for at in self.fields.standing {
            let mut known = Vec::new();
            self.add_exact(at, forms, &mut known)?;
            if *is_beginning {
                self.add_beginnings(at, forms, &mut known)?;
            }
            if !known.is_empty() {
                return Ok(None);
            }
            // A word that is complete comes before one that goes on.
            for (word, count) in self.corrected(at.words, word.typed(), *is_beginning)? {
                let length = word.chars().count().abs_diff(forms.first().map_or(0, |form| form.chars().count()));
                let points = at.standing.points(Likeness::Corrected) + u32::from(length <= 1) * 100;
                candidates
                    .entry(word)
                    .and_modify(|best| *best = (*best).max((points, count)))
                    .or_insert((points, count));
            }
        }
        Ok(candidates.into_iter().max_by_key(|(_, best)| *best).map(|(word, _)| word))
    }
}

fn names_of(question: &Question, names: Names) -> Vec<String> {
    if names == Names::None {
        return Vec::new();
    }
    let Filters { category, city, country, attributes, event, .. } = question.filters();
    let mut all: Vec<String> = name::attributes(attributes).collect();
    all.extend(event.as_deref().map(name::event));
    if names == Names::All {
        all.extend(category.as_deref().map(name::category));
        all.extend(city.as_deref().map(name::city));
        all.extend(country.as_deref().map(name::country));
        all.extend(question.currency().map(|currency| name::currency(currency.code())));
    }
    all
}

fn add_any(mut terms: Vec<Term>, points: u32, ways: &mut Vec<Box<dyn Query>>) {
    match terms.len() {
        0 => {}
        1 => ways.extend(terms.pop().map(|term| scored(term, points))),
        _ => ways.push(constant(Box::new(TermSetQuery::new(terms)), points)),
    }
}

fn scored(term: Term, points: u32) -> Box<dyn Query> {
    constant(Box::new(TermQuery::new(term, IndexRecordOption::Basic)), points)
}

/// What a match earns, whatever the index has besides: a rank is the same on every page.
fn constant(query: Box<dyn Query>, points: u32) -> Box<dyn Query> {
    // Points are small, so each is exact.
    let score = u16::try_from(points).map_or(0.0, Score::from);
    Box::new(ConstScoreQuery::new(query, score))
}
