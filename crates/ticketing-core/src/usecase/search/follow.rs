//! Feeds an index with what happens to tickets.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::event::Topic;
use crate::domain::search::{SearchChange, Watermark};
use crate::domain::time::Timestamp;
use crate::messaging::consumer::{EventHandler, HandleError, Incoming};
use crate::ports::clock::ClockAndIds;
use crate::ports::search_index::{SearchError, SearchIndex};

/// Feeds ticket and order events to an index.
///
/// Each index has a group of its own, named after its history: every process that has one gets every event. An index
/// that begins with nothing, because it is new, lies in memory or was damaged, draws another history, and so begins
/// with the oldest event; one that was there before goes on where its group stopped. The group never goes past what
/// the index has applied, because an event is settled only after that.
#[derive(Debug, Clone)]
pub struct SearchFollows {
    index: Arc<dyn SearchIndex>,
    history: Uuid,
    group: String,
    begins: bool,
}

impl SearchFollows {
    /// The feeder of an index, in a group of its own.
    ///
    /// A log that does not go back to the first ticket is not enough for an index that
    /// [begins](SearchFollows::begins): after the group has begun, [`fill_index`](super::fill_index) tells it the rest.
    ///
    /// # Errors
    ///
    /// [`SearchError`] if the index does not say how far it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use ticketing::{AccountId, Market, StartFrom};
    /// use ticketing_core::domain::search::{Question, SearchPage};
    /// use ticketing_core::ports::search_index::SearchIndex;
    /// use ticketing_core::usecase::search::SearchFollows;
    /// use ticketing_memory::MemorySearchIndex;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let env = Market::test().await?.env().clone();
    /// let index = MemorySearchIndex::default();
    /// let feeder = SearchFollows::open(Arc::new(index.clone()), &env).await?;
    /// let market = Market::builder().follow(feeder, StartFrom::Earliest).test().await?;
    /// let opera = market.sell(AccountId::from_u128(1), "Opera").price(4500, "EUR").await?;
    /// market.settle().await?;
    ///
    /// let found = index.search(&Question::all(market.env().now()), SearchPage::First { limit: 10 }).await?;
    /// assert_eq!(found.hits[0].ticket, opera.id);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(index: Arc<dyn SearchIndex>, env: &ClockAndIds) -> Result<Self, SearchError> {
        let known = index.watermark().await?;
        let this = Self::knowing(index, Self::GROUP, known, env);
        Ok(Self { group: format!("{}-{}", Self::GROUP, this.history), ..this })
    }

    /// The group of an index that is fed by a log of its own process; no other consumer can be called so.
    pub const GROUP: &str = "search";

    /// The feeder of an index whose watermark is known, in a group that is always called the same: for an index and a
    /// log that begin and end with their process.
    #[must_use]
    pub fn knowing(index: Arc<dyn SearchIndex>, group: &str, known: Option<Watermark>, env: &ClockAndIds) -> Self {
        let history = known.map_or_else(|| env.uuid(env.now()), |watermark| watermark.history);
        let begins = known.is_none_or(|watermark| watermark.is_beginning());
        Self { index, history, group: group.to_owned(), begins }
    }

    /// The feeder of an index in a group that is always called the same.
    ///
    /// For an engine that keeps events until every group has settled them, where a group that is left behind is a
    /// burden: the index is filled by [`fill_index`](super::fill_index) whenever it begins. Two indexes in one group
    /// would each get half of the events.
    ///
    /// # Errors
    ///
    /// [`SearchError`] if the index does not say how far it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use ticketing::Market;
    /// use ticketing_core::messaging::consumer::EventHandler;
    /// use ticketing_core::usecase::search::SearchFollows;
    /// use ticketing_memory::MemorySearchIndex;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let env = Market::test().await?.env().clone();
    /// let feeder = SearchFollows::in_group(Arc::new(MemorySearchIndex::default()), "search", &env).await?;
    /// assert_eq!(feeder.name(), "search");
    /// assert!(feeder.begins());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn in_group(index: Arc<dyn SearchIndex>, group: &str, env: &ClockAndIds) -> Result<Self, SearchError> {
        let known = index.watermark().await?;
        Ok(Self::knowing(index, group, known, env))
    }

    /// The same group, which feeds this index in place of its own.
    pub(crate) fn feeding(self, index: Arc<dyn SearchIndex>) -> Self {
        Self { index, ..self }
    }

    /// The index that it feeds.
    #[must_use]
    pub const fn index(&self) -> &Arc<dyn SearchIndex> {
        &self.index
    }

    pub(crate) const fn history(&self) -> Uuid {
        self.history
    }

    /// Whether the index had nothing when the feeder was made, or was not filled to the end.
    #[must_use]
    pub const fn begins(&self) -> bool {
        self.begins
    }

    async fn apply(&self, events: &[Incoming]) -> Result<(), SearchError> {
        let changes = events.iter().filter_map(|incoming| SearchChange::of(&incoming.event)).collect();
        let newest = events.iter().map(|incoming| incoming.envelope.time).max().unwrap_or(Timestamp::EPOCH);
        let known = self.index.watermark().await?.unwrap_or_else(|| Watermark::begin(self.history));
        self.index.apply(changes, known.after(events.len() as u64, newest)).await?;
        Ok(())
    }
}

#[async_trait]
impl EventHandler for SearchFollows {
    fn name(&self) -> &str {
        &self.group
    }

    fn topics(&self) -> &[Topic] {
        &[Topic::Tickets, Topic::Orders]
    }

    /// A change is found within a tenth of a second, and a commit of an index costs the same however much it has.
    fn patience(&self) -> Duration {
        Duration::from_millis(50)
    }

    async fn handle(&self, events: &[Incoming]) -> Result<(), HandleError> {
        // A damaged index is no fault of an event: it is built again, and the events are not parked meanwhile.
        self.apply(events).await.map_err(|error| HandleError::Unavailable(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::ports::search_index::MockSearchIndex;

    fn handled(index: MockSearchIndex) -> Result<(), HandleError> {
        let history = Uuid::from_u128(1);
        let follows = SearchFollows { index: Arc::new(index), history, group: "search".to_owned(), begins: true };
        follows.handle(&[]).now_or_never().unwrap()
    }

    #[test]
    fn events_wait_for_an_index_that_does_not_answer_or_is_damaged() {
        for error in [SearchError::Unavailable, SearchError::Corrupt] {
            let mut index = MockSearchIndex::new();
            index.expect_watermark().returning(|| Ok(None));
            index.expect_apply().returning(move |_, _| Err(error("it is away".into())));

            assert!(matches!(handled(index), Err(HandleError::Unavailable(_))));
        }
    }

    #[test]
    fn the_first_batch_begins_a_history() {
        let mut index = MockSearchIndex::new();
        index.expect_watermark().returning(|| Ok(None));
        index.expect_apply().withf(|_, upto| upto.history == Uuid::from_u128(1)).returning(|_, _| Ok(0));

        assert!(handled(index).is_ok());
    }
}
