//! The timers of orders that await payment.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::event::{Event, Topic};
use crate::domain::ids::OrderId;
use crate::domain::order::OrderStatus;
use crate::domain::time::Timestamp;
use crate::ports::store::StoreError;
use crate::ports::timers::{Timer, TimerQueue};

use super::{Differing, Rebuild, Rebuilt};

/// Sets the timers again of all orders that await payment according to the log.
///
/// Timers cannot be compared, since they are lent and not read; setting one again does no harm.
#[derive(Debug)]
pub struct RebuildTimers {
    timers: Arc<dyn TimerQueue>,
    shadow: BTreeMap<Uuid, (u64, Option<Timestamp>)>,
}

impl RebuildTimers {
    /// For these timers.
    #[must_use]
    pub fn new(timers: Arc<dyn TimerQueue>) -> Self {
        Self { timers, shadow: BTreeMap::new() }
    }
}

#[async_trait]
impl Rebuild for RebuildTimers {
    fn topics(&self) -> &[Topic] {
        &[Topic::Orders]
    }

    fn shadow(&mut self, event: Event) {
        let Some(order) = event.order_change().map(|change| &change.order) else { return };
        let due = match order.status {
            OrderStatus::AwaitingPayment { pay_by } => Some(pay_by),
            OrderStatus::Completed { .. } | OrderStatus::Refunded { .. } | OrderStatus::Cancelled { .. } => None,
        };
        let known = self.shadow.entry(order.id.uuid()).or_default();
        if order.version > known.0 {
            *known = (order.version, due);
        }
    }

    fn subjects(&self) -> Vec<Uuid> {
        self.shadow.keys().copied().collect()
    }

    async fn compare(&self, subjects: &[Uuid], differing: Differing) -> Result<Rebuilt, StoreError> {
        let timer = |subject: &Uuid| {
            let (_, due) = self.shadow.get(subject)?;
            due.map(|due| Timer { order: OrderId::new(*subject), due })
        };
        let timers: Vec<Timer> = subjects.iter().filter_map(timer).collect();
        if differing == Differing::Replace && !timers.is_empty() {
            self.timers.schedule(&timers).await.map_err(|error| StoreError::Unavailable(error.into()))?;
        }
        Ok(Rebuilt { same: subjects.len() as u64, ..Rebuilt::default() })
    }
}
