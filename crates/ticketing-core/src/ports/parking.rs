//! Parked deliveries: those that could not be handled (dead letters).

use std::fmt;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::time::Timestamp;

use super::store::{Page, StoreError};
use super::transport::Arrival;

/// A parked delivery.
///
/// `id` orders the deliveries of one key: it is drawn when they are parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// Unique id; later ones of a key sort after earlier ones.
    pub id: Uuid,
    /// The consumer that could not handle it.
    pub consumer: String,
    /// Its ordering key.
    pub key: String,
    /// The delivered event or bytes.
    pub arrival: Arrival,
    /// Why it is parked: its own failure, or an earlier one of its key.
    pub reason: String,
    /// When it was parked.
    pub parked_at: Timestamp,
    /// Whether it was released to be handled again.
    pub released: bool,
}

/// Which parked deliveries to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParkedFilter {
    /// Only this consumer's.
    pub consumer: Option<String>,
    /// Only this key's.
    pub key: Option<String>,
    /// Only released ones.
    pub released_only: bool,
}

/// A change to parked deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParkingChange {
    /// Replaces the content of one.
    Edit {
        /// The delivery.
        id: Uuid,
        /// The new content.
        arrival: Arrival,
    },
    /// Releases all of a key to be handled again, in order.
    Release {
        /// The consumer.
        consumer: String,
        /// The key.
        key: String,
    },
    /// Holds all of a key again, since one still could not be handled.
    Hold {
        /// The consumer.
        consumer: String,
        /// The key.
        key: String,
    },
    /// Deletes these.
    Remove {
        /// The deliveries.
        ids: Vec<Uuid>,
    },
}

/// Keeps what a consumer could not handle, and everything after it of the same key.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `parking`.
///
/// - A parked delivery is listed, in order, until it is removed: `parked_deliveries_are_listed_in_order`.
/// - A later delivery is parked only if its key is: `a_later_delivery_follows_only_a_parked_key`.
/// - A delivery may be edited: `a_parked_delivery_may_be_edited`.
/// - A key may be released and held again: `a_key_may_be_released_and_held_again`.
/// - A delivery that follows a released key is released: `what_follows_a_released_key_is_released`.
/// - All spellings of a key are equal, see [`ordering_key`](super::transport::ordering_key):
///   `a_key_is_the_same_however_it_is_written`.
/// - An unreadable delivery is skipped; released ones of its key after it wait:
///   `an_unreadable_delivery_holds_back_its_own_key_alone`.
/// - Consumers do not see each other's keys: `consumers_park_apart`.
/// - Parked deliveries outlive the process (`survives_restart`): `what_was_parked_survives_a_restart`.
///
/// # Examples
///
/// ```
/// use ticketing_core::ports::parking::{ParkedFilter, ParkingChange, ParkingLot};
/// use ticketing_core::ports::store::Page;
/// # use ticketing_core::domain::time::Timestamp;
/// # use ticketing_core::ports::{parking::Parked, transport::Arrival};
/// # use ticketing_core::wire::{RawMessage, Undecodable};
/// # use ticketing_memory::MemoryParkingLot;
/// # use uuid::Uuid;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let raw = RawMessage { topic: "orders".into(), key: "k".into(), headers: Vec::new(), body: Default::default() };
/// # let (consumer, key) = ("mailer".to_owned(), "k".to_owned());
/// # let parked = Parked {
/// #     id: Uuid::from_u128(1),
/// #     consumer: consumer.clone(),
/// #     key: key.clone(),
/// #     arrival: Arrival::Undecodable { raw, reason: Undecodable { what: "no headers".into() } },
/// #     reason: "no headers".into(),
/// #     parked_at: Timestamp::EPOCH,
/// #     released: false,
/// # };
/// let lot: &dyn ParkingLot = &MemoryParkingLot::new();
/// lot.park(parked).await?;
/// assert_eq!(lot.parked_keys(&consumer, &[key.clone()]).await?, [key.clone()]);
///
/// // An operator found the reason and corrected it.
/// lot.change(ParkingChange::Release { consumer, key }).await?;
/// let released = ParkedFilter { released_only: true, ..ParkedFilter::default() };
/// assert_eq!(lot.list(&released, Page::first(10)).await?.len(), 1);
/// # Ok(())
/// # }
/// ```
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait ParkingLot: Send + Sync + fmt::Debug + 'static {
    /// Whether parked deliveries outlive the process.
    fn survives_restart(&self) -> bool;

    /// Parks a delivery, and with it its key.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: do not settle the delivery.
    async fn park(&self, parked: Parked) -> Result<(), StoreError>;

    /// Parks those deliveries whose key is already parked; returns their ids.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: do not settle the deliveries.
    async fn follow(&self, parked: Vec<Parked>) -> Result<Vec<Uuid>, StoreError>;

    /// Which of these keys are parked for a consumer.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: handle nothing.
    async fn parked_keys(&self, consumer: &str, keys: &[String]) -> Result<Vec<String>, StoreError>;

    /// Lists parked deliveries, oldest first, skipping unreadable ones.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`].
    async fn list(&self, filter: &ParkedFilter, page: Page<Uuid>) -> Result<Vec<Parked>, StoreError>;

    /// Changes parked deliveries; returns how many.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: try again, it does no harm.
    async fn change(&self, change: ParkingChange) -> Result<usize, StoreError>;
}
