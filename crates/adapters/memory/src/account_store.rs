//! The accounts service's store.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use ticketing_core::domain::account::{Account, AccountRecord, EmailAddress};
use ticketing_core::domain::ids::AccountId;
use ticketing_core::ports::account_store::AccountStore;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::store::{CommitToken, RecordKey, Revision, StoreError, Stored, UnitOfWork};

use crate::faults::FaultPlan;
use crate::outbox::MemoryOutbox;
use crate::store::{Store, Table, Tables};

/// Keeps accounts in memory. A clone is a handle to the same store.
#[derive(Debug, Clone)]
pub struct MemoryAccountStore(Store<AccountTables>);

impl MemoryAccountStore {
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
impl AccountStore for MemoryAccountStore {
    async fn account(&self, id: AccountId) -> Result<Option<Stored<Account>>, StoreError> {
        Ok(self.0.find(|tables| tables.accounts.find(std::iter::once(&id))).await?.pop().and_then(open))
    }

    async fn account_by_email(&self, email: &EmailAddress) -> Result<Option<Stored<Account>>, StoreError> {
        Ok(self.0.find(|tables| tables.accounts.find(tables.owner_of(email).into_iter())).await?.pop().and_then(open))
    }

    async fn commit(&self, work: UnitOfWork<AccountRecord>) -> Result<CommitToken, StoreError> {
        self.0.commit(work).await
    }
}

/// An account that is not deleted.
fn open(stored: Stored<AccountRecord>) -> Option<Stored<Account>> {
    let revision = stored.revision;
    stored.record.open().map(|record| Stored { record, revision })
}

const fn email(record: &AccountRecord) -> Option<&EmailAddress> {
    match record {
        AccountRecord::Open(account) => Some(&account.email),
        AccountRecord::Deleted(_) => None,
    }
}

#[derive(Default)]
struct AccountTables {
    accounts: Table<AccountId, AccountRecord>,
    by_email: HashMap<String, AccountId>,
}

impl AccountTables {
    /// By whichever spelling the address is kept.
    fn owner_of(&self, email: &EmailAddress) -> Option<&AccountId> {
        email.spellings().iter().find_map(|spelling| self.by_email.get(spelling))
    }
}

impl Tables for AccountTables {
    type Record = AccountRecord;

    fn name(account: &AccountRecord) -> RecordKey {
        RecordKey::Account(account.id())
    }

    fn revision(&self, account: &AccountRecord) -> Option<Revision> {
        self.accounts.revision(&account.id())
    }

    fn unique(account: &AccountRecord) -> Option<RecordKey> {
        email(account).cloned().map(RecordKey::Email)
    }

    fn is_taken(&self, account: &AccountRecord) -> bool {
        let owner = email(account).and_then(|email| self.owner_of(email));
        owner.is_some_and(|owner| *owner != account.id())
    }

    fn put(&mut self, account: AccountRecord, token: CommitToken) {
        let (id, address) = (account.id(), email(&account).map(EmailAddress::to_string));
        if let Some(old) = self.accounts.put(id, account, token).as_ref().and_then(email) {
            self.by_email.remove(old.as_str());
        }
        self.by_email.extend(address.map(|address| (address, id)));
    }

    fn spoil(&mut self, record: &RecordKey) -> bool {
        matches!(record, RecordKey::Account(id) if self.accounts.spoil(*id))
    }
}
