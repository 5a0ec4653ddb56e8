//! Rules of [`AuditReader`], [`AdmissionReader`], [`LetterReader`] and [`Ledger`].
#![expect(clippy::missing_panics_doc, reason = "rules panic by design")]

mod admissions;
mod charges;
mod letters;
mod records;
mod waiting;

use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::ports::audit_reader::{AdmissionReader, AuditReader, Ledger, LetterReader};
use ticketing_core::ports::gateway::{CardToken, PaymentGateway};
use ticketing_core::ports::letter_store::LetterStore;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::outbox::Outbox;
use ticketing_core::ports::parking::ParkingLot;
use ticketing_core::ports::pass_store::PassStore;
use ticketing_core::ports::payment_store::PaymentStore;
use ticketing_core::ports::store::{Page, RecordKey, StoreError};
use ticketing_core::ports::ticket_store::TicketStore;
use ticketing_core::ports::unreadable::Listed;

use crate::report::Family;
use crate::time::soon;

pub use admissions::{admissions_are_read_in_pages, an_unreadable_admission_is_named};
pub use charges::{a_refund_is_told, charges_are_told_in_pages};
pub use letters::{
    an_unreadable_replica_of_letters_is_named, letters_are_found, replicas_of_letters_are_read_in_pages,
};
pub use records::{
    a_record_is_counted_as_it_is, an_empty_marketplace_counts_nothing, pages_of_an_audit_join_without_gaps,
    what_cannot_be_read_is_named, what_ended_is_counted,
};
pub use waiting::what_waits_is_counted;

/// Every rule of this module.
pub const AUDIT_READER: Family<dyn AuditReaderFixture> = crate::audit_reader!(@ [family]);

/// The services of a marketplace in which nothing happened yet, and who counts what they keep.
#[async_trait]
pub trait AuditReaderFixture: Send + Sync {
    /// The audit reader; always of the same marketplace.
    fn audit_reader(&self) -> Arc<dyn AuditReader>;

    /// Where its tickets service keeps listings.
    fn tickets(&self) -> Arc<dyn TicketStore>;

    /// Where its orders service keeps stocks and orders.
    fn orders(&self) -> Arc<dyn OrderStore>;

    /// The outbox of its orders service.
    fn outbox(&self) -> Arc<dyn Outbox>;

    /// Where its orders service sets deliveries aside; the consumer is called `orders`.
    fn parking_lot(&self) -> Arc<dyn ParkingLot>;

    /// Where its payments service keeps payables and payments.
    fn payments(&self) -> Arc<dyn PaymentStore>;

    /// Reads what its admissions service keeps; always of the same marketplace.
    fn admission_reader(&self) -> Arc<dyn AdmissionReader>;

    /// Where its admissions service keeps admissions and entrances.
    fn passes(&self) -> Arc<dyn PassStore>;

    /// Reads what its notifications service keeps; always of the same marketplace.
    fn letter_reader(&self) -> Arc<dyn LetterReader>;

    /// Where its notifications service keeps letters, and what they tell of.
    fn letters(&self) -> Arc<dyn LetterStore>;

    /// Makes what a service stores under this name unreadable; `false` if that cannot be.
    async fn spoil(&self, _record: &RecordKey) -> bool {
        false
    }

    /// Its gateway, if it reports what it charged.
    fn bank(&self) -> Option<Bank>;
}

/// A gateway that reports what it charged.
#[derive(Debug)]
pub struct Bank {
    /// Charges cards.
    pub gateway: Arc<dyn PaymentGateway>,
    /// Reports what was charged.
    pub ledger: Arc<dyn Ledger>,
    /// A card that is charged.
    pub good: CardToken,
    /// A card that is declined.
    pub bad: CardToken,
}

/// Awaits what must succeed.
async fn answered<T: Send>(call: impl Future<Output = Result<T, StoreError>> + Send) -> T {
    soon("the marketplace answers", call).await.expect("the marketplace answers")
}

/// All of a list, in pages of `size`.
async fn all<T, C, F>(size: usize, id: fn(&T) -> C, read: impl Fn(Page<C>) -> F + Send) -> Vec<T>
where
    T: Send,
    C: Copy + Send,
    F: Future<Output = Result<Listed<T>, StoreError>> + Send,
{
    let (mut page, mut list) = (Page::first(size), Vec::new());
    loop {
        let found = answered(read(page)).await.records;
        assert!(found.len() <= size, "a page of {size} has {} records", found.len());
        let Some(last) = found.last() else { return list };
        page.after = Some(id(last));
        list.extend(found);
        assert!(list.len() <= 1000, "pages of {size} repeat themselves");
    }
}
