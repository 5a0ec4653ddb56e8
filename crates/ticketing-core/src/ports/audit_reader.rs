//! Reads the records of all services of a marketplace, for an audit.
//!
//! No service reads another's state; only an audit reads them all.

use std::fmt;

use async_trait::async_trait;

use crate::domain::admission::{Admission, Entrance};
use crate::domain::ids::{LetterId, OrderId, PaymentId, TicketId};
use crate::domain::letter::Letter;
use crate::domain::money::Money;
use crate::domain::order::Order;
use crate::domain::payment::{Payable, Payment};
use crate::domain::stock::Stock;
use crate::domain::ticket::{Listing, Ticket};
use crate::domain::time::Timestamp;

use super::store::{Page, StoreError};
use super::unreadable::Listed;

/// The backlog of one service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waiting {
    /// The service.
    pub service: String,
    /// Its committed events that are not published yet.
    pub unpublished: u64,
    /// When the oldest of them was committed.
    pub unpublished_since: Option<Timestamp>,
    /// Its parked deliveries.
    pub parked: u64,
    /// When the oldest of them was parked.
    pub parked_since: Option<Timestamp>,
}

/// Reads the records of every service, page by page in the order of ids.
///
/// The marketplace keeps running: each page is committed state at the time it
/// was read, and the next page may be newer.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `audit_reader`.
///
/// - Pages join in the order of ids, without a gap or a repetition: `pages_of_an_audit_join_without_gaps`.
/// - Everything committed is counted, including ended orders and withdrawn tickets: `what_ended_is_counted`.
/// - A record is read as last committed: `a_record_is_counted_as_it_is`.
/// - An unreadable record is named, and its neighbours are counted: `what_cannot_be_read_is_named`.
/// - Unpublished events and parked deliveries are counted: `what_waits_is_counted`.
/// - An unused marketplace counts nothing: `an_empty_marketplace_counts_nothing`.
///
/// # Examples
///
/// ```
/// use ticketing::{AccountId, Market};
/// use ticketing_core::ports::audit_reader::AuditReader;
/// use ticketing_core::ports::store::Page;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let market = Market::test().await?;
/// market.sell(AccountId::from_u128(1), "Opera").price(4500, "EUR").await?;
///
/// let reader: &dyn AuditReader = &market.engines().audit_reader();
/// assert_eq!(reader.listings(Page::first(100)).await?.records.len(), 1);
/// assert_eq!(reader.waiting().await?.iter().map(|service| service.unpublished).sum::<u64>(), 1);
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait AuditReader: Send + Sync + fmt::Debug + 'static {
    /// Listings of the tickets service.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]. Every method fails the same way.
    async fn listings(&self, page: Page<TicketId>) -> Result<Listed<Listing>, StoreError>;

    /// Stocks of the orders service.
    async fn stocks(&self, page: Page<TicketId>) -> Result<Listed<Stock>, StoreError>;

    /// Orders of the orders service.
    async fn orders(&self, page: Page<OrderId>) -> Result<Listed<Order>, StoreError>;

    /// Payables of the payments service.
    async fn payables(&self, page: Page<OrderId>) -> Result<Listed<Payable>, StoreError>;

    /// Payments of the payments service.
    async fn payments(&self, page: Page<PaymentId>) -> Result<Listed<Payment>, StoreError>;

    /// The backlog of each service; a service without one may be left out.
    async fn waiting(&self) -> Result<Vec<Waiting>, StoreError>;
}

/// Reads the records of the admissions service, as [`AuditReader`] does those of the others.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `audit_reader`.
///
/// - Pages of admissions and of entrances join in the order of ids: `admissions_are_read_in_pages`.
/// - An unreadable admission is named, and its neighbours are read: `an_unreadable_admission_is_named`.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::audit_reader::AdmissionReader;
/// use ticketing_core::ports::store::Page;
/// use ticketing_memory::MemoryEngines;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let reader: &dyn AdmissionReader = &MemoryEngines::default().audit_reader();
/// assert!(reader.admissions(Page::first(100)).await?.records.is_empty(), "nobody paid yet");
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait AdmissionReader: Send + Sync + fmt::Debug + 'static {
    /// Admissions, in the order of their orders' ids.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn admissions(&self, page: Page<OrderId>) -> Result<Listed<Admission>, StoreError>;

    /// Entrances, in the order of their tickets' ids.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn entrances(&self, page: Page<TicketId>) -> Result<Listed<Entrance>, StoreError>;
}

