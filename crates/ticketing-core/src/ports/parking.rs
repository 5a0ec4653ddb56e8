//! Where deliveries wait that could not be handled.

use std::fmt;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::time::Timestamp;

use super::store::{Page, StoreError};
use super::transport::Arrival;

/// A delivery that was set aside.
///
/// `id` orders the deliveries of one key: it is drawn when they are parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// Its name; later ones of a key sort after earlier ones.
    pub id: Uuid,
    /// Which consumer could not handle it.
    pub consumer: String,
    /// What it is ordered by.
    pub key: String,
    /// What arrived.
    pub arrival: Arrival,
    /// Why it is here: its own failure, or that of an earlier one of its key.
    pub reason: String,
    /// When it was set aside.
    pub parked_at: Timestamp,
    /// Whether it is to be handled again.
    pub released: bool,
}

/// Which parked deliveries to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParkedFilter {
    /// Of this consumer alone.
    pub consumer: Option<String>,
    /// Of this key alone.
    pub key: Option<String>,
    /// Only those that are to be handled again.
    pub released_only: bool,
}

/// What is to change about parked deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParkingChange {
    /// Puts another arrival in the place of one.
    Edit {
        /// Which.
        id: Uuid,
        /// What takes its place.
        arrival: Arrival,
    },
    /// Lets the consumer handle all of a key again, in order.
    Release {
        /// Of which consumer.
        consumer: String,
        /// Of which key.
        key: String,
    },
    /// Holds all of a key again, since one could not be handled after all.
    Hold {
        /// Of which consumer.
        consumer: String,
        /// Of which key.
        key: String,
    },
    /// Forgets these.
    Remove {
        /// Which.
        ids: Vec<Uuid>,
    },
}

/// Keeps what a consumer could not handle, and all that came after it of the same key.
///
/// # Contract
///
/// Each line is a rule in `ticketing-conformance`, module `parking`.
///
/// - What is parked is listed, in order, until it is removed: `parked_deliveries_are_listed_in_order`.
/// - A later delivery follows only a parked key: `a_later_delivery_follows_only_a_parked_key`.
/// - A delivery may be edited: `a_parked_delivery_may_be_edited`.
/// - A key may be released and held again: `a_key_may_be_released_and_held_again`.
/// - A delivery that follows a released key is released: `what_follows_a_released_key_is_released`.
/// - A key is the same however it is written, as [`ordering_key`](super::transport::ordering_key) says:
///   `a_key_is_the_same_however_it_is_written`.
/// - A delivery that cannot be read is passed by; released ones of its key behind it wait:
///   `an_unreadable_delivery_holds_back_its_own_key_alone`.
/// - Consumers do not see each other's keys: `consumers_park_apart`.
/// - What was parked outlives the process (`survives_restart`): `what_was_parked_survives_a_restart`.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait ParkingLot: Send + Sync + fmt::Debug + 'static {
    /// Whether what is parked here outlives the process.
    fn survives_restart(&self) -> bool;

    /// Sets a delivery aside, and its key with it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: do not settle the delivery.
    async fn park(&self, parked: Parked) -> Result<(), StoreError>;

    /// Sets aside those deliveries whose key is parked already; returns the ids of those that were.
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

    /// Lists parked deliveries, oldest first, passing by those that cannot be read.
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
