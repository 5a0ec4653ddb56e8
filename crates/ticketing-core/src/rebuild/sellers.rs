//! What the tickets service knows of sellers, and the names that its listings have from that.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::event::{Event, Topic};
use crate::domain::ids::{AccountId, TicketId};
use crate::domain::seller::Seller;
use crate::ports::clock::ClockAndIds;
use crate::ports::store::{Page, StoreError, UnitOfWork, Write};
use crate::ports::ticket_store::TicketStore;
use crate::usecase::retry_on_conflict;
use crate::wire::Origin;

use super::{Differing, Rebuild, Rebuilt};

/// How many listings of a seller are looked at together.
const PAGE: usize = 64;

/// Rebuilds what sellers are called; listings that have another name get it.
#[derive(Debug)]
pub struct RebuildSellers {
    store: Arc<dyn TicketStore>,
    env: ClockAndIds,
    shadow: BTreeMap<Uuid, Seller>,
}

impl RebuildSellers {
    /// For the sellers and listings of this store.
    #[must_use]
    pub fn new(store: Arc<dyn TicketStore>, env: ClockAndIds) -> Self {
        Self { store, env, shadow: BTreeMap::new() }
    }

    /// Whether the log has an event of this account.
    pub(super) fn knows(&self, account: Uuid) -> bool {
        self.shadow.contains_key(&account)
    }

    async fn replica(&self, told: &Seller) -> Result<Compared, StoreError> {
        let id = told.account;
        Ok(match self.store.seller(id).await? {
            None if told.name.is_none() => Compared::Unnamed,
            None => Compared::Differs(format!("seller {id} is missing"), Write::insert(told.clone())),
            Some(stored) if stored.record.version > told.version => Compared::Newer,
            Some(stored) if stored.record == *told => Compared::Same,
            Some(stored) => {
                let sentence = format!("seller {id} is not what the account says");
                Compared::Differs(sentence, stored.replace(told.clone()))
            }
        })
    }

    /// The listings that do not have the name of their seller, one sentence each.
    async fn listings(&self, told: &Seller, differing: Differing) -> Result<Vec<String>, StoreError> {
        let (mut after, mut sentences) = (None, Vec::new());
        loop {
            let listings = self.store.listings_of(told.account, Page { after, limit: PAGE }).await?;
            let Some(last) = listings.last() else { return Ok(sentences) };
            after = Some(last.ticket.id);
            let others = listings.iter().filter(|listing| listing.ticket.seller_name != told.name);
            let others: Vec<TicketId> = others.map(|listing| listing.ticket.id).collect();
            sentences.extend(others.iter().map(|id| format!("ticket {id} has not the name of its seller")));
            if differing == Differing::Replace && !others.is_empty() {
                retry_on_conflict(|| self.name(told.account, &others)).await?;
            }
        }
    }

    /// Gives listings the name that their seller has now.
    async fn name(&self, account: AccountId, tickets: &[TicketId]) -> Result<(), StoreError> {
        let listings = self.store.listings(tickets).await?;
        // Order matters: behind the listings, so that no name that is newer by now is replaced.
        let seller = self.store.seller(account).await?.map(|stored| stored.record);
        let name = seller.as_ref().and_then(|seller| seller.name.as_ref());
        let now = self.env.now();
        let origin = Origin::new(self.env.uuid(now));
        let named = listings.iter().filter_map(|stored| Some((stored, stored.record.clone().name_seller(name)?)));
        let work = named.fold(UnitOfWork::default(), |work, (stored, (listing, event))| {
            work.with(stored.replace(listing)).telling(self.env.seal(&event, now, &origin))
        });
        if !work.is_empty() {
            self.store.commit(work).await?;
        }
        Ok(())
    }
}

/// What a comparison of a replica with the log comes to.
enum Compared {
    /// The account never had a name, and has no replica.
    Unnamed,
    Same,
    Newer,
    /// A sentence about it, and what would correct it.
    Differs(String, Write<Seller>),
}

#[async_trait]
impl Rebuild for RebuildSellers {
    fn topics(&self) -> &[Topic] {
        &[Topic::Accounts]
    }

    fn shadow(&mut self, event: Event) {
        if let Some(account) = event.account() {
            let known = self.shadow.entry(account.id.uuid()).or_insert_with(|| Seller::of(account));
            if let Some(newer) = known.follow(account) {
                *known = newer;
            }
        }
    }

    fn subjects(&self) -> Vec<Uuid> {
        self.shadow.keys().copied().collect()
    }

    async fn compare(&self, subjects: &[Uuid], differing: Differing) -> Result<Rebuilt, StoreError> {
        let (mut rebuilt, mut work, mut current) = (Rebuilt::default(), UnitOfWork::default(), Vec::new());
        for told in subjects.iter().filter_map(|id| self.shadow.get(id)) {
            match self.replica(told).await? {
                Compared::Unnamed => continue,
                Compared::Newer => {
                    rebuilt.newer += 1;
                    continue;
                }
                Compared::Same => rebuilt.same += 1,
                Compared::Differs(sentence, Write { record, replaces }) => {
                    rebuilt.differing.push(sentence);
                    work.writes.push(Write { record: record.into(), replaces });
                }
            }
            current.push(told);
        }
        if differing == Differing::Replace && !work.is_empty() {
            self.store.commit(work).await?;
        }
        // Order matters: listings get the name that is kept by now.
        for told in current {
            rebuilt.differing.extend(self.listings(told, differing).await?);
        }
        Ok(rebuilt)
    }
}
