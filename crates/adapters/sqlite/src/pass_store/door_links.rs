//! Door links as documents: those of a ticket lie in one, so that their number is bounded.

use serde::{Deserialize, Serialize};
use ticketing_core::domain::door_links::{DoorKeyDigest, DoorLink, DoorLinks};
use ticketing_core::domain::ids::{DoorLinkId, TicketId};
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};
use uuid::Uuid;

use crate::commit::Change;
use crate::document::{Millis, Record, Wrong, date, time};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DoorLinksDocument {
    links: Vec<LinkDocument>,
    version: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct LinkDocument {
    id: Uuid,
    label: String,
    digest: [u8; 32],
    made_at: Millis,
}

impl From<&DoorLink> for LinkDocument {
    fn from(link: &DoorLink) -> Self {
        Self {
            id: link.id.uuid(),
            label: link.label.as_str().to_owned(),
            digest: *link.digest.bytes(),
            made_at: date(link.made_at),
        }
    }
}

impl LinkDocument {
    fn into_domain(self) -> Result<DoorLink, Wrong> {
        Ok(DoorLink {
            id: DoorLinkId::new(self.id),
            label: self.label.parse().map_err(|_| "no label of a door link")?,
            digest: DoorKeyDigest::from_bytes(self.digest),
            made_at: time(self.made_at),
        })
    }
}

pub(super) fn change(links: &DoorLinks, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let each = links.links.iter().map(LinkDocument::from).collect();
    let document = DoorLinksDocument { links: each, version: links.version };
    Change::of(RecordKey::DoorLinks(links.ticket), links.ticket.uuid(), replaces, &document)
}

impl Record for DoorLinksDocument {
    type Domain = DoorLinks;
    const TABLE: &'static str = "door_links";

    fn into_domain(self, id: Uuid) -> Result<DoorLinks, Wrong> {
        Ok(DoorLinks {
            ticket: TicketId::new(id),
            links: self.links.into_iter().map(LinkDocument::into_domain).collect::<Result<_, Wrong>>()?,
            version: self.version,
        })
    }
}
