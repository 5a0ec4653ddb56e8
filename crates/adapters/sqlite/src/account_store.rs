//! The accounts service's store.

use async_trait::async_trait;
use rusqlite::types::Value;
use serde::{Deserialize, Serialize};
use ticketing_core::domain::account::{
    Account, AccountRecord, DeletedAccount, DisplayName, EmailAddress, PasswordHash,
};
use ticketing_core::domain::ids::AccountId;
use ticketing_core::ports::account_store::AccountStore;
use ticketing_core::ports::store::{CommitToken, RecordKey, StoreError, Stored, UnitOfWork, Write};
use uuid::Uuid;

use crate::commit::{Change, Guard, Statement};
use crate::document::{Millis, Record, Wrong, blob, date, time};
use crate::file::SqliteFile;
use crate::outbox::SqliteOutbox;
use crate::store::{self, Store};

/// Keeps accounts in the file. A clone is a handle to the same store.
#[derive(Debug, Clone)]
pub struct SqliteAccountStore(Store);

impl SqliteAccountStore {
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
impl AccountStore for SqliteAccountStore {
    async fn account(&self, id: AccountId) -> Result<Option<Stored<Account>>, StoreError> {
        let found = self.0.find(move |connection| store::by_id::<AccountDocument>(connection, id.uuid())).await?;
        Ok(found.and_then(open))
    }

    async fn account_by_email(&self, email: &EmailAddress) -> Result<Option<Stored<Account>>, StoreError> {
        let spellings = email.spellings();
        let look = move |connection: &_| {
            for spelling in spellings {
                let sql = "SELECT id FROM accounts WHERE email = ?1";
                let owner = store::ids(connection, sql, &[Value::Text(spelling)])?;
                if let Some(id) = owner.first() {
                    return store::by_id::<AccountDocument>(connection, *id);
                }
            }
            Ok(None)
        };
        Ok(self.0.find(look).await?.and_then(open))
    }

    async fn commit(&self, work: UnitOfWork<AccountRecord>) -> Result<CommitToken, StoreError> {
        let changes = work.writes.into_iter().map(change).collect::<Result<_, _>>()?;
        self.0.commit(changes, work.events).await
    }
}

/// An account that is not deleted.
fn open(stored: Stored<AccountRecord>) -> Option<Stored<Account>> {
    let revision = stored.revision;
    stored.record.open().map(|record| Stored { record, revision })
}

/// Of a deleted account nothing is left but its times.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AccountDocument {
    email: Option<String>,
    password: Option<String>,
    registered_at: Millis,
    display_name: Option<String>,
    confirmed_at: Option<Millis>,
    deleted_at: Option<Millis>,
    version: u64,
}

impl From<&AccountRecord> for AccountDocument {
    fn from(record: &AccountRecord) -> Self {
        match record {
            AccountRecord::Open(account) => Self {
                email: Some(account.email.to_string()),
                password: Some(account.password.expose().to_owned()),
                registered_at: date(account.registered_at),
                display_name: account.display_name.as_ref().map(DisplayName::to_string),
                confirmed_at: account.confirmed_at.map(date),
                deleted_at: None,
                version: account.version,
            },
            AccountRecord::Deleted(account) => Self {
                email: None,
                password: None,
                registered_at: date(account.registered_at),
                display_name: None,
                confirmed_at: None,
                deleted_at: Some(date(account.deleted_at)),
                version: account.version,
            },
        }
    }
}

fn change(write: Write<AccountRecord>) -> Result<Change, StoreError> {
    let Write { record, replaces } = write;
    let (document, id) = (AccountDocument::from(&record), record.id().uuid());
    let guards = match &record {
        AccountRecord::Open(account) => vec![owned_by_no_other(&account.email, id)],
        AccountRecord::Deleted(_) => Vec::new(),
    };
    let change = Change::of(RecordKey::Account(record.id()), id, replaces, &document)?;
    Ok(Change { guards, columns: vec![("email", document.email.map_or(Value::Null, Value::Text))], ..change })
}

fn owned_by_no_other(email: &EmailAddress, id: Uuid) -> Guard {
    let other = |spelling| Statement {
        sql: "SELECT 1 FROM accounts WHERE email = ?1 AND id <> ?2",
        params: vec![Value::Text(spelling), blob(id)],
    };
    Guard { key: RecordKey::Email(email.clone()), others: email.spellings().into_iter().map(other).collect() }
}

impl Record for AccountDocument {
    type Domain = AccountRecord;
    const TABLE: &'static str = "accounts";

    fn into_domain(self, id: Uuid) -> Result<AccountRecord, Wrong> {
        let (id, registered_at, version) = (AccountId::new(id), time(self.registered_at), self.version);
        if let Some(deleted_at) = self.deleted_at.map(time) {
            return Ok(AccountRecord::Deleted(DeletedAccount { id, registered_at, deleted_at, version }));
        }
        Ok(AccountRecord::Open(Account {
            id,
            email: EmailAddress::from_stored(self.email.ok_or("no e-mail address")?),
            password: PasswordHash::new(self.password.ok_or("no password")?),
            registered_at,
            display_name: self.display_name.as_deref().map(DisplayName::from_stored),
            confirmed_at: self.confirmed_at.map(time),
            version,
        }))
    }
}
