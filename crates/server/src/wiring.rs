//! The composition root of the program: it names the adapters that the settings choose.

mod engines;
mod failure;
mod keys;
mod mail;
mod memory;
mod operate;
mod search;
mod stripe;

#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "mongodb")]
mod mongodb;
#[cfg(all(feature = "mongodb", feature = "sqlite"))]
mod moving;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "mongodb", feature = "sqlite"))]
mod stores;

use ticketing_core::ports::BoxError;

use crate::config::Config;
use crate::marketplace::assemble;
use crate::runtime::Assembly;

pub use engines::{connect, ensure_topics, missing};
pub use failure::Failure;
pub use keys::{KeyFile, Rotation, check_keys};
pub use memory::{clock_and_ids, engines};
#[cfg(all(feature = "mongodb", feature = "sqlite"))]
pub use moving::{Moved, move_file, take_back};
pub use operate::{AuditPorts, ParkingLots, audit_ports, back_up, clock, log, parking_lots, replicas};

/// The services of this process over the engines that its settings name. Nothing runs yet.
///
/// # Errors
///
/// See [`connect`] and [`assemble`].
pub async fn marketplace(config: &Config) -> Result<Assembly, BoxError> {
    Ok(assemble(connect(config).await?, config)?)
}

/// Waits until engines that were dropped are closed, as the last thing of a process.
pub(crate) fn wait_until_closed() {
    #[cfg(feature = "kafka")]
    kafka::wait_until_closed();
}
