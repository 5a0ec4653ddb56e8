//! The tickets service's store.

mod offers;

use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::ids::{AccountId, TicketId};
use ticketing_core::domain::order::IdempotencyKey;
use ticketing_core::domain::seller::Seller;
use ticketing_core::domain::ticket::{Listing, Sales};
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::store::{CommitToken, Page, RecordKey, Revision, StoreError, Stored, UnitOfWork};
use ticketing_core::ports::ticket_store::{EventOffers, TicketRecord, TicketStore};
use ticketing_core::ports::unreadable::{Listed, Unreadable};
use ticketing_core::wire::TicketState;

use crate::faults::FaultPlan;
use crate::outbox::MemoryOutbox;
use crate::store::{Store, Table, Tables};

use offers::Offers;

/// Keeps listings and sellers in memory. A clone is a handle to the same store.
///
/// Listings are kept by seller and by event in the order of their lists, so a page costs as
/// much among a million tickets as among a thousand.
#[derive(Debug, Clone)]
pub struct MemoryTicketStore(pub(crate) Store<TicketTables>);

impl MemoryTicketStore {
    /// An empty store; the clock measures the lease of its outbox.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self(Store::new(clock))
    }

    /// A handle to the same store that fails by this plan.
    #[must_use]
    pub fn with_faults(&self, faults: FaultPlan) -> Self {
        Self(self.0.with_faults(faults))
    }

    /// The events of this store that are not published yet.
    #[must_use]
    pub fn outbox(&self) -> MemoryOutbox {
        self.0.outbox()
    }

    /// Makes a record unreadable, as a hand or another release does in a database; `false` if there is none.
    #[must_use = "it says whether there was one"]
    pub fn spoil(&self, record: &RecordKey) -> bool {
        self.0.spoil(record)
    }
}

#[async_trait]
impl TicketStore for MemoryTicketStore {
    async fn listings(&self, ids: &[TicketId]) -> Result<Vec<Stored<Listing>>, StoreError> {
        self.0.find(|tables| tables.listings.find(ids.iter())).await
    }

    async fn listing_under(&self, seller: AccountId, key: &IdempotencyKey) -> Result<Option<Listing>, StoreError> {
        self.0.find(|tables| tables.listing_under(seller, key)).await
    }

    async fn seller(&self, account: AccountId) -> Result<Option<Stored<Seller>>, StoreError> {
        Ok(self.0.find(|tables| tables.sellers.find([account].iter())).await?.pop())
    }

    async fn offers_of_event(&self, wanted: &EventOffers) -> Result<Vec<Listing>, StoreError> {
        self.0.list(|tables| tables.offers_of_event(wanted)).await
    }

    async fn listings_of(&self, seller: AccountId, page: Page<TicketId>) -> Result<Vec<Listing>, StoreError> {
        self.0.list(|tables| tables.listings_of(seller, page)).await
    }

    async fn commit(&self, work: UnitOfWork<TicketRecord>) -> Result<CommitToken, StoreError> {
        self.0.commit(work).await
    }

    async fn follow_sales(
        &self,
        newest: &HashMap<TicketId, Sales>,
    ) -> Result<Vec<(TicketId, TicketState)>, StoreError> {
        self.0.change(|tables, token| tables.follow_sales(newest, token)).await
    }
}

#[derive(Default)]
pub(crate) struct TicketTables {
    pub(crate) listings: Table<TicketId, Listing>,
    sellers: Table<AccountId, Seller>,
    by_seller: HashMap<AccountId, BTreeSet<TicketId>>,
    by_key: HashMap<(AccountId, IdempotencyKey), TicketId>,
    offers: Offers,
}

impl TicketTables {
    fn listing_under(&self, seller: AccountId, key: &IdempotencyKey) -> Result<Option<Listing>, Unreadable> {
        let id = self.by_key.get(&(seller, key.clone()));
        Ok(self.listings.find(id.into_iter())?.pop().map(|stored| stored.record))
    }

    fn listings_of(&self, seller: AccountId, page: Page<TicketId>) -> Listed<Listing> {
        let before = page.after.map_or(Bound::Unbounded, Bound::Excluded);
        let own = self.by_seller.get(&seller).into_iter().flat_map(|own| own.range((Bound::Unbounded, before)).rev());
        self.listings.list(own, page.limit)
    }

    fn offers_of_event(&self, wanted: &EventOffers) -> Listed<Listing> {
        let is_closed =
            |id: &&TicketId| self.listings.get(id).is_some_and(|stored| stored.record.is_closed(wanted.now));
        let open = self.offers.of(&wanted.event, wanted.currency).filter(|id| !is_closed(id));
        self.listings.list(open, wanted.limit)
    }

    fn put_listing(&mut self, listing: Listing, token: CommitToken) {
        let (id, seller) = (listing.ticket.id, listing.ticket.seller);
        self.by_key.extend(listing.request.as_ref().map(|request| ((seller, request.key.clone()), id)));
        match self.listings.kept(&id) {
            Some(old) => {
                self.offers.remove(&old.record);
                self.offers.add(&listing);
            }
            None => {
                self.by_seller.entry(seller).or_default().insert(id);
                self.offers.add(&listing);
            }
        }
        self.listings.put(id, listing, token);
    }

    /// Nothing is found by its sales.
    fn follow_sales(
        &mut self,
        newest: &HashMap<TicketId, Sales>,
        token: CommitToken,
    ) -> Result<Vec<(TicketId, TicketState)>, Unreadable> {
        let known = self.listings.find(newest.keys())?.into_iter();
        let followed = known.filter_map(|Stored { record, .. }| {
            let sales = newest.get(&record.ticket.id)?;
            record.follow(*sales)
        });
        let mut states = Vec::new();
        for listing in followed {
            states.push((listing.ticket.id, TicketState::from(&listing)));
            self.listings.put(listing.ticket.id, listing, token);
        }
        Ok(states)
    }
}

impl Tables for TicketTables {
    type Record = TicketRecord;

    fn name(record: &TicketRecord) -> RecordKey {
        match record {
            TicketRecord::Listing(listing) => RecordKey::Listing(listing.ticket.id),
            TicketRecord::Seller(seller) => RecordKey::Seller(seller.account),
        }
    }

    fn revision(&self, record: &TicketRecord) -> Option<Revision> {
        match record {
            TicketRecord::Listing(listing) => self.listings.revision(&listing.ticket.id),
            TicketRecord::Seller(seller) => self.sellers.revision(&seller.account),
        }
    }

    fn unique(record: &TicketRecord) -> Option<RecordKey> {
        let TicketRecord::Listing(listing) = record else { return None };
        let request = listing.request.as_ref()?;
        Some(RecordKey::ListingKey(listing.ticket.seller, request.key.clone()))
    }

    fn is_taken(&self, record: &TicketRecord) -> bool {
        let TicketRecord::Listing(listing) = record else { return false };
        let Listing { ticket, request: Some(request), .. } = listing else { return false };
        let owner = self.by_key.get(&(ticket.seller, request.key.clone()));
        owner.is_some_and(|owner| *owner != ticket.id)
    }

    fn put(&mut self, record: TicketRecord, token: CommitToken) {
        match record {
            TicketRecord::Listing(listing) => self.put_listing(listing, token),
            TicketRecord::Seller(seller) => {
                self.sellers.put(seller.account, seller, token);
            }
        }
    }

    fn spoil(&mut self, record: &RecordKey) -> bool {
        match record {
            RecordKey::Listing(id) => self.listings.spoil(*id),
            RecordKey::Seller(id) => self.sellers.spoil(*id),
            _ => false,
        }
    }
}
