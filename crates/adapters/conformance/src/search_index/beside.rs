//! Rules of an index that is begun beside the one in use, and of what it is told that the other knew.

use std::collections::HashMap;
use std::sync::Arc;

use ticketing_core::domain::search::{Question, SearchChange, Watermark};
use ticketing_core::domain::ticket::{OfferInput, Ticket};
use ticketing_core::ports::search_index::{SearchIndex, SearchIndexes};

use super::applying::sales;
use super::{ALL, SearchIndexFixture, apply, facts, fixture_watermark, found, ids, ticket, titled, watermark};
use crate::outcome::Outcome;
use crate::sample::NOW;
use crate::time::soon;

/// The newest sales of each ticket are told, whether or not they make a difference to a question, and none of a ticket
/// that nobody ordered.
pub async fn the_newest_sales_are_told(fixture: &dyn SearchIndexFixture) -> Outcome {
    let hall = ticket(OfferInput { title: "Hall", quantity: 1000, ..OfferInput::default() });
    let (early, idle, unknown) = (titled("Early"), titled("Idle"), titled("Unknown"));
    apply(fixture, vec![facts(&hall), facts(&idle), sales(&early, 1, 2)]).await;
    for (sold, version) in [(3, 1), (9, 5), (7, 4)] {
        apply(fixture, vec![sales(&hall, sold, version)]).await;
    }

    let index = fixture.index();
    let asked = [&hall, &early, &idle, &unknown].map(|ticket| ticket.id);
    let told = soon("sales are told", index.sales(&asked)).await.expect("the index answers");
    let told: HashMap<_, _> =
        told.into_iter().map(|(ticket, sales)| (ticket, (sales.committed(), sales.version))).collect();
    assert_eq!(told, HashMap::from([(hall.id, (9, 5)), (early.id, (1, 2))]), "the newest of each");
    Outcome::Kept
}

async fn begin(indexes: &dyn SearchIndexes) -> Arc<dyn SearchIndex> {
    soon("an index begins", indexes.begin()).await.expect("there is room")
}

async fn adopt(indexes: &dyn SearchIndexes) {
    soon("an index is adopted", indexes.adopt()).await.expect("it was begun");
}

async fn tell(index: &dyn SearchIndex, ticket: &Ticket) -> Watermark {
    let upto = watermark(99);
    soon("a batch is applied", index.apply(vec![facts(ticket)], upto)).await.expect("the index answers");
    upto
}

async fn count(index: &dyn SearchIndex) -> u64 {
    soon("a question is answered", index.search(&Question::all(NOW), ALL)).await.expect("the index answers").count
}

/// An index that begins has nothing, and neither it nor the one in use hears what is applied to the other.
pub async fn an_index_begins_beside_the_one_in_use(fixture: &dyn SearchIndexFixture) -> Outcome {
    let (opera, circus) = (titled("Opera"), titled("Circus"));
    apply(fixture, vec![facts(&opera)]).await;
    let indexes = fixture.indexes();

    let next = begin(&*indexes).await;
    assert_eq!(soon("a watermark is read", next.watermark()).await.expect("the index answers"), None, "it begins");
    assert_eq!(count(&*next).await, 0, "it begins with nothing");
    for _ in 0..2 {
        tell(&*next, &circus).await;
        assert_eq!(count(&*next).await, 1, "what was applied to it");
        assert_eq!(found(fixture, &Question::all(NOW)).await, ids(&[&opera]), "the one in use is as it was");
    }
    let another = begin(&*indexes).await;
    assert_eq!(count(&*another).await, 0, "each begins with nothing");
    apply(fixture, vec![SearchChange::Facts(Box::new(titled("Recital")))]).await;
    assert_eq!((count(&*another).await, count(&*next).await), (0, 1), "what was applied to the one in use");
    Outcome::Kept
}

/// After a restart the index is there that was in use, or the one that was adopted, and what was only begun is not.
/// An index that ends with its process begins with nothing either way.
pub async fn an_adopted_index_is_there_after_a_restart(fixture: &dyn SearchIndexFixture) -> Outcome {
    let (opera, circus) = (titled("Opera"), titled("Circus"));
    apply(fixture, vec![facts(&opera)]).await;
    let in_use = fixture_watermark(fixture).await;
    let next = begin(&*fixture.indexes()).await;
    tell(&*next, &circus).await;
    drop(next);
    fixture.restart().await;
    let is_kept = fixture_watermark(fixture).await.is_some();
    let expected = if is_kept { (in_use, ids(&[&opera])) } else { (None, Vec::new()) };
    let stands = async || (fixture_watermark(fixture).await, found(fixture, &Question::all(NOW)).await);
    assert_eq!(stands().await, expected, "what was begun was not adopted");

    let indexes = fixture.indexes();
    drop(begin(&*indexes).await);
    let next = begin(&*indexes).await;
    let upto = tell(&*next, &circus).await;
    adopt(&*indexes).await;
    tell(&*next, &opera).await;
    assert_eq!(count(&*next).await, 2, "it is fed after it was adopted");
    drop((indexes, next));
    fixture.restart().await;
    let mut both = ids(&[&opera, &circus]);
    both.sort();
    let (known, mut after) = stands().await;
    after.sort();
    let expected = if is_kept { (Some(upto), both) } else { (None, Vec::new()) };
    assert_eq!((known, after), expected, "the one that was adopted");
    Outcome::Kept
}
