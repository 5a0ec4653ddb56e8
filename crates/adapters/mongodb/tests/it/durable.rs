//! What is acknowledged lasts: an answer that promises less is no acknowledgement.

use bson::{Document, doc};
use mongodb::Database;
use ticketing_conformance::sample;
use ticketing_core::domain::account::{Account, AccountRecord, PasswordHash};
use ticketing_core::ports::account_store::AccountStore;
use ticketing_core::ports::store::{StoreError, Stored, UnitOfWork, Write};
use ticketing_mongodb::MongoAccountStore;
use tokio::sync::{Mutex, MutexGuard};

use crate::world::connected;

/// A server has one such failpoint.
static FAILPOINT: Mutex<()> = Mutex::const_new(());

/// While it is held, one command on the accounts of one database is answered with a doubt.
struct Doubt {
    admin: Database,
    _only: MutexGuard<'static, ()>,
}

impl Doubt {
    async fn about(accounts: &Database, command: &str, doubt: Document) -> Self {
        let only = FAILPOINT.lock().await;
        let admin = accounts.client().database("admin");
        let namespace = format!("{}.accounts", accounts.name());
        let data = doc! { "failCommands": [command], "namespace": namespace, "writeConcernError": doubt };
        let failpoint = doc! { "configureFailPoint": "failCommand", "mode": "alwaysOn", "data": data };
        admin.run_command(failpoint).await.expect("the server lets tests inject failures");
        Self { admin, _only: only }
    }

    async fn over(self) {
        let off = doc! { "configureFailPoint": "failCommand", "mode": "off" };
        self.admin.run_command(off).await.expect("the failpoint is taken away");
    }
}

/// What a primary says that loses its majority while it waits for it.
fn doubts() -> [Document; 4] {
    [
        doc! { "code": 11602, "codeName": "InterruptedDueToReplStateChange", "errmsg": "operation was interrupted" },
        doc! { "code": 189, "codeName": "PrimarySteppedDown", "errmsg": "Primary stepped down while waiting" },
        doc! { "code": 64, "codeName": "WriteConcernFailed", "errmsg": "waiting for replication timed out" },
        doc! { "code": 100, "codeName": "UnsatisfiableWriteConcern", "errmsg": "Not enough data-bearing nodes" },
    ]
}

async fn assert_in_doubt(command: &str, work: impl Fn(Stored<Account>) -> UnitOfWork<AccountRecord>) {
    let client = connected().await;
    let store = MongoAccountStore::open(&client).await.expect("the store opens");
    for doubt in doubts() {
        let account = sample::account();
        store.commit(UnitOfWork::default().with(Write::insert(account.clone()))).await.expect("it is new");
        let stored = store.account(account.id).await.expect("an answer").expect("the account");
        let failing = Doubt::about(&client.database("accounts"), command, doubt.clone()).await;
        let told = store.commit(work(stored)).await;
        failing.over().await;
        assert!(matches!(told, Err(StoreError::Unavailable(_))), "{doubt}: {told:?}");
    }
}

#[tokio::test]
async fn an_update_alone_that_may_be_rolled_back_is_not_acknowledged() {
    let changed = |stored: &Stored<Account>| {
        stored.record.clone().change_password(PasswordHash::new("$argon2id$new".to_owned())).0
    };
    assert_in_doubt("update", |stored| UnitOfWork::default().with(stored.replace(changed(&stored)))).await;
}

#[tokio::test]
async fn an_insert_alone_that_may_be_rolled_back_is_not_acknowledged() {
    assert_in_doubt("insert", |_| UnitOfWork::default().with(Write::insert(sample::account()))).await;
}

#[tokio::test]
async fn a_record_of_a_release_without_tokens_is_changed_once() {
    let client = connected().await;
    let store = MongoAccountStore::open(&client).await.expect("the store opens");
    let account = sample::account();
    store.commit(UnitOfWork::default().with(Write::insert(account.clone()))).await.expect("it is new");
    let accounts = client.database("accounts").collection::<Document>("accounts");
    for gone in [doc! { "$unset": { "token": "" } }, doc! { "$set": { "token": null } }] {
        accounts.update_one(doc! {}, gone).await.expect("an older release wrote it");
        let read = store.account(account.id).await.expect("an answer").expect("the account");
        let next = read.record.clone().change_password(PasswordHash::new("$argon2id$next".to_owned())).0;
        let work = || UnitOfWork::default().with(read.replace(next.clone()));

        store.commit(work()).await.expect("nobody else changed it");
        let again = store.commit(work()).await;
        assert!(matches!(&again, Err(StoreError::Conflict(_))), "the same change again: {again:?}");
        let with_event =
            store.commit(work().telling(sample::history(ticketing_core::domain::event::Topic::Accounts, 1).remove(0)));
        let again = with_event.await;
        assert!(matches!(&again, Err(StoreError::Conflict(_))), "in a transaction: {again:?}");
    }
}
