//! Finds orders that nobody paid, even if every timer was lost.
//!
//! A timer ends an order on time. This sweep ends it a little later, whatever
//! became of the timer, so that no order stays open.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::future;

use crate::messaging::driver::Step;
use crate::ports::order_store::OverdueCursor;
use crate::ports::store::Page;
use crate::ports::{BoxError, error_chain};
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::Orders;
use super::batcher::{OrderAction, OrderCommand};

/// Ends orders whose deadline passed a while ago.
#[derive(Debug, Clone)]
pub struct ExpireOverdue {
    orders: Orders,
    grace: Duration,
    batch: usize,
    after: Option<OverdueCursor>,
}

impl ExpireOverdue {
    /// A step over `batch` orders; `grace` after its deadline, the timer of an order has had its chance.
    #[must_use]
    pub const fn new(orders: Orders, grace: Duration, batch: usize) -> Self {
        Self { orders, grace, batch, after: None }
    }
}

#[async_trait]
impl Step for ExpireOverdue {
    fn name(&self) -> &str {
        "orders-overdue"
    }

    async fn step(&mut self) -> Result<usize, BoxError> {
        let env = &self.orders.env;
        let now = env.now();
        let page = Page { after: self.after, limit: self.batch };
        let overdue = self.orders.store.overdue(now.before(self.grace), page).await?;
        // Behind the last page the next step begins again: what could not be ended gets another try.
        self.after = if overdue.len() < self.batch { None } else { overdue.last().and_then(OverdueCursor::of) };
        let ends = overdue.iter().map(|order| {
            let origin = Origin::new(env.uuid(now));
            let action = OrderAction::Expire(order.id);
            self.orders.batchers.decide(OrderCommand { ticket: order.ticket.id, action, origin })
        });
        let mut expired = 0;
        for (order, end) in overdue.iter().zip(future::join_all(ends).await) {
            match end {
                Ok(_) => expired += 1,
                // It was paid or cancelled meanwhile.
                Err(Error::Order(_)) => {}
                Err(error) => {
                    let cause = error_chain(&error);
                    tracing::warn!(order = %order.id, cause, "order {} is overdue and could not be ended", order.id);
                }
            }
        }
        Ok(expired)
    }

    async fn idle(&mut self) {
        future::pending().await
    }

    async fn finish(self: Box<Self>) {}
}