/// Reads the records of the notifications service, as [`AuditReader`] does those of the others.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `audit_reader`.
///
/// - Pages of both replicas join in the order of ids: `replicas_of_letters_are_read_in_pages`.
/// - Letters are found by their ids, and those that are due are told, the earliest first: `letters_are_found`.
/// - An unreadable record is named, and its neighbours are read: `an_unreadable_replica_of_letters_is_named`.
///
/// # Examples
///
/// ```
/// use ticketing_core::domain::letter::{Letter, LetterCause, LetterReason};
/// use ticketing_core::ports::audit_reader::LetterReader;
/// use ticketing_core::ports::letter_store::LetterStore;
/// use ticketing_core::ports::store::{UnitOfWork, Write};
/// # use ticketing_core::domain::{ids::AccountId, time::Timestamp};
/// # use ticketing_memory::MemoryEngines;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (engines, ada, at) = (MemoryEngines::default(), AccountId::from_u128(1), Timestamp::from_millis(1_000));
/// let cause = LetterCause { subject: ada.uuid(), number: 2, at };
/// let letter = Letter::new(ada, LetterReason::PasswordChanged, cause);
/// engines.letters.commit(UnitOfWork::default().with(Write::insert(letter.clone()))).await?;
///
/// let reader: &dyn LetterReader = &engines.audit_reader();
/// assert_eq!(reader.letters(&[letter.id]).await?.records, [letter]);
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait LetterReader: Send + Sync + fmt::Debug + 'static {
    /// Its replicas of orders, in the order of ids.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]. Every method fails the same way.
    async fn order_replicas(&self, page: Page<OrderId>) -> Result<Listed<Order>, StoreError>;

    /// Its replicas of tickets, in the order of ids.
    async fn ticket_replicas(&self, page: Page<TicketId>) -> Result<Listed<Ticket>, StoreError>;

    /// The existing letters with these ids, in any order.
    async fn letters(&self, ids: &[LetterId]) -> Result<Listed<Letter>, StoreError>;

    /// The letters that are [due](Letter::due_at) at `now`, the earliest first, at most `limit`.
    async fn letters_due(&self, now: Timestamp, limit: usize) -> Result<Listed<Letter>, StoreError>;
}

/// Money taken by a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// The payment attempt.
    pub payment: PaymentId,
    /// The amount.
    pub total: Money,
    /// Whether all of it was refunded.
    pub refunded: bool,
}

/// The books of a payment gateway.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `audit_reader`.
///
/// - All charges are listed, in the order of payments, in pages that join: `charges_are_told_in_pages`.
/// - A refund is reported: `a_refund_is_told`.
///
/// # Examples
///
/// ```
/// use ticketing::{AccountId, Market, SandboxGateway};
/// use ticketing_core::ports::audit_reader::Ledger;
/// use ticketing_core::ports::store::Page;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let market = Market::test().await?;
/// # let [seller, buyer] = [1, 2].map(AccountId::from_u128);
/// # let ticket = market.sell(seller, "Opera").price(4500, "EUR").await?;
/// # let order = market.order(buyer, ticket.id).await?;
/// let payment = market.pay(buyer, order.id, SandboxGateway::VISA).await?;
///
/// let ledger: &dyn Ledger = &market.engines().gateway;
/// let charges = ledger.charges(Page::first(100)).await?.records;
/// assert_eq!(charges.iter().map(|charge| charge.payment).collect::<Vec<_>>(), [payment.id]);
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Ledger: Send + Sync + fmt::Debug + 'static {
    /// Charges, including refunded ones, in the order of their payments' ids.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn charges(&self, page: Page<PaymentId>) -> Result<Listed<Charge>, StoreError>;
}
