//! Indexes that show what is not, lose what is, or count wrongly.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;

use ticketing_conformance::search_index::{SEARCH_INDEX, SearchIndexFixture};
use ticketing_core::domain::ids::TicketId;
use ticketing_core::domain::search::{Facets, Filters, Found, Moment, Question, SearchChange, SearchPage, Watermark};
use ticketing_core::domain::ticket::{Sales, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::search_index::{SearchError, SearchIndex, SearchIndexes};
use ticketing_memory::MemorySearchIndex;

use super::assert_notices;

/// What is wrong with an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    ShowsOneBatchLate,
    CountsWhatItIsTold,
    BelievesWhatComesLast,
    ForgetsSalesWithoutFacts,
    KeepsWhatIsWithdrawn,
    IgnoresFilters,
    HasOneClock,
    TurnsTheOrderAround,
    CountsNothingBefore,
    StartsAgainBehindWhatIsGone,
    NarrowsItsChoices,
    OrdersByAge,
    KeepsCorrectionsToItself,
    CorrectsNothing,
    KnowsOneAlphabet,
    SuggestsTwice,
    GivesUpOnLongWords,
    KeepsItsFirstWatermark,
    AppliesInTwoHalves,
    DropsWhatComesMeanwhile,
    KeepsTheWatermarkAlone,
    KeepsSalesToItself,
    BeginsWithWhatIsThere,
    OpensTheFormerOne,
    OpensWhatWasBegun,
}

#[derive(Debug, Clone)]
struct Flawed {
    flaw: Flaw,
    index: MemorySearchIndex,
    held_back: Arc<Mutex<Vec<SearchChange>>>,
    /// Versions above all that are told.
    versions: Arc<AtomicU64>,
    is_busy: Arc<AtomicBool>,
    first: Arc<Mutex<Option<Watermark>>>,
}

impl Flawed {
    fn new(flaw: Flaw) -> Self {
        Self {
            flaw,
            index: MemorySearchIndex::default(),
            held_back: Arc::default(),
            versions: Arc::new(AtomicU64::new(1000)),
            is_busy: Arc::default(),
            first: Arc::default(),
        }
    }

    /// What it takes over of a batch.
    fn taken(&self, changes: Vec<SearchChange>) -> Vec<SearchChange> {
        match self.flaw {
            Flaw::ShowsOneBatchLate => std::mem::replace(&mut self.held_back.lock(), changes),
            Flaw::BelievesWhatComesLast => changes.into_iter().map(|change| self.newest(change)).collect(),
            Flaw::ForgetsSalesWithoutFacts => {
                let is_new =
                    |change: &SearchChange| matches!(change, SearchChange::Facts(ticket) if ticket.version == 1);
                let knows_facts = changes.iter().any(is_new) || self.first.lock().is_some();
                let is_kept = |change: &SearchChange| knows_facts || matches!(change, SearchChange::Facts(_));
                changes.into_iter().filter(is_kept).collect()
            }
            Flaw::KeepsWhatIsWithdrawn => {
                let is_on_sale = |change: &SearchChange| match change {
                    SearchChange::Facts(ticket) => ticket.status == TicketStatus::OnSale,
                    SearchChange::Sales { .. } => true,
                };
                changes.into_iter().filter(is_on_sale).collect()
            }
            _ => changes,
        }
    }

    fn newest(&self, mut change: SearchChange) -> SearchChange {
        let version = self.versions.fetch_add(1, Ordering::Relaxed);
        match &mut change {
            SearchChange::Facts(ticket) => ticket.version = version,
            SearchChange::Sales { sales, .. } => sales.version = version,
        }
        change
    }

    /// What it takes a question for.
    fn understood(&self, question: &Question) -> Question {
        let asked = |filters: Filters, sort| {
            // Its words are gone, so a question with words keeps what it is.
            Question::parse("", filters, sort, question.now()).unwrap_or_else(|_| question.clone())
        };
        match self.flaw {
            Flaw::IgnoresFilters if question.text().is_none() => asked(Filters::default(), question.sort()),
            Flaw::HasOneClock => {
                let at = |moment| match moment {
                    Moment::AtPlace(time) => Moment::At(Timestamp::from_millis(time.millis())),
                    moment @ Moment::At(_) => moment,
                };
                let filters = question.filters().clone();
                asked(Filters { from: filters.from.map(at), to: filters.to.map(at), ..filters }, question.sort())
            }
            _ => question.clone(),
        }
    }

