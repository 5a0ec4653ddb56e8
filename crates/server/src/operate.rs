//! What an operator asks of a marketplace that runs: is all well, what is parked, are replicas right.
//!
//! Answers go to standard output, progress of long work to standard error.

mod audit;
mod parked;
mod progress;
mod replay;

use std::sync::Arc;

use ticketing_core::ports::census::{Census, Ledger};
use ticketing_core::ports::parking::ParkingLot;

pub use audit::audit;
pub use parked::{ParkedTask, parked};
pub use replay::replay;

/// What an audit reads.
pub struct AuditPorts {
    /// What the services keep.
    pub census: Arc<dyn Census>,
    /// What the gateway took, where it tells.
    pub ledger: Option<Arc<dyn Ledger>>,
}

impl std::fmt::Debug for AuditPorts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuditPorts").field("ledger", &self.ledger.is_some()).finish_non_exhaustive()
    }
}

/// The parking lot of each service that has one, by the service's name.
pub type ParkingLots = Vec<(&'static str, Arc<dyn ParkingLot>)>;
