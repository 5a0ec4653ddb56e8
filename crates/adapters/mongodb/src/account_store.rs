//! The accounts service's store.

use async_trait::async_trait;
use bson::{DateTime, Uuid, doc};
use serde::{Deserialize, Serialize};
use ticketing_core::domain::account::{Account, EmailAddress, PasswordHash};
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
        Ok(self.0.find::<AccountDocument>(named(std::iter::once(id.uuid()))).await?.pop())
    }

    async fn account_by_email(&self, email: &EmailAddress) -> Result<Option<Stored<Account>>, StoreError> {
        let spellings = email.spellings();
        let found = self.0.find::<AccountDocument>(Some(doc! { "email": { "$in": spellings.clone() } })).await?;
        let place = |owner: &Stored<Account>| spellings.iter().position(|kept| kept == owner.record.email.as_str());
        Ok(found.into_iter().min_by_key(place))
    }

    async fn commit(&self, work: UnitOfWork<Account>) -> Result<CommitToken, StoreError> {
        let changes = work.writes.into_iter().map(change).collect::<Result<_, _>>()?;
        self.0.commit(changes, work.events).await
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct AccountDocument {
    #[serde(rename = "_id")]
    id: Uuid,
    email: String,
    password: String,
    registered_at: DateTime,
    version: i64,
}

fn change(write: Write<Account>) -> Result<Change, StoreError> {
    let Write { record: account, replaces } = write;
    let id = Uuid::from(account.id.uuid());
    let owned_by_another = doc! { "email": { "$in": account.email.spellings() }, "_id": { "$ne": id } };
    let document = AccountDocument {
        id,
        email: account.email.to_string(),
        password: account.password.expose().to_owned(),
        registered_at: date(account.registered_at),
        version: signed(account.version),
    };
    Ok(Change {
        collection: AccountDocument::COLLECTION,
        key: RecordKey::Account(account.id),
        id,
        document: encoded(&document)?,
        replaces,
        unique: vec![(RecordKey::Email(account.email), owned_by_another)],
    })
}

impl Record for AccountDocument {
    type Domain = Account;
    const COLLECTION: &'static str = "accounts";

    fn into_domain(self) -> Result<Account, Wrong> {
        Ok(Account {
            id: AccountId::new(self.id.into()),
            email: EmailAddress::from_stored(self.email),
            password: PasswordHash::new(self.password),
            registered_at: time(self.registered_at),
            version: unsigned(self.version)?,
        })
    }
}
