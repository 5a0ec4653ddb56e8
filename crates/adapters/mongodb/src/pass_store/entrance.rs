//! Entrances as documents.

use std::sync::Arc;

use bson::Uuid;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::admission::Entrance;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};

use crate::commit::Change;
use crate::document::{Record, Wrong, encoded, signed, unsigned};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EntranceDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    seller: Uuid,
    title: Arc<str>,
    ticket_version: i64,
}

pub(super) fn change(entrance: &Entrance, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let id = Uuid::from(entrance.ticket.uuid());
    let document = EntranceDocument {
        id,
        seller: entrance.seller.uuid().into(),
        title: Arc::clone(&entrance.title),
        ticket_version: signed(entrance.ticket_version),
    };
    Ok(Change {
        collection: EntranceDocument::COLLECTION,
        key: RecordKey::Entrance(entrance.ticket),
        id,
        document: encoded(&document)?,
        replaces,
        unique: Vec::new(),
    })
}

impl Record for EntranceDocument {
    type Domain = Entrance;
    const COLLECTION: &'static str = "entrances";

    fn into_domain(self) -> Result<Entrance, Wrong> {
        Ok(Entrance {
            ticket: TicketId::new(self.id.into()),
            seller: AccountId::new(self.seller.into()),
            title: self.title,
            ticket_version: unsigned(self.ticket_version)?,
        })
    }
}
