//! Feeds live updates from a ticket feed.

use async_trait::async_trait;
use futures::FutureExt;

use ticketing_core::messaging::driver::Step;
use ticketing_core::ports::BoxError;
use ticketing_core::ports::ticket_feed::{FeedItem, TicketFeed};

use super::LiveUpdates;

/// Shows on the board what a ticket feed reports.
#[derive(Debug)]
pub(crate) struct FeedLive {
    live: LiveUpdates,
    feed: Box<dyn TicketFeed>,
    /// Arrived while idle.
    next: Option<FeedItem>,
}

impl FeedLive {
    pub(crate) fn new(live: LiveUpdates, feed: Box<dyn TicketFeed>) -> Self {
        Self { live, feed, next: None }
    }

    fn show(&self, item: &FeedItem) {
        match item {
            FeedItem::Changed(changes) => changes.iter().for_each(|change| {
                self.live.show(change.ticket, || change.state().map(|state| (state.into(), state.sales)));
            }),
            FeedItem::Missed => self.live.doubt_all(),
        }
    }
}

#[async_trait]
impl Step for FeedLive {
    fn name(&self) -> &str {
        "web-live"
    }

    async fn step(&mut self) -> Result<usize, BoxError> {
        let Some(item) = self.next.take().or_else(|| self.feed.next().now_or_never()) else { return Ok(0) };
        self.show(&item);
        Ok(1)
    }

    async fn idle(&mut self) {
        self.next = Some(self.feed.next().await);
    }

    async fn finish(self: Box<Self>) {}
}
