//! Sales that no question notices are not written, and no answer is another for it.

use std::collections::BTreeSet;

use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::search::{Filters, Places, Question, SearchChange, SearchPage, SearchSort, Watermark};
use ticketing_core::domain::ticket::{Offer, OfferInput, Sales, Ticket, TicketStatus};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::search_index::SearchIndex;
use ticketing_memory::MemorySearchIndex;
use ticketing_tantivy::{TantivyConfig, TantivyIndex};
use uuid::Uuid;

use crate::world::Scratch;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn facts(ticket: u32, version: u64) -> SearchChange {
    let quantity = if version.is_multiple_of(3) { 55 } else { 60 };
    let offer =
        Offer::parse(OfferInput { title: "Opera", amount: 1200, currency: "EUR", quantity, ..OfferInput::default() });
    SearchChange::Facts(Box::new(Ticket {
        id: TicketId::from_u128(u128::from(ticket)),
        seller: AccountId::from_u128(1),
        seller_name: None,
        offer: offer.expect("an offer"),
        status: TicketStatus::OnSale,
        created_at: NOW,
        version,
    }))
}

/// Of most versions fifty places are left, and of some far fewer.
fn sales(ticket: u32, version: u64) -> SearchChange {
    let drawn = u32::try_from(version * 7 % 11).expect("a small number") + ticket;
    let held = if drawn.is_multiple_of(5) { 30 + ticket % 28 } else { drawn % 6 };
    let sales = Sales { held, sold: 0, version };
    SearchChange::Sales { ticket: TicketId::from_u128(u128::from(ticket)), sales }
}

async fn left(index: &dyn SearchIndex, places: u32) -> BTreeSet<TicketId> {
    let filters = Filters { places: Places::Left(places), ..Filters::default() };
    let question = Question::parse("", filters, SearchSort::Newest, NOW).expect("a question");
    let found = index.search(&question, SearchPage::First { limit: SearchPage::MOST }).await.expect("an answer");
    found.hits.iter().map(|hit| hit.ticket).collect()
}

/// A number below a bound, the same in each run.
fn draw(seed: &mut u64, below: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

fn in_folder(scratch: &Scratch) -> TantivyConfig {
    TantivyConfig { folder: Some(scratch.index()), ..TantivyConfig::default() }
}

async fn open(config: TantivyConfig) -> TantivyIndex {
    TantivyIndex::open(config).await.expect("an index opens")
}

#[tokio::test]
async fn answers_are_those_of_the_reference_in_whichever_order_sales_come() {
    let scratch = Scratch::new();
    let [in_memory, mut kept] = [open(TantivyConfig::default()).await, open(in_folder(&scratch)).await];
    let reference = MemorySearchIndex::default();
    let (upto, mut seed) = (Watermark::begin(Uuid::nil()).after(1, NOW), 1);
    for batch in 0..200 {
        let drawn = (0..1 + draw(&mut seed, 5)).map(|_| {
            let ticket = u32::try_from(draw(&mut seed, 20)).expect("a small number");
            // Mostly what comes next, sometimes what is late or early.
            let version = 1 + batch / 8 + draw(&mut seed, 3);
            if draw(&mut seed, 6) == 0 { facts(ticket, version) } else { sales(ticket, version) }
        });
        let changes: Vec<_> = drawn.collect();
        let indexes: [&dyn SearchIndex; 3] = [&in_memory, &kept, &reference];
        for index in indexes {
            index.apply(changes.clone(), upto).await.expect("it is applied");
        }
        for places in [1, 20, 35, 50] {
            let expected = left(&reference, places).await;
            assert_eq!(left(&in_memory, places).await, expected, "in memory, {batch}: {changes:?}");
            assert_eq!(left(&kept, places).await, expected, "in a folder, {batch}: {changes:?}");
        }
        if draw(&mut seed, 8) == 0 {
            // What was passed by is forgotten.
            drop(kept);
            kept = open(in_folder(&scratch)).await;
        }
    }
}

/// How many entries each of these changes of one ticket wrote.
async fn written(index: &TantivyIndex, sales: &[u64]) -> Vec<usize> {
    let upto = Watermark::begin(Uuid::nil()).after(1, NOW);
    let many =
        |version| SearchChange::Sales { ticket: TicketId::from_u128(7), sales: Sales { held: 1, sold: 0, version } };
    let mut written = vec![index.apply(vec![facts(7, 1)], upto).await.expect("it is applied")];
    for version in sales {
        written.push(index.apply(vec![many(*version)], upto).await.expect("it is applied"));
    }
    written
}

#[tokio::test]
async fn a_sale_that_leaves_many_places_is_written_to_a_folder_only_behind_a_gap() {
    let scratch = Scratch::new();
    let index = open(in_folder(&scratch)).await;

    let written = written(&index, &[1, 2, 2, 4, 5]).await;

    assert_eq!(
        written,
        [1, 0, 0, 0, 1, 0],
        "the third may have left few, is yet to come, and may find another process"
    );
}

#[tokio::test]
async fn a_sale_that_leaves_many_places_is_never_written_in_memory() {
    let index = open(TantivyConfig::default()).await;

    let written = written(&index, &[1, 2, 2, 4, 3, 9]).await;

    assert_eq!(written, [1, 0, 0, 0, 0, 0, 0], "what was passed by is known as long as the index is there");
}

#[tokio::test]
async fn sales_of_a_ticket_that_is_not_known_are_written() {
    let index = open(TantivyConfig::default()).await;
    let upto = Watermark::begin(Uuid::nil()).after(1, NOW);

    let written = index.apply(vec![sales(7, 1)], upto).await.expect("it is applied");

    assert_eq!(written, 1, "its places may be few, and nobody tells its sales a second time");
}
