//! Finds orders that nobody paid, even if every timer was lost.
//!
//! A timer ends an order on time. This sweep ends it a little later, whatever
//! became of the timer, so that no order waits for ever.

use std::time::Duration;

use async_trait::async_trait;
use futures::future;

use crate::flow::desk::{Matter, Wish};
use crate::flow::driver::Step;
use crate::ports::BoxError;
use crate::usecase::error::Error;
use crate::wire::Origin;

use super::Orders;

/// Ends orders whose deadline passed a while ago.
#[derive(Debug, Clone)]
pub struct ExpireOverdue {
    /// Whose orders.
    pub orders: Orders,
    /// How long after the deadline a timer has had its chance.
    pub grace: Duration,
    /// The most orders in one step.
    pub batch: usize,
}

#[async_trait]
impl Step for ExpireOverdue {
    fn name(&self) -> &str {
        "orders-overdue"
    }

    async fn step(&mut self) -> Result<usize, BoxError> {
        let world = &self.orders.world;
        let now = world.now();
        let overdue = self.orders.store.overdue(now.before(self.grace), self.batch).await?;
        let ends = overdue.iter().map(|order| {
            let origin = Origin::new(world.uuid(now));
            self.orders.desks.decide(Matter { ticket: order.ticket.id, wish: Wish::Expire(order.id), origin })
        });
        let mut expired = 0;
        for (order, end) in overdue.iter().zip(future::join_all(ends).await) {
            match end {
                Ok(_) => expired += 1,
                // It was paid or cancelled meanwhile.
                Err(Error::Order(_)) => {}
                Err(error) => {
                    let cause = crate::flow::driver::causes(&error);
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
