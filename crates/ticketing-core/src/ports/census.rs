//! Reads everything that the services of a marketplace keep, for an audit.
//!
//! No service reads another's state; only whoever checks all of them does.

use std::fmt;

use async_trait::async_trait;

use crate::domain::ids::{OrderId, PaymentId, TicketId};
use crate::domain::money::Money;
use crate::domain::order::Order;
use crate::domain::payment::{Payable, Payment};
use crate::domain::stock::Stock;
use crate::domain::ticket::Listing;
use crate::domain::time::Timestamp;

use super::store::{Page, StoreError};
use super::unreadable::Listed;

/// What waits in one service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Which service.
    pub service: String,
    /// Its committed events that are not published yet.
    pub unpublished: u64,
    /// When the oldest of them was committed.
    pub unpublished_since: Option<Timestamp>,
    /// Deliveries that it set aside.
    pub parked: u64,
    /// When the oldest of them was set aside.
    pub parked_since: Option<Timestamp>,
}

/// Reads what every service keeps, page by page in the order of ids.
///
/// The marketplace goes on meanwhile: each page is as the service had committed
/// it when it was read, and the next may be younger.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `census`.
///
/// - Pages join in the order of ids, without a gap or a repetition: `census_pages_join_without_gaps`.
/// - Whatever was committed is counted, ended orders and withdrawn tickets too: `what_ended_is_counted`.
/// - A record is read as it was committed last: `a_record_is_counted_as_it_is`.
/// - A record that cannot be read is named, and those around it are counted: `what_cannot_be_read_is_named`.
/// - Unpublished events and parked deliveries are counted: `what_waits_is_counted`.
/// - Where nothing was ever kept, nothing is counted: `an_empty_marketplace_counts_nothing`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Census: Send + Sync + fmt::Debug + 'static {
    /// Listings of the tickets service.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]; so is it for all of these.
    async fn listings(&self, page: Page<TicketId>) -> Result<Listed<Listing>, StoreError>;

    /// Stocks of the orders service.
    async fn stocks(&self, page: Page<TicketId>) -> Result<Listed<Stock>, StoreError>;

    /// Orders of the orders service.
    async fn orders(&self, page: Page<OrderId>) -> Result<Listed<Order>, StoreError>;

    /// Payables of the payments service.
    async fn payables(&self, page: Page<OrderId>) -> Result<Listed<Payable>, StoreError>;

    /// Payments of the payments service.
    async fn payments(&self, page: Page<PaymentId>) -> Result<Listed<Payment>, StoreError>;

    /// What waits in each service; a service in which nothing waits may be left out.
    async fn waiting(&self) -> Result<Vec<Waiting>, StoreError>;
}

/// Money that a gateway took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// For which attempt.
    pub payment: PaymentId,
    /// How much.
    pub total: Money,
    /// Whether it went back.
    pub refunded: bool,
}

/// The books of a payment gateway.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `census`.
///
/// - All money that was taken is told, in the order of payments, in pages that join: `charges_are_told_in_pages`.
/// - A refund is told: `a_refund_is_told`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Ledger: Send + Sync + fmt::Debug + 'static {
    /// Charges, refunded ones too, in the order of their payments' ids.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn charges(&self, page: Page<PaymentId>) -> Result<Listed<Charge>, StoreError>;
}
