//! Entrances as documents.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ticketing_core::domain::admission::Entrance;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};
use uuid::Uuid;

use crate::commit::Change;
use crate::document::{Record, Wrong};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EntranceDocument {
    seller: Uuid,
    title: Arc<str>,
    ticket_version: u64,
}

pub(super) fn change(entrance: &Entrance, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let id = entrance.ticket.uuid();
    let document = EntranceDocument {
        seller: entrance.seller.uuid(),
        title: Arc::clone(&entrance.title),
        ticket_version: entrance.ticket_version,
    };
    Change::of(RecordKey::Entrance(entrance.ticket), id, replaces, &document)
}

impl Record for EntranceDocument {
    type Domain = Entrance;
    const TABLE: &'static str = "entrances";

    fn into_domain(self, id: Uuid) -> Result<Entrance, Wrong> {
        Ok(Entrance {
            ticket: TicketId::new(id),
            seller: AccountId::new(self.seller),
            title: self.title,
            ticket_version: self.ticket_version,
        })
    }
}
