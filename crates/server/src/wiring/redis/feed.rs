//! Shows on the board what the processes of the marketplace tell of tickets.

use async_trait::async_trait;
use futures::FutureExt;

use ticketing_core::domain::ticket::Sales;
use ticketing_core::messaging::driver::Step;
use ticketing_core::ports::BoxError;
use ticketing_redis::{Heard, RedisTicketNews, TicketState};

use crate::live::{LiveUpdates, Offered};

/// Feeds live updates with news from Redis.
#[derive(Debug)]
pub(super) struct FeedLive {
    live: LiveUpdates,
    news: RedisTicketNews,
    /// Heard while idle.
    next: Option<Heard>,
}

impl FeedLive {
    pub(super) const fn new(live: LiveUpdates, news: RedisTicketNews) -> Self {
        Self { live, news, next: None }
    }

    fn show(&self, heard: &Heard) {
        match heard {
            Heard::Changes(changes) => {
                for change in changes.iter() {
                    self.live.show(change.ticket, || change.state().map(shown));
                }
            }
            Heard::Missed => self.live.doubt_all(),
        }
    }
}

fn shown(state: TicketState) -> (Offered, Sales) {
    let TicketState { price, quantity, status, version, sales } = state;
    (Offered { price: price.money(), quantity: quantity.get(), status, version }, sales)
}

#[async_trait]
impl Step for FeedLive {
    fn name(&self) -> &str {
        "web-live"
    }

    async fn step(&mut self) -> Result<usize, BoxError> {
        let heard = self.next.take().or_else(|| self.news.next().now_or_never());
        Ok(heard.map_or(0, |heard| {
            self.show(&heard);
            1
        }))
    }

    async fn idle(&mut self) {
        self.next = Some(self.news.next().await);
    }

    async fn finish(self: Box<Self>) {}
}
