//! Rules of [`SearchIndex`].
#![expect(clippy::missing_panics_doc, reason = "rules panic by design")]

mod applying;
mod bank;
mod beside;
mod bounds;
mod paging;
mod words;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::search::{Filters, Found, Question, SearchChange, SearchPage, SearchSort, Watermark};
use ticketing_core::domain::ticket::{Offer, OfferInput, Ticket, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::search_index::{SearchIndex, SearchIndexes};
use uuid::Uuid;

use crate::report::Family;
use crate::sample::{self, NOW};
use crate::time::soon;

pub use applying::{
    a_batch_applied_twice_is_applied_once, a_cancelled_apply_leaves_all_or_nothing, an_older_version_changes_nothing,
    batches_at_once_are_all_applied, sales_may_come_before_facts, the_watermark_is_that_of_the_last_batch,
    what_is_not_on_sale_is_not_found, what_was_applied_is_found, what_was_applied_survives_a_restart,
};
pub use bank::{the_bank_of_questions_is_answered, titles_are_found_with_an_error};
pub use beside::{
    an_adopted_index_is_there_after_a_restart, an_index_begins_beside_the_one_in_use, the_newest_sales_are_told,
};
pub use bounds::{days_are_those_of_the_place, every_filter_narrows_a_question, facets_count_the_hits};
pub use paging::{
    a_page_goes_on_behind_a_hit_that_is_gone, hits_are_in_the_order_asked_for, search_pages_join_both_ways,
};
pub use words::{
    an_error_is_corrected_and_told, exact_words_come_first, no_question_is_too_much, suggestions_are_titles_on_sale,
};

/// Every rule of this module.
pub const SEARCH_INDEX: Family<dyn SearchIndexFixture> = crate::search_index!(@ [family]);

/// An index to which nothing was applied.
#[async_trait]
pub trait SearchIndexFixture: Send + Sync {
    /// The index; the same one until it is restarted.
    fn index(&self) -> Arc<dyn SearchIndex>;

    /// Begin others beside it, until it is restarted.
    fn indexes(&self) -> Arc<dyn SearchIndexes>;

    /// Ends the process that has the index, however far it is, and opens it again in another one. What ends with its
    /// process begins with nothing. Nobody else has the index meanwhile.
    async fn restart(&self);
}

/// A page that has all the hits of a rule.
const ALL: SearchPage = SearchPage::First { limit: SearchPage::MOST };

/// A ticket with these facts; a price of ten euros and one place unless they say otherwise.
fn ticket(input: OfferInput<'_>) -> Ticket {
    let offer = Offer::parse(OfferInput {
        amount: if input.amount == 0 { 1000 } else { input.amount },
        currency: if input.currency.is_empty() { "EUR" } else { input.currency },
        quantity: input.quantity.max(1),
        ..input
    });
    let (id, seller) = (TicketId::new(sample::uuid()), AccountId::new(sample::uuid()));
    let offer = offer.expect("an offer within its bounds");
    Ticket { id, seller, seller_name: None, offer, status: TicketStatus::OnSale, created_at: NOW, version: 1 }
}

fn titled(title: &str) -> Ticket {
    ticket(OfferInput { title, ..OfferInput::default() })
}

fn facts(ticket: &Ticket) -> SearchChange {
    SearchChange::Facts(Box::new(ticket.clone()))
}

/// So many days from now, at noon in Greenwich.
fn in_days(days: u64) -> Timestamp {
    NOW.after(Duration::from_secs(days * 24 * 3600 + 4 * 3600))
}

/// A history of its own, with so much of it handled.
fn watermark(handled: u64) -> Watermark {
    Watermark::begin(Uuid::from_u128(7)).after(handled, NOW)
}

async fn apply(fixture: &dyn SearchIndexFixture, changes: Vec<SearchChange>) -> usize {
    let handled = fixture_watermark(fixture).await.map_or(0, |watermark| watermark.handled) + 1;
    let index = fixture.index();
    soon("a batch is applied", index.apply(changes, watermark(handled))).await.expect("the index answers")
}

async fn apply_all(fixture: &dyn SearchIndexFixture, tickets: &[&Ticket]) {
    apply(fixture, tickets.iter().map(|ticket| facts(ticket)).collect()).await;
}

async fn fixture_watermark(fixture: &dyn SearchIndexFixture) -> Option<Watermark> {
    let index = fixture.index();
    soon("a watermark is read", index.watermark()).await.expect("the index answers")
}

async fn page(fixture: &dyn SearchIndexFixture, question: &Question, page: SearchPage) -> Found {
    let index = fixture.index();
    soon("a question is answered", index.search(question, page)).await.expect("the index answers")
}

/// The tickets that a question finds, in order.
async fn found(fixture: &dyn SearchIndexFixture, question: &Question) -> Vec<TicketId> {
    page(fixture, question, ALL).await.hits.iter().map(|hit| hit.ticket).collect()
}

fn question(text: &str) -> Question {
    asked(text, Filters::default(), SearchSort::BestMatch)
}

fn asked(text: &str, filters: Filters, sort: SearchSort) -> Question {
    Question::parse(text, filters, sort, NOW).expect("a question within its bounds")
}

fn filtered(filters: Filters) -> Question {
    asked("", filters, SearchSort::Newest)
}

fn ids(tickets: &[&Ticket]) -> Vec<TicketId> {
    tickets.iter().map(|ticket| ticket.id).collect()
}
