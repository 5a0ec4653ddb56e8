//! Ends the orders of events that were called off, even if nobody heard of it in time.
//!
//! `ticket.called_off` ends them at once. If it was missed, and the stock was rebuilt since, or if an order could not be
//! read then, this sweep ends them a little later, so that nobody who paid is left without the money.

use async_trait::async_trait;
use futures_util::future;

use crate::domain::ids::TicketId;
use crate::messaging::driver::Step;
use crate::ports::store::Page;
use crate::ports::{BoxError, error_chain};
use crate::wire::Origin;

use super::Orders;

/// Ends orders of called-off events that are still open or completed.
#[derive(Debug, Clone)]
pub struct EndCalledOff {
    orders: Orders,
    batch: usize,
    after: Option<TicketId>,
}

impl EndCalledOff {
    /// A step over the orders of `batch` tickets.
    #[must_use]
    pub const fn new(orders: Orders, batch: usize) -> Self {
        Self { orders, batch, after: None }
    }
}

#[async_trait]
impl Step for EndCalledOff {
    fn name(&self) -> &str {
        "orders-called-off"
    }

    async fn step(&mut self) -> Result<usize, BoxError> {
        let env = &self.orders.env;
        let page = Page { after: self.after, limit: self.batch };
        let stocks = self.orders.store.called_off(page).await?;
        // Behind the last page the next step begins again: what could not be ended gets another try.
        self.after = stocks.last().filter(|_| stocks.len() == self.batch).map(|stock| stock.ticket);
        let mut ended = 0;
        // A release that does not know of this list may have ended the last order and left the stock in it.
        for stock in stocks.iter().filter(|stock| stock.is_to_end()) {
            let origin = Origin::new(env.uuid(env.now()));
            match self.orders.end_orders_of(stock.ticket, &origin).await {
                Ok(orders) => ended += orders,
                Err(error) => {
                    let (ticket, cause) = (stock.ticket, error_chain(&error));
                    tracing::warn!(%ticket, cause, "the orders of ticket {ticket}, which was called off, did not end");
                }
            }
        }
        Ok(ended)
    }

    async fn idle(&mut self) {
        future::pending().await
    }

    async fn finish(self: Box<Self>) {}
}
