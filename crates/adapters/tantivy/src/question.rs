//! A question as a query of the index: by terms alone; numbers are compared where hits are collected.

use std::collections::BTreeSet;

use tantivy::collector::Collector;
use tantivy::query::{
    BooleanQuery, ConstScoreQuery, DisjunctionMaxQuery, EnableScoring, FuzzyTermQuery, Occur, PhraseQuery, Query,
    TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption, Term};
use tantivy::{Executor, Score, Searcher, SegmentReader};
use ticketing_core::domain::search::{
    Filters, Likeness, Question, Standing, WHOLE_TITLE, Wanted, WantedWord, grams_of, is_correctable,
    is_long_beginning, may_be_meant,
};

use crate::name;
use crate::schema::Fields;
use crate::standing::standing;
use crate::words::{Form, WordsQuery};

/// The most words that one beginning, or one error, stands for.
const MOST_WORDS: usize = 512;

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
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) searcher: &'a Searcher,
    pub(crate) fields: &'a Fields,
    /// What each word may mean besides, if it was typed with an error; none if words are taken as they were typed.
    pub(crate) corrections: &'a [Corrections],
    /// Where the segments are searched.
    pub(crate) threads: &'a Executor,
}

/// The words from which one differs by an error.
pub(crate) type Corrections = BTreeSet<String>;

type Clauses = Vec<(Occur, Box<dyn Query>)>;

impl Asking<'_> {
    /// What a collector makes of everything that has the words and the names.
    pub(crate) fn collect<C: Collector>(
        &self,
        question: &Question,
        names: Names,
        collector: &C,
    ) -> tantivy::Result<C::Fruit> {
        let query = self.query(question, names)?;
        let scoring = if collector.requires_scoring() {
            EnableScoring::enabled_from_searcher(self.searcher)
        } else {
            EnableScoring::disabled_from_searcher(self.searcher)
        };
        self.searcher.search_with_executor(&*query, collector, self.threads, scoring)
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
        // One clause alone finds the same, and is sooner done.
        match clauses.pop() {
            Some((Occur::Must, alone)) if clauses.is_empty() => Ok(alone),
            last => Ok(Box::new(BooleanQuery::new(clauses.into_iter().chain(last).collect()))),
        }
    }

    fn add_text(&self, wanted: &Wanted, clauses: &mut Clauses) -> tantivy::Result<()> {
        let mut all = WordsQuery::default();
        for (at, word) in wanted.words.iter().enumerate() {
            let forms = self.forms(word, at)?;
            match self.run(word, &forms)? {
                Some(run) => clauses.push((Occur::Must, run)),
                None => all.words.push(forms),
            }
        }
        if !all.words.is_empty() {
            clauses.push((Occur::Must, Box::new(all)));
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

    /// What somebody may have meant by a word.
    fn forms(&self, word: &WantedWord, at: usize) -> tantivy::Result<Vec<Form>> {
        let mut forms = self.as_typed(word)?;
        let corrected = self.corrections.get(at).into_iter().flatten();
        forms.extend(corrected.map(|word| (self.term(word), Likeness::Corrected)));
        Ok(forms)
    }

    /// A run of letters without spaces, as a word or within others, where it earns most; none if it is within no other.
    fn run(&self, word: &WantedWord, forms: &[Form]) -> tantivy::Result<Option<Box<dyn Query>>> {
        let WantedWord::Run(run) = word else { return Ok(None) };
        let mut ways: Vec<Box<dyn Query>> = Vec::new();
        for (standing, grams) in self.fields.grams {
            self.add_run(standing, grams, run, &mut ways)?;
        }
        if ways.is_empty() {
            return Ok(None);
        }
        ways.push(Box::new(WordsQuery { words: vec![forms.to_vec()] }));
        Ok(Some(Box::new(DisjunctionMaxQuery::new(ways))))
    }

    fn term(&self, word: &str) -> Term {
        Term::from_field_text(self.fields.words, word)
    }

    /// Words as they were typed, whether or not the index has them, and those of the index that begin so.
    fn as_typed(&self, word: &WantedWord) -> tantivy::Result<Vec<Form>> {
        let mut words = Vec::new();
        match word {
            WantedWord::Run(run) => words.push((self.term(run), Likeness::Exact)),
            WantedWord::Spelled { forms, is_beginning } => {
                words.extend(forms.iter().map(|form| (self.term(form), Likeness::Exact)));
                for form in forms.iter().filter(|_| *is_beginning) {
                    if is_long_beginning(form) {
                        let longer = self.longer(form)?;
                        words.extend(longer.iter().map(|word| (self.term(word), Likeness::Beginning)));
                    } else {
                        words.push((Term::from_field_text(self.fields.beginnings, form), Likeness::Beginning));
                    }
                }
            }
        }
        Ok(words)
    }

    fn add_run(
        &self,
        standing: Standing,
        grams: Field,
        run: &str,
        ways: &mut Vec<Box<dyn Query>>,
    ) -> tantivy::Result<()> {
        let mut grams: Vec<Term> = grams_of(run).iter().map(|gram| Term::from_field_text(grams, gram)).collect();
        for gram in &grams {
            if !self.is_there(gram)? {
                return Ok(());
            }
        }
        let points = standing.points(Likeness::Beginning);
        match grams.len() {
            0 => {}
            1 => ways.extend(grams.pop().map(|gram| scored(gram, points))),
            _ => ways.push(constant(Box::new(PhraseQuery::new(grams)), points)),
        }
        Ok(())
    }

    /// The words that begin so and go on.
    fn longer(&self, beginning: &str) -> tantivy::Result<BTreeSet<String>> {
        let mut found = BTreeSet::new();
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(self.fields.words)?;
            let mut words = index.terms().range().gt(beginning).into_stream()?;
            let mut most = MOST_WORDS;
            while most > 0 && words.advance() && words.key().starts_with(beginning.as_bytes()) {
                found.extend(std::str::from_utf8(words.key()).ok().map(str::to_owned));
                most -= 1;
            }
        }
        Ok(found)
    }

    /// What each word may mean besides.
    pub(crate) fn corrected(&self, wanted: &Wanted) -> tantivy::Result<Vec<Corrections>> {
        wanted.words.iter().map(|word| self.corrections_of(word)).collect()
    }

    fn corrections_of(&self, word: &WantedWord) -> tantivy::Result<Corrections> {
        let mut found = Corrections::new();
        let WantedWord::Spelled { is_beginning, .. } = word else { return Ok(found) };
        let typed = word.typed();
        if !is_correctable(typed) {
            return Ok(found);
        }
        let term = self.term(typed);
        self.add_corrected(&FuzzyTermQuery::new(term.clone(), 1, true), &mut found)?;
        if *is_beginning && may_be_meant(typed) {
            self.add_corrected(&FuzzyTermQuery::new_prefix(term, 1, true), &mut found)?;
        }
        Ok(found)
    }

    fn add_corrected(&self, query: &FuzzyTermQuery, found: &mut Corrections) -> tantivy::Result<()> {
        let automaton = query.automaton()?;
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(self.fields.words)?;
            let mut words = index.terms().search(&automaton).into_stream()?;
            let mut most = MOST_WORDS;
            while most > 0 && words.advance() {
                let word = std::str::from_utf8(words.key()).ok().filter(|word| may_be_meant(word));
                if let Some(word) = word {
                    found.insert(word.to_owned());
                    most -= 1;
                }
            }
        }
        Ok(())
    }

    /// The question with its errors corrected, as somebody would have typed it.
    pub(crate) fn instead(&self, wanted: &Wanted) -> tantivy::Result<Option<String>> {
        let mut words = Vec::new();
        let mut is_changed = false;
        for (at, word) in wanted.words.iter().enumerate() {
            let better = self.better(word, at)?;
            is_changed |= better.is_some();
            words.push(better.unwrap_or_else(|| word.typed().to_owned()));
        }
        Ok(is_changed.then(|| words.join(" ")))
    }

    /// The most frequent word that somebody may have meant, if what was typed is nowhere.
    fn better(&self, word: &WantedWord, at: usize) -> tantivy::Result<Option<String>> {
        let WantedWord::Spelled { forms, .. } = word else { return Ok(None) };
        for (term, _) in self.as_typed(word)? {
            if self.is_there(&term)? {
                return Ok(None);
            }
        }
        let typed_length = forms.first().map_or(0, |form| form.chars().count());
        let mut best = None;
        for word in self.corrections.get(at).into_iter().flatten() {
            // A word that is complete comes before one that goes on.
            let is_whole = word.chars().count().abs_diff(typed_length) <= 1;
            if let Some((points, count)) = self.standing(word)? {
                best = best.max(Some(((points + u32::from(is_whole) * 100, count), word)));
            }
        }
        Ok(best.map(|(_, word): (_, &String)| word.clone()))
    }

    /// What a word earns that is corrected, where it stands at best, and how many tickets have it there.
    fn standing(&self, word: &str) -> tantivy::Result<Option<(u32, u64)>> {
        let term = self.term(word);
        let segments = self.searcher.segment_readers().iter();
        let mut counts = [0; Standing::ALL.len()];
        for of_segment in self.threads.map(|segment| counts_of(segment, &term), segments)? {
            counts.iter_mut().zip(of_segment).for_each(|(all, count)| *all += count);
        }
        let best = counts.into_iter().zip(Standing::ALL).find(|(count, _)| *count > 0);
        Ok(best.map(|(count, standing)| (standing.points(Likeness::Corrected), count)))
    }
}