    /// What it answers in place of what is right.
    async fn changed(&self, question: &Question, page: SearchPage, mut found: Found) -> Result<Found, SearchError> {
        let wanted = question.text();
        match self.flaw {
            Flaw::TurnsTheOrderAround => found.hits.reverse(),
            Flaw::CountsNothingBefore => found.before = 0,
            Flaw::StartsAgainBehindWhatIsGone => {
                if let SearchPage::After { cursor, limit } | SearchPage::Before { cursor, limit } = page {
                    let all = self.index.search(question, SearchPage::First { limit: SearchPage::MOST }).await?;
                    if !all.hits.iter().any(|hit| hit.cursor() == cursor) {
                        return self.index.search(question, SearchPage::First { limit }).await;
                    }
                }
            }
            Flaw::OrdersByAge => found.hits.sort_by_key(|hit| hit.ticket),
            Flaw::KeepsCorrectionsToItself => found.instead = None,
            Flaw::CorrectsNothing if found.instead.is_some() => found = Found::default(),
            Flaw::KnowsOneAlphabet if wanted.is_some_and(|wanted| !wanted.whole.is_ascii()) => found = Found::default(),
            Flaw::GivesUpOnLongWords if wanted.is_some_and(|wanted| wanted.whole.len() > 100) => {
                return Err(SearchError::Unavailable("this is too much".into()));
            }
            _ => {}
        }
        Ok(found)
    }
}

#[async_trait]
impl SearchIndex for Flawed {
    async fn apply(&self, changes: Vec<SearchChange>, upto: Watermark) -> Result<usize, SearchError> {
        let told = changes.len();
        let changes = self.taken(changes);
        self.first.lock().get_or_insert(upto);
        match self.flaw {
            Flaw::AppliesInTwoHalves => {
                let (first, second) = changes.split_at(changes.len() / 2);
                let changed = self.index.apply(first.to_vec(), upto).await?;
                tokio::task::yield_now().await;
                Ok(changed + self.index.apply(second.to_vec(), upto).await?)
            }
            Flaw::DropsWhatComesMeanwhile => {
                if self.is_busy.swap(true, Ordering::Relaxed) {
                    return Ok(told);
                }
                tokio::task::yield_now().await;
                self.is_busy.store(false, Ordering::Relaxed);
                self.index.apply(changes, upto).await
            }
            Flaw::CountsWhatItIsTold => self.index.apply(changes, upto).await.map(|_| told),
            _ => self.index.apply(changes, upto).await,
        }
    }

    async fn search(&self, question: &Question, page: SearchPage) -> Result<Found, SearchError> {
        let understood = self.understood(question);
        let found = self.index.search(&understood, page).await?;
        self.changed(&understood, page, found).await
    }

    async fn facets(&self, question: &Question) -> Result<Facets, SearchError> {
        let facets = self.index.facets(question).await?;
        if self.flaw == Flaw::NarrowsItsChoices {
            let wanted = question.filters().city.as_deref().unwrap_or_default();
            let is_wanted = |value: &str| wanted.is_empty() || value.eq_ignore_ascii_case(wanted);
            let cities = facets.cities.iter().filter(|city| is_wanted(&city.value)).cloned().collect();
            return Ok(Facets { cities, ..facets });
        }
        Ok(facets)
    }

    async fn suggest(&self, typed: &str, now: Timestamp) -> Result<Vec<String>, SearchError> {
        let titles = self.index.suggest(typed, now).await?;
        let repeated = if self.flaw == Flaw::SuggestsTwice { titles.clone() } else { Vec::new() };
        Ok([titles, repeated].concat())
    }

    async fn watermark(&self) -> Result<Option<Watermark>, SearchError> {
        match self.flaw {
            Flaw::KeepsItsFirstWatermark | Flaw::KeepsTheWatermarkAlone => Ok(*self.first.lock()),
            _ => self.index.watermark().await,
        }
    }

    async fn sales(&self, tickets: &[TicketId]) -> Result<HashMap<TicketId, Sales>, SearchError> {
        let some = if self.flaw == Flaw::KeepsSalesToItself { &[] } else { tickets };
        self.index.sales(some).await
    }
}

/// What begins indexes beside another, and the one that it began last.
#[derive(Debug, Clone)]
struct Beside {
    index: Flawed,
    begun: Arc<Mutex<MemorySearchIndex>>,
}

