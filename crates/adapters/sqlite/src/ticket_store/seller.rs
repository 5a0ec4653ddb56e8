//! Sellers as documents.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ticketing_core::domain::account::DisplayName;
use ticketing_core::domain::ids::AccountId;
use ticketing_core::domain::seller::Seller;
use ticketing_core::ports::store::{RecordKey, Revision, StoreError};
use uuid::Uuid;

use crate::commit::Change;
use crate::document::{Record, Wrong};

/// A seller without a name has null.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SellerDocument {
    name: Option<Arc<str>>,
    version: u64,
}

pub(super) fn change(seller: &Seller, replaces: Option<Revision>) -> Result<Change, StoreError> {
    let name = seller.name.as_ref().map(DisplayName::to_shared);
    let document = SellerDocument { name, version: seller.version };
    Change::of(RecordKey::Seller(seller.account), seller.account.uuid(), replaces, &document)
}

impl Record for SellerDocument {
    type Domain = Seller;
    const TABLE: &'static str = "sellers";

    fn into_domain(self, id: Uuid) -> Result<Seller, Wrong> {
        let name = self.name.as_deref().map(DisplayName::from_stored);
        Ok(Seller { account: AccountId::new(id), name, version: self.version })
    }
}
