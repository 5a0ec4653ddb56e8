//! Door links as documents: those of a ticket lie in one, so that their number is bounded.

use bson::spec::BinarySubtype;
use bson::{Binary, DateTime, Uuid};
use serde::{Deserialize, Serialize};
use ticketing_core::domain::door_links::{DoorKeyDigest, DoorLink, DoorLinks};
use ticketing_core::domain::ids::{DoorLinkId, TicketId};
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};

use crate::commit::Change;
use crate::document::{Record, Wrong, date, encoded, signed, time, unsigned};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DoorLinksDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    links: Vec<LinkDocument>,
    version: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct LinkDocument {
    id: Uuid,
    label: String,
    digest: Binary,
    made_at: DateTime,
}

impl From<&DoorLink> for LinkDocument {
    fn from(link: &DoorLink) -> Self {
        Self {
            id: link.id.uuid().into(),
            label: link.label.as_str().to_owned(),
            digest: Binary { subtype: BinarySubtype::Generic, bytes: link.digest.bytes().to_vec() },
            made_at: date(link.made_at),
        }
    }
}

impl LinkDocument {
    fn into_domain(self) -> Result<DoorLink, Wrong> {
        let digest = self.digest.bytes.try_into().map_err(|_| "no digest of a key")?;
        Ok(DoorLink {
            id: DoorLinkId::new(self.id.into()),
            label: self.label.parse().map_err(|_| "no label of a door link")?,
            digest: DoorKeyDigest::from_bytes(digest),
            made_at: time(self.made_at),
        })
    }
}

pub(super) fn change(links: &DoorLinks, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let id = Uuid::from(links.ticket.uuid());
    let each = links.links.iter().map(LinkDocument::from).collect();
    let document = DoorLinksDocument { id, links: each, version: signed(links.version) };
    Ok(Change {
        collection: DoorLinksDocument::COLLECTION,
        key: RecordKey::DoorLinks(links.ticket),
        id,
        document: encoded(&document)?,
        replaces,
        unique: Vec::new(),
    })
}

impl Record for DoorLinksDocument {
    type Domain = DoorLinks;
    const COLLECTION: &'static str = "door_links";

    fn into_domain(self) -> Result<DoorLinks, Wrong> {
        Ok(DoorLinks {
            ticket: TicketId::new(self.id.into()),
            links: self.links.into_iter().map(LinkDocument::into_domain).collect::<Result<_, Wrong>>()?,
            version: unsigned(self.version)?,
        })
    }
}