#[async_trait]
impl SearchIndexes for Beside {
    async fn begin(&self) -> Result<Arc<dyn SearchIndex>, SearchError> {
        let index =
            if self.index.flaw == Flaw::BeginsWithWhatIsThere { self.index.index.clone() } else { Default::default() };
        *self.begun.lock() = index.clone();
        Ok(Arc::new(index))
    }

    async fn adopt(&self) -> Result<(), SearchError> {
        Ok(())
    }
}

struct World(Mutex<Beside>);

impl World {
    fn new(flaw: Flaw) -> Self {
        Self(Mutex::new(Beside { index: Flawed::new(flaw), begun: Arc::default() }))
    }
}

#[async_trait]
impl SearchIndexFixture for World {
    fn index(&self) -> Arc<dyn SearchIndex> {
        Arc::new(self.0.lock().index.clone())
    }

    fn indexes(&self) -> Arc<dyn SearchIndexes> {
        Arc::new(self.0.lock().clone())
    }

    async fn restart(&self) {
        let mut world = self.0.lock();
        let flaw = world.index.flaw;
        match flaw {
            Flaw::KeepsTheWatermarkAlone => world.index.index = MemorySearchIndex::default(),
            Flaw::OpensTheFormerOne => {}
            Flaw::OpensWhatWasBegun => {
                let begun = world.begun.lock().clone();
                world.index.index = begun;
            }
            _ => world.index = Flawed::new(flaw),
        }
    }
}

async fn assert_flawed(rule: &str, flaw: Flaw) {
    assert_notices(&SEARCH_INDEX, rule, &World::new(Flaw::None), &World::new(flaw)).await;
}

macro_rules! noticed {
    ($($name:ident: $flaw:ident by $rule:ident;)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                assert_flawed(stringify!($rule), Flaw::$flaw).await;
            }
        )*
    };
}

noticed! {
    a_batch_that_shows_with_the_next: ShowsOneBatchLate by what_was_applied_is_found;
    a_count_of_what_was_told: CountsWhatItIsTold by a_batch_applied_twice_is_applied_once;
    an_older_version_that_wins: BelievesWhatComesLast by an_older_version_changes_nothing;
    sales_that_are_lost_before_their_facts: ForgetsSalesWithoutFacts by sales_may_come_before_facts;
    a_ticket_that_stays_on_sale: KeepsWhatIsWithdrawn by what_is_not_on_sale_is_not_found;
    filters_that_are_ignored: IgnoresFilters by every_filter_narrows_a_question;
    one_clock_for_all_places: HasOneClock by days_are_those_of_the_place;
    an_order_that_is_turned_around: TurnsTheOrderAround by hits_are_in_the_order_asked_for;
    pages_that_all_are_the_first: CountsNothingBefore by search_pages_join_both_ways;
    a_page_that_starts_again: StartsAgainBehindWhatIsGone by a_page_goes_on_behind_a_hit_that_is_gone;
    choices_that_leave_no_choice: NarrowsItsChoices by facets_count_the_hits;
    an_order_by_age: OrdersByAge by exact_words_come_first;
    a_correction_that_nobody_is_told_of: KeepsCorrectionsToItself by an_error_is_corrected_and_told;
    one_alphabet: KnowsOneAlphabet by the_bank_of_questions_is_answered;
    errors_that_stay: CorrectsNothing by titles_are_found_with_an_error;
    a_title_that_is_suggested_twice: SuggestsTwice by suggestions_are_titles_on_sale;
    a_question_that_is_too_much: GivesUpOnLongWords by no_question_is_too_much;
    a_watermark_that_stays: KeepsItsFirstWatermark by the_watermark_is_that_of_the_last_batch;
    a_batch_in_two_halves: AppliesInTwoHalves by a_cancelled_apply_leaves_all_or_nothing;
    a_batch_that_is_lost_to_another: DropsWhatComesMeanwhile by batches_at_once_are_all_applied;
    a_watermark_without_what_it_counts: KeepsTheWatermarkAlone by what_was_applied_survives_a_restart;
    sales_that_nobody_is_told: KeepsSalesToItself by the_newest_sales_are_told;
    an_index_that_begins_with_what_is_there: BeginsWithWhatIsThere by an_index_begins_beside_the_one_in_use;
    an_adoption_that_is_forgotten: OpensTheFormerOne by an_adopted_index_is_there_after_a_restart;
    an_adoption_that_nobody_asked_for: OpensWhatWasBegun by an_adopted_index_is_there_after_a_restart;
}
