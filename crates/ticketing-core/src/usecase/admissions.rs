//! The admissions service: who paid gets a pass for each place, and each pass lets one person in.

mod check_in;
mod follow;
mod manage_door_links;
mod read_door;
mod read_passes;

use std::sync::Arc;

use crate::domain::admission::Entrance;
use crate::domain::door_links::DoorAccess;
use crate::domain::ids::TicketId;
use crate::ports::clock::ClockAndIds;
use crate::ports::pass_signer::PassSigner;
use crate::ports::pass_store::{PassNeeds, PassRecords, PassStore};
use crate::usecase::error::Error;

pub use check_in::{CheckIn, ShownPass};
pub use follow::AdmissionsFollow;
pub use manage_door_links::NewDoorLink;
pub use read_door::Door;
pub use read_passes::SignedPass;

/// What the admissions service works with. A clone is the same service.
///
/// [`ServiceContext::admissions`](crate::assembly::ServiceContext::admissions) puts it together.
#[derive(Debug, Clone)]
pub struct Admissions {
    /// Keeps admissions and entrances.
    pub store: Arc<dyn PassStore>,
    /// Signs passes for machines.
    pub signer: Arc<dyn PassSigner>,
    /// Time and chance.
    pub env: ClockAndIds,
}

/// What it takes to know whether somebody may stand at a door.
fn door_needs(ticket: TicketId, access: &DoorAccess) -> PassNeeds {
    let door_links = match access {
        DoorAccess::Account(_) => Vec::new(),
        DoorAccess::Key(_) => vec![ticket],
    };
    PassNeeds { entrances: vec![ticket], door_links, ..PassNeeds::default() }
}

/// The door, for who may stand there.
fn opened(records: &mut PassRecords, access: &DoorAccess) -> Result<Entrance, Error> {
    let door = records.entrances.pop().ok_or(Error::TicketNotFound)?.record;
    let links = records.door_links.pop().map(|stored| stored.record);
    door.may_be_entered_by(access, links.as_ref()).map_err(Error::Pass)?;
    Ok(door)
}
