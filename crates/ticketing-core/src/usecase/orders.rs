//! The orders service: who gets a ticket.

pub mod batcher;
mod cancel_order;
mod end_called_off;
mod end_orders;
mod expire_overdue;
mod follow;
mod place_order;
mod read_orders;
mod read_sales;
mod refund_order;

use std::sync::Arc;

use crate::ports::clock::ClockAndIds;
use crate::ports::order_store::OrderStore;

use super::replica_wait::ReplicaWaits;

use batcher::OrderBatchers;

pub use end_called_off::EndCalledOff;
pub use expire_overdue::ExpireOverdue;
pub use follow::OrdersFollow;
pub use place_order::PlaceOrder;
pub use read_sales::TicketSales;

/// What the orders service works with. A clone is the same service.
///
/// [`ServiceContext::orders`](crate::assembly::ServiceContext::orders) puts it together.
#[derive(Debug, Clone)]
pub struct Orders {
    /// Keeps stocks and orders.
    pub store: Arc<dyn OrderStore>,
    /// Decide what changes them.
    pub batchers: OrderBatchers,
    /// The time, and new ids.
    pub env: ClockAndIds,
    /// Counts the orders that wait for the replica of their ticket.
    pub waits: ReplicaWaits,
}
