//! A store that finds accounts by the very text of their address alone.

use std::sync::Arc;

use async_trait::async_trait;
use ticketing_conformance::store::{ACCOUNT_STORE, Accounts, StoreFixture};
use ticketing_core::domain::account::{Account, AccountRecord, EmailAddress};
use ticketing_core::domain::ids::AccountId;
use ticketing_core::ports::account_store::AccountStore;
use ticketing_core::ports::outbox::Outbox;
use ticketing_core::ports::store::{CommitToken, StoreError, Stored, UnitOfWork};
use ticketing_memory::{ManualClock, MemoryAccountStore};

use super::assert_notices;

struct Sound(MemoryAccountStore);

impl Sound {
    fn new() -> Self {
        Self(MemoryAccountStore::new(Arc::new(ManualClock::default())))
    }
}

#[async_trait]
impl StoreFixture<Accounts> for Sound {
    fn store(&self) -> Arc<dyn AccountStore> {
        Arc::new(self.0.clone())
    }

    async fn another(&self) -> Arc<dyn AccountStore> {
        Self::new().store()
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        Arc::new(self.0.outbox())
    }
}

struct Literal(Sound);

#[async_trait]
impl StoreFixture<Accounts> for Literal {
    fn store(&self) -> Arc<dyn AccountStore> {
        Arc::new(LiteralStore(self.0.0.clone()))
    }

    async fn another(&self) -> Arc<dyn AccountStore> {
        self.0.another().await
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        self.0.outbox()
    }
}

#[derive(Debug)]
struct LiteralStore(MemoryAccountStore);

#[async_trait]
impl AccountStore for LiteralStore {
    async fn account(&self, id: AccountId) -> Result<Option<Stored<Account>>, StoreError> {
        self.0.account(id).await
    }

    async fn account_by_email(&self, email: &EmailAddress) -> Result<Option<Stored<Account>>, StoreError> {
        let found = self.0.account_by_email(email).await?;
        Ok(found.filter(|stored| stored.record.email == *email))
    }

    async fn commit(&self, work: UnitOfWork<AccountRecord>) -> Result<CommitToken, StoreError> {
        self.0.commit(work).await
    }
}

#[tokio::test]
async fn addresses_that_are_compared_letter_by_letter() {
    let rule = "an_account_of_an_earlier_release_is_found";
    assert_notices::<dyn StoreFixture<Accounts>>(&ACCOUNT_STORE, rule, &Sound::new(), &Literal(Sound::new())).await;
}

/// What is deleted keeps its address.
struct Keeping(Sound);

#[async_trait]
impl StoreFixture<Accounts> for Keeping {
    fn store(&self) -> Arc<dyn AccountStore> {
        Arc::new(KeepingStore(self.0.0.clone()))
    }

    async fn another(&self) -> Arc<dyn AccountStore> {
        self.0.another().await
    }

    fn outbox(&self) -> Arc<dyn Outbox> {
        self.0.outbox()
    }
}

#[derive(Debug)]
struct KeepingStore(MemoryAccountStore);

#[async_trait]
impl AccountStore for KeepingStore {
    async fn account(&self, id: AccountId) -> Result<Option<Stored<Account>>, StoreError> {
        self.0.account(id).await
    }

    async fn account_by_email(&self, email: &EmailAddress) -> Result<Option<Stored<Account>>, StoreError> {
        self.0.account_by_email(email).await
    }

    async fn commit(&self, mut work: UnitOfWork<AccountRecord>) -> Result<CommitToken, StoreError> {
        for write in &mut work.writes {
            if let AccountRecord::Deleted(deleted) = &write.record
                && let Some(stored) = self.0.account(deleted.id).await?
            {
                write.record = AccountRecord::Open(stored.record);
            }
        }
        self.0.commit(work).await
    }
}

#[tokio::test]
async fn accounts_that_are_never_deleted() {
    let rule = "a_deleted_account_frees_its_address";
    assert_notices::<dyn StoreFixture<Accounts>>(&ACCOUNT_STORE, rule, &Sound::new(), &Keeping(Sound::new())).await;
}
