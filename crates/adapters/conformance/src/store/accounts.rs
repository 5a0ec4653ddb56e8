//! What only the account store promises.

use std::sync::Arc;

use futures::future::join_all;
use ticketing_core::domain::account::{Account, AccountRecord, DisplayName, EmailAddress};
use ticketing_core::ports::store::{RecordKey, StoreError, Stored, UnitOfWork, Write};

use crate::outcome::Outcome;
use crate::sample;
use crate::time::soon;

use super::bench::{Bench, inserted_by, inserting};
use super::{Accounts, StoreFixture};

/// An e-mail address belongs to one account, however many ask for it at once.
pub async fn an_email_address_belongs_to_one_account(fixture: &dyn StoreFixture<Accounts>) -> Outcome {
    let bench = Bench::new(fixture);
    let owner = sample::account();
    let email = owner.email.clone();
    let token = bench.commit(inserting::<Accounts>(std::slice::from_ref(&owner))).await;

    let second = Account { email: email.clone(), ..sample::account() };
    let neighbour = sample::account();
    let work = inserting::<Accounts>(&[neighbour.clone(), second.clone()]);
    let named = bench.conflict("a second account with one address", work).await;
    assert_eq!(Vec::from_iter(named), [RecordKey::Email(email.clone())], "the conflict names the address");
    assert_eq!(bench.find(&second).await, None, "the refused account is there");
    assert_eq!(bench.find(&neighbour).await, None, "a commit over a taken address left another account");
    let found = soon("a read is answered", bench.store.account_by_email(&email)).await.expect("a read succeeds");
    assert_eq!(found, Some(inserted_by(token, owner)), "the address leads to its owner");
    let nobody = soon("a read is answered", bench.store.account_by_email(&neighbour.email)).await;
    assert_eq!(nobody.expect("a read succeeds"), None, "a free address leads to nobody");

    sign_up_at_once(&bench).await;
    Outcome::Kept
}

/// An account that an earlier release kept under another spelling of its address is found by it, and stays as it is.
pub async fn an_account_of_an_earlier_release_is_found(fixture: &dyn StoreFixture<Accounts>) -> Outcome {
    let bench = Bench::new(fixture);
    let name = sample::uuid().simple();
    for (kept, typed) in [
        (format!("{name}@xn--mnchen-3ya.de"), format!("{name}@MÜNCHEN.de")),
        (format!("{name}-οδος@example.org"), format!("{name}-ΟΔΟΣ@example.org")),
        (format!("{name}-\u{1F3AD}@localhost"), String::new()),
    ] {
        let owner = Account { email: EmailAddress::from_stored(kept), ..sample::account() };
        let token = bench.commit(inserting::<Accounts>(std::slice::from_ref(&owner))).await;
        let owner = inserted_by(token, owner);
        assert_eq!(bench.find(&owner.record).await, Some(owner.clone()), "it is read as it was kept");
        let Ok(typed) = typed.parse::<EmailAddress>() else { continue };
        let found = soon("a read is answered", bench.store.account_by_email(&typed)).await.expect("a read succeeds");
        assert_eq!(found, Some(owner), "{}", typed.as_str());
    }
    Outcome::Kept
}

/// What is left of a deleted account is found neither by its id nor by its address; another account may have the
/// address, and none the id.
pub async fn a_deleted_account_frees_its_address(fixture: &dyn StoreFixture<Accounts>) -> Outcome {
    let bench = Bench::new(fixture);
    let named = DisplayName::parse("Grüße ☃").expect("a name");
    let owner = Account { display_name: named, confirmed_at: Some(sample::NOW), ..sample::account() };
    let token = bench.commit(inserting::<Accounts>(std::slice::from_ref(&owner))).await;
    let stored = inserted_by(token, owner.clone());
    assert_eq!(bench.find(&owner).await, Some(stored.clone()), "an account is read as it was written");

    let deleted = soon("a commit is answered", bench.store.commit(deleting(&stored))).await;
    deleted.expect("an account can be deleted");
    assert_eq!(bench.find(&owner).await, None, "a deleted account is found by its id");
    let by_email = soon("a read is answered", bench.store.account_by_email(&owner.email)).await;
    assert_eq!(by_email.expect("a read succeeds"), None, "a deleted account is found by its address");
    let twice = soon("a commit is answered", bench.store.commit(deleting(&stored))).await;
    let is_stale = matches!(&twice, Err(StoreError::Conflict(keys)) if keys == &[RecordKey::Account(owner.id)]);
    assert!(is_stale, "an account is deleted twice: {twice:?}");

    let again =
        bench.conflict("an account with the id of a deleted one", inserting::<Accounts>(&[owner.clone()])).await;
    assert!(again.contains(&RecordKey::Account(owner.id)), "the id of a deleted account is free");
    let next = Account { email: owner.email.clone(), ..sample::account() };
    let token = bench.commit(inserting::<Accounts>(std::slice::from_ref(&next))).await;
    let found = soon("a read is answered", bench.store.account_by_email(&owner.email)).await;
    assert_eq!(found.expect("a read succeeds"), Some(inserted_by(token, next)), "the address is free");
    Outcome::Kept
}

fn deleting(stored: &Stored<Account>) -> UnitOfWork<AccountRecord> {
    let (deleted, _) = stored.record.clone().delete(sample::NOW);
    UnitOfWork::default().with(Write { record: AccountRecord::Deleted(deleted), replaces: Some(stored.revision) })
}

async fn sign_up_at_once(bench: &Bench<Accounts>) {
    let email = sample::email();
    let sign_ups = (0..16).map(|_| {
        let store = Arc::clone(&bench.store);
        let work = UnitOfWork::default().with(Write::insert(Account { email: email.clone(), ..sample::account() }));
        tokio::spawn(async move { store.commit(work).await })
    });
    let ends = soon("commits are answered", join_all(sign_ups.collect::<Vec<_>>())).await;
    let won = ends.iter().filter(|end| matches!(end, Ok(Ok(_)))).count();
    let refused = ends.iter().filter(
        |end| matches!(end, Ok(Err(StoreError::Conflict(keys))) if keys.contains(&RecordKey::Email(email.clone()))),
    );
    assert_eq!((won, refused.count()), (1, 15), "of sixteen who want one address, one gets it");
}