/// How many tickets of a segment have a word at each standing, in the order of [`Standing::ALL`].
fn counts_of(segment: &SegmentReader, term: &Term) -> tantivy::Result<[u64; Standing::ALL.len()]> {
    let mut counts = [0; Standing::ALL.len()];
    let index = segment.inverted_index(term.field())?;
    let Some(mut blocks) = index.read_block_postings(term, IndexRecordOption::WithFreqs)? else { return Ok(counts) };
    while !blocks.docs().is_empty() {
        let there = blocks.docs().iter().zip(blocks.freqs()).filter(|(document, _)| !segment.is_deleted(**document));
        for (_, frequency) in there {
            let at = standing(*frequency);
            let count = counts.iter_mut().zip(Standing::ALL).find(|(_, standing)| *standing == at);
            count.into_iter().for_each(|(count, _)| *count += 1);
        }
        blocks.advance();
    }
    Ok(counts)
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

fn scored(term: Term, points: u32) -> Box<dyn Query> {
    constant(Box::new(TermQuery::new(term, IndexRecordOption::Basic)), points)
}

/// What a match earns, whatever the index has besides: a rank is the same on every page.
fn constant(query: Box<dyn Query>, points: u32) -> Box<dyn Query> {
    // Points are small, so each is exact.
    let score = u16::try_from(points).map_or(0.0, Score::from);
    Box::new(ConstScoreQuery::new(query, score))
}
