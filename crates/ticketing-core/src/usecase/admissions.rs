//! The admissions service: who paid gets a pass for each place, and each pass lets one person in.

mod check_in;
mod follow;
mod read_door;
mod read_passes;

use std::sync::Arc;

use crate::domain::admission::Entrance;
use crate::domain::ids::TicketId;
use crate::ports::clock::ClockAndIds;
use crate::ports::pass_signer::PassSigner;
use crate::ports::pass_store::{PassNeeds, PassStore};
use crate::ports::store::StoreError;

pub use check_in::{CheckIn, ShownPass};
pub use follow::AdmissionsFollow;
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

impl Admissions {
    async fn entrance(&self, ticket: TicketId) -> Result<Option<Entrance>, StoreError> {
        let needs = PassNeeds { entrances: vec![ticket], ..PassNeeds::default() };
        Ok(self.store.load(&needs).await?.entrances.pop().map(|stored| stored.record))
    }
}
