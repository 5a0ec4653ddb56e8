//! The tickets service's store.

mod listing;
mod offers;
mod sales;
mod seller;
mod tokens;

use std::collections::HashMap;

use async_trait::async_trait;
use rusqlite::Connection;
use rusqlite::types::Value;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::order::IdempotencyKey;
use ticketing_core::domain::seller::Seller;
use ticketing_core::domain::ticket::{Listing, Sales};
use ticketing_core::ports::store::{CommitToken, Page, StoreError, Stored, UnitOfWork, Write};
use ticketing_core::ports::ticket_store::{EventOffers, TicketRecord, TicketStore};
use ticketing_core::ports::unreadable::Listed;
use ticketing_core::wire::TicketState;

use crate::commit::Change;
use crate::document::blob;
use crate::error::Failure;
use crate::file::SqliteFile;
use crate::outbox::SqliteOutbox;
use crate::store::{self, Query, Store};

pub(crate) use listing::{ListingDocument, ticket_replica};
pub(crate) use seller::SellerDocument;

/// Keeps listings and sellers in the file. A clone is a handle to the same store.
#[derive(Debug, Clone)]
pub struct SqliteTicketStore(Store);

impl SqliteTicketStore {
    pub(crate) fn of(file: &SqliteFile, outbox: SqliteOutbox) -> Self {
        Self(Store::of(file, outbox))
    }

    /// The events of this store that are not marked yet.
    #[must_use]
    pub fn outbox(&self) -> SqliteOutbox {
        self.0.outbox()
    }
}

#[async_trait]
impl TicketStore for SqliteTicketStore {
    async fn listings(&self, ids: &[TicketId]) -> Result<Vec<Stored<Listing>>, StoreError> {
        let ids = ids.to_vec();
        let look =
            move |connection: &_| store::by_ids::<ListingDocument>(connection, ids.into_iter().map(TicketId::uuid));
        self.0.find(look).await
    }

    async fn listing_under(&self, seller: AccountId, key: &IdempotencyKey) -> Result<Option<Listing>, StoreError> {
        let params = [blob(seller.uuid()), Value::Text(key.to_string())];
        let look = move |connection: &_| {
            let sql = "SELECT id FROM listings WHERE seller = ?1 AND request = ?2";
            store::by_ids::<ListingDocument>(connection, store::ids(connection, sql, &params)?)
        };
        Ok(self.0.find(look).await?.pop().map(|stored| stored.record))
    }

    async fn seller(&self, account: AccountId) -> Result<Option<Stored<Seller>>, StoreError> {
        let look = move |connection: &_| store::by_ids::<SellerDocument>(connection, [account.uuid()]);
        Ok(self.0.find(look).await?.pop())
    }

    async fn offers_of_event(&self, wanted: &EventOffers) -> Result<Vec<Listing>, StoreError> {
        let wanted = wanted.clone();
        self.0.list_long(move |connection| offers::of_event(connection, &wanted)).await
    }

    async fn listings_of(&self, seller: AccountId, page: Page<TicketId>) -> Result<Vec<Listing>, StoreError> {
        self.0.list(move |connection| listings_of(connection, seller, page)).await
    }

    async fn commit(&self, work: UnitOfWork<TicketRecord>) -> Result<CommitToken, StoreError> {
        let changes = work.writes.iter().map(change).collect::<Result<_, _>>()?;
        self.0.commit(changes, work.events).await
    }

    async fn follow_sales(
        &self,
        newest: &HashMap<TicketId, Sales>,
    ) -> Result<Vec<(TicketId, TicketState)>, StoreError> {
        let newest = newest.clone();
        Ok(self.0.file.write(move |connection| sales::follow(connection, &newest)).await?)
    }
}

fn change(write: &Write<TicketRecord>) -> Result<Change, StoreError> {
    match &write.record {
        TicketRecord::Listing(listing) => listing::change(listing, write.replaces),
        TicketRecord::Seller(seller) => seller::change(seller, write.replaces),
    }
}

fn listings_of(connection: &Connection, seller: AccountId, page: Page<TicketId>) -> Result<Listed<Listing>, Failure> {
    let mut params = vec![blob(seller.uuid())];
    params.extend(page.after.map(|after| blob(after.uuid())));
    let before = page.after.map_or("", |_| "AND id < ?2");
    let rest = format!("FROM listings WHERE seller = ?1 {before} ORDER BY id DESC");
    store::list::<ListingDocument>(connection, &Query { rest, params }, page.limit)
}
