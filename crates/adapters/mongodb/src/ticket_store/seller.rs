//! Sellers as documents.

use std::sync::Arc;

use bson::Uuid;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::account::DisplayName;
use ticketing_core::domain::ids::AccountId;
use ticketing_core::domain::seller::Seller;
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};

use crate::commit::Change;
use crate::document::{Record, Wrong, encoded, signed, unsigned};

/// A seller without a name has null.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SellerDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    name: Option<Arc<str>>,
    version: i64,
}

pub(super) fn change(seller: &Seller, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let id = Uuid::from(seller.account.uuid());
    let name = seller.name.as_ref().map(DisplayName::to_shared);
    let document = SellerDocument { id, name, version: signed(seller.version) };
    Ok(Change {
        collection: SellerDocument::COLLECTION,
        key: RecordKey::Seller(seller.account),
        id,
        document: encoded(&document)?,
        replaces,
        unique: Vec::new(),
    })
}

impl Record for SellerDocument {
    type Domain = Seller;
    const COLLECTION: &'static str = "sellers";

    fn into_domain(self) -> Result<Seller, Wrong> {
        Ok(Seller {
            account: AccountId::new(self.id.into()),
            name: self.name.as_deref().map(DisplayName::from_stored),
            version: unsigned(self.version)?,
        })
    }
}
