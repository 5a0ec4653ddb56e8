//! The expiration service: publishes when the time to pay an order is over.
//!
//! It keeps timers and nothing else. A timer that fires twice, late or for an
//! order that ended does no harm: the orders service decides.

mod fire_due;
mod schedule_expiry;

use std::sync::Arc;

use crate::ports::timers::TimerQueue;
use crate::ports::transport::EventPublisher;

use crate::ports::clock::ClockAndIds;

pub use fire_due::FireDue;
pub use schedule_expiry::ExpirationFollowsOrders;

/// What the expiration service works with. A clone is the same service.
#[derive(Debug, Clone)]
pub struct Expiration {
    /// Keeps timers.
    pub timers: Arc<dyn TimerQueue>,
    /// Takes events to the others.
    pub publisher: Arc<dyn EventPublisher>,
    /// Time and chance.
    pub env: ClockAndIds,
}
