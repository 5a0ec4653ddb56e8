//! Sets a timer for each order that awaits payment.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::event::Topic;
use crate::domain::ids::OrderId;
use crate::domain::order::OrderStatus;
use crate::messaging::consumer::{EventHandler, HandleError, Incoming};
use crate::ports::timers::{Timer, TimerError};

use super::Expiration;

/// Feeds order events to the expiration service.
#[derive(Debug, Clone)]
pub struct ExpirationFollowsOrders(pub Expiration);

#[async_trait]
impl EventHandler for ExpirationFollowsOrders {
    fn name(&self) -> &str {
        "expiration"
    }

    fn topics(&self) -> &[Topic] {
        &[Topic::Orders]
    }

    /// A timer that is set a moment late is early enough: orders are held for minutes.
    fn patience(&self) -> Duration {
        Duration::from_millis(100)
    }

    async fn handle(&self, events: &[Incoming]) -> Result<(), HandleError> {
        let (timers, ended) = timers_of(events);
        // Order matters: an order that was placed and ended within the batch keeps no timer.
        if !timers.is_empty() {
            self.0.timers.schedule(&timers).await?;
        }
        if !ended.is_empty() {
            self.0.timers.cancel(&ended).await?;
        }
        Ok(())
    }
}

fn timers_of(events: &[Incoming]) -> (Vec<Timer>, Vec<OrderId>) {
    let (mut timers, mut ended) = (Vec::new(), Vec::new());
    for change in events.iter().filter_map(|incoming| incoming.event.order_change()) {
        let order = &change.order;
        match order.status {
            OrderStatus::AwaitingPayment { pay_by } => timers.push(Timer { order: order.id, due: pay_by }),
            OrderStatus::Completed { .. } | OrderStatus::Refunded { .. } | OrderStatus::Cancelled { .. } => {
                ended.push(order.id)
            }
        }
    }
    (timers, ended)
}

impl From<TimerError> for HandleError {
    fn from(error: TimerError) -> Self {
        Self::Unavailable(error.into())
    }
}
