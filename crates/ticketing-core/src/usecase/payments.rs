//! The payments service: money is taken once, or given back.

mod closing_gateway;
mod conclude;
mod follow_orders;
mod give_up_payment;
mod pay_order;
mod read_payments;
mod receive_notice;
mod settle;

use std::sync::Arc;

use crate::domain::ids::{OrderId, PaymentId};
use crate::domain::payment::{Payable, Payment};
use crate::ports::gateway::PaymentGateway;
use crate::ports::payment_store::{PaymentNeeds, PaymentRecords, PaymentStore};
use crate::ports::store::{StoreError, Stored};

use super::replica_wait::ReplicaWaits;
use crate::ports::clock::ClockAndIds;

pub use closing_gateway::ClosingGateway;
pub use follow_orders::PaymentsFollowOrders;
pub use pay_order::{NotHeardOf, PayOrder};
pub use settle::SettlePayments;

/// What the payments service works with. A clone is the same service.
///
/// [`ServiceContext::payments`](crate::assembly::ServiceContext::payments) puts it together.
#[derive(Debug, Clone)]
pub struct Payments {
    /// Keeps payables and payments.
    pub store: Arc<dyn PaymentStore>,
    /// Takes the money.
    pub gateway: Arc<dyn PaymentGateway>,
    /// Time and chance.
    pub env: ClockAndIds,
    /// Count the payments that wait for news of their order.
    pub waits: ReplicaWaits,
}

/// A payable and the attempt that is under way or took the money.
struct Account {
    payable: Stored<Payable>,
    live: Option<Stored<Payment>>,
}

impl Payments {
    async fn payment(&self, id: PaymentId) -> Result<Option<Stored<Payment>>, StoreError> {
        let needs = PaymentNeeds { payments: vec![id], ..PaymentNeeds::default() };
        Ok(self.store.load(&needs).await?.payments.pop())
    }
}

/// The payable of an order and its live payment, out of what was read.
fn account_of(records: &PaymentRecords, order: OrderId) -> Option<Account> {
    let payable = records.payables.iter().find(|stored| stored.record.order == order)?.clone();
    let live = payable.record.live;
    let live = records.payments.iter().find(|stored| Some(stored.record.id) == live).cloned();
    Some(Account { payable, live })
}
