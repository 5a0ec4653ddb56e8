//! The accounts service's store.

use async_trait::async_trait;
use bson::{DateTime, Uuid, doc};
use serde::{Deserialize, Serialize};
use ticketing_core::domain::account::{
    Account, AccountRecord, DeletedAccount, DisplayName, EmailAddress, PasswordHash,
};
use ticketing_core::domain::ids::AccountId;
use ticketing_core::ports::account_store::AccountStore;
use ticketing_core::ports::store::{CommitToken, RecordKey, StoreError, Stored, UnitOfWork, Write};

use crate::client::{Indexes, MongoClient};
use crate::commit::Change;
use crate::document::{Record, Wrong, date, encoded, named, signed, time, unique, unsigned};
use crate::error::MongoError;
use crate::outbox::MongoOutbox;
use crate::parking::MongoParkingLot;
use crate::store::Store;

/// Keeps accounts in the database `<prefix>_accounts`. A clone is a handle to the same one.
///
/// # Examples
///
/// ```no_run
/// use ticketing_mongodb::{MongoAccountStore, MongoClient, MongoConfig};
///
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// let client = MongoClient::connect(&MongoConfig::new("mongodb://localhost:27017/?replicaSet=rs0")).await?;
/// let accounts = MongoAccountStore::open(&client).await?;
/// let outbox = accounts.outbox();
/// # let _ = outbox; Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct MongoAccountStore(Store);

impl MongoAccountStore {
    /// Opens the store; its indexes are made where they are missing.
    ///
    /// # Errors
    ///
    /// [`MongoError`] if the indexes cannot be made.
    pub async fn open(client: &MongoClient) -> Result<Self, MongoError> {
        let email = unique("email", doc! { "email": 1 }, doc! { "email": { "$gt": "" } });
        let indexes = Indexes { collection: AccountDocument::COLLECTION, indexes: vec![email] };
        Store::open(client, "accounts", vec![indexes]).await.map(Self)
    }

    /// The outbox that commits fill.
    #[must_use]
    pub fn outbox(&self) -> MongoOutbox {
        self.0.outbox()
    }

    /// Where the events of this service wait that could not be handled.
    #[must_use]
    pub fn parking(&self) -> MongoParkingLot {
        self.0.parking()
    }
}

#[async_trait]
impl AccountStore for MongoAccountStore {
    async fn account(&self, id: AccountId) -> Result<Option<Stored<Account>>, StoreError> {
        let found = self.0.find::<AccountDocument>(named(std::iter::once(id.uuid()))).await?.pop();
        Ok(found.and_then(open))
    }

    async fn account_by_email(&self, email: &EmailAddress) -> Result<Option<Stored<Account>>, StoreError> {
        let spellings = email.spellings();
        let found = self.0.find::<AccountDocument>(Some(doc! { "email": { "$in": spellings.clone() } })).await?;
        let place = |owner: &Stored<Account>| spellings.iter().position(|kept| kept == owner.record.email.as_str());
        Ok(found.into_iter().filter_map(open).min_by_key(place))
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

/// What is left out here would stay in a document as it is, so nothing is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AccountDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    /// Empty once the account is deleted: the index passes it by, and a release that knows no deletion finds nobody.
    email: String,
    /// Empty once the account is deleted.
    password: String,
    registered_at: DateTime,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    confirmed_at: Option<DateTime>,
    #[serde(default)]
    deleted_at: Option<DateTime>,
    version: i64,
}

impl From<&AccountRecord> for AccountDocument {
    fn from(record: &AccountRecord) -> Self {
        match record {
            AccountRecord::Open(account) => Self {
                id: account.id.uuid().into(),
                email: account.email.to_string(),
                password: account.password.expose().to_owned(),
                registered_at: date(account.registered_at),
                display_name: account.display_name.as_ref().map(DisplayName::to_string),
                confirmed_at: account.confirmed_at.map(date),
                deleted_at: None,
                version: signed(account.version),
            },
            AccountRecord::Deleted(account) => Self {
                id: account.id.uuid().into(),
                email: String::new(),
                password: String::new(),
                registered_at: date(account.registered_at),
                display_name: None,
                confirmed_at: None,
                deleted_at: Some(date(account.deleted_at)),
                version: signed(account.version),
            },
        }
    }
}

pub(crate) fn change(write: Write<AccountRecord>) -> Result<Change, StoreError> {
    let Write { record, replaces } = write;
    let document = AccountDocument::from(&record);
    let id = document.id;
    let unique = match &record {
        AccountRecord::Open(account) => {
            let owned_by_another = doc! { "email": { "$in": account.email.spellings() }, "_id": { "$ne": id } };
            vec![(RecordKey::Email(account.email.clone()), owned_by_another)]
        }
        AccountRecord::Deleted(_) => Vec::new(),
    };
    Ok(Change {
        collection: AccountDocument::COLLECTION,
        key: RecordKey::Account(record.id()),
        id,
        document: encoded(&document)?,
        replaces,
        unique,
    })
}

impl Record for AccountDocument {
    type Domain = AccountRecord;
    const COLLECTION: &'static str = "accounts";

    fn into_domain(self) -> Result<AccountRecord, Wrong> {
        let (id, version) = (AccountId::new(self.id.into()), unsigned(self.version)?);
        let registered_at = time(self.registered_at);
        Ok(match self.deleted_at {
            Some(deleted_at) => {
                AccountRecord::Deleted(DeletedAccount { id, registered_at, deleted_at: time(deleted_at), version })
            }
            None => AccountRecord::Open(Account {
                id,
                email: EmailAddress::from_stored(self.email),
                password: PasswordHash::new(self.password),
                registered_at,
                display_name: self.display_name.as_deref().map(DisplayName::from_stored),
                confirmed_at: self.confirmed_at.map(time),
                version,
            }),
        })
    }
}
