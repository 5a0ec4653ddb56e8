//! What the links of letters do, what an account tells of, and what is left of it: whatever happens beside it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use ticketing_core::domain::account::{DisplayName, PasswordHash};
use ticketing_core::domain::event::Event;
use ticketing_core::domain::ids::AccountId;
use ticketing_core::ports::account_store::AccountStore;
use ticketing_core::ports::contacts::{ContactPurpose, Contacts, LinkToken};
use ticketing_core::ports::outbox::Outbox;
use ticketing_core::ports::store::{UnitOfWork, Write};
use ticketing_core::usecase::accounts::{
    Accounts, ChangePassword, ConfirmAddress, DeleteAccount, Rename, RequestConfirmation, RequestReset, ResetPassword,
    SignedIn,
};
use ticketing_core::usecase::error::Error;
use ticketing_core::wire;
use ticketing_memory::FaultPlan;

use crate::accounts::{accounts, origin, sign_in, sign_up};
use crate::market::Engines;

const OLD: &str = "brass lantern";
const NEW: &str = "copper lantern";
const HOUR: Duration = Duration::from_hours(1);

/// Somebody with an account, and the service that keeps it.
struct Owner {
    engines: Engines,
    accounts: Accounts,
    here: SignedIn,
}

impl Owner {
    async fn signed_up() -> Self {
        let engines = Engines::new();
        let accounts = accounts(&engines, &FaultPlan::none());
        let here = accounts.sign_up(sign_up(), origin()).await.expect("an account");
        Self { engines, accounts, here }
    }

    async fn link(&self, purpose: ContactPurpose) -> LinkToken {
        let contact = self.accounts.contact(self.here.account, purpose).await.expect("an answer");
        contact.expect("somebody").token.expect("a link")
    }

    async fn reset(&self, token: &LinkToken, password: &str) -> Result<(), Error> {
        let command = ResetPassword { token: token.clone(), password: password.to_owned() };
        self.accounts.reset_password(command, origin()).await
    }

    async fn confirm(&self, token: &LinkToken) -> Result<AccountId, Error> {
        self.accounts.confirm_address(ConfirmAddress { token: token.clone() }, origin()).await
    }

    async fn signs_in(&self, password: &str) -> bool {
        self.accounts.sign_in(sign_in(password), origin()).await.is_ok()
    }

    /// What was told, in order; nothing is taken away.
    async fn told(&self) -> Vec<Event> {
        told(&self.engines).await
    }
}

async fn told(engines: &Engines) -> Vec<Event> {
    let pending = engines.accounts.outbox().pending(None, 1_000).await.expect("an answer");
    pending.events.iter().map(|event| wire::open(event).expect("it is ours").expect("it is known")).collect()
}

fn is_over<T>(told: &Result<T, Error>) -> bool {
    matches!(told, Err(Error::LinkOver))
}

#[tokio::test]
async fn a_link_resets_a_password_once_and_ends_every_session() {
    let owner = Owner::signed_up().await;
    let token = owner.link(ContactPurpose::ResetPassword).await;

    owner.reset(&token, NEW).await.expect("the link is good");

    assert!(owner.signs_in(NEW).await && !owner.signs_in(OLD).await);
    assert!(matches!(owner.accounts.refresh(&owner.here.refresh).await, Err(Error::SessionOver)));
    assert!(is_over(&owner.reset(&token, "a third lantern").await), "it works once");
    assert!(owner.reset(&token, NEW).await.is_ok(), "the same form that is sent twice is acknowledged twice");
    let events = owner.told().await;
    assert!(
        matches!(&events[1..], [Event::AccountPasswordChanged(_), Event::AccountAddressConfirmed(_)]),
        "{events:?}"
    );
}

#[tokio::test]
async fn a_weak_password_leaves_the_link_as_it_is() {
    let owner = Owner::signed_up().await;
    let token = owner.link(ContactPurpose::ResetPassword).await;

    assert!(matches!(owner.reset(&token, "short").await, Err(Error::Invalid(_))));

    assert!(owner.reset(&token, NEW).await.is_ok());
}

#[tokio::test]
async fn a_link_is_void_after_an_hour_and_for_anything_else() {
    let owner = Owner::signed_up().await;
    let [reset, confirm] =
        [owner.link(ContactPurpose::ResetPassword).await, owner.link(ContactPurpose::ConfirmAddress).await];
    assert!(is_over(&owner.reset(&confirm, NEW).await) && is_over(&owner.confirm(&reset).await));

    owner.engines.clock.advance(HOUR);

    assert!(is_over(&owner.reset(&reset, NEW).await) && is_over(&owner.confirm(&confirm).await));
    assert!(owner.signs_in(OLD).await);
}

#[tokio::test]
async fn a_link_is_void_once_the_password_was_changed_otherwise() {
    let owner = Owner::signed_up().await;
    let token = owner.link(ContactPurpose::ResetPassword).await;
    let (account, session) = (owner.here.account, owner.here.access.claims.session);
    let change = ChangePassword { account, session, current: OLD.into(), new: NEW.into() };
    owner.accounts.change_password(change, origin()).await.expect("another password");

    assert!(is_over(&owner.reset(&token, "a third lantern").await));
}

#[tokio::test]
async fn an_address_is_confirmed_once_however_often_its_link_is_followed() {
    let owner = Owner::signed_up().await;
    let token = owner.link(ContactPurpose::ConfirmAddress).await;
    assert!(!owner.accounts.refresh(&owner.here.refresh).await.expect("it goes on").access.claims.confirmed);

    for _ in 0..2 {
        assert_eq!(owner.confirm(&token).await.expect("the link is good"), owner.here.account);
    }

    assert!(owner.accounts.refresh(&owner.here.refresh).await.expect("it goes on").access.claims.confirmed);
    assert_eq!(
        owner.accounts.contact(owner.here.account, ContactPurpose::ConfirmAddress).await.expect("an answer"),
        None
    );
    assert_eq!(owner.told().await.len(), 2, "the sign-up, and one confirmation");
}

#[tokio::test]
async fn nothing_is_told_of_an_address_without_an_account() {
    let owner = Owner::signed_up().await;
    let nobody = "nobody@example.org".parse().expect("an address");

    owner.accounts.request_reset(RequestReset { email: nobody }, origin()).await.expect("the same answer");
    owner.accounts.request_reset(RequestReset { email: sign_up().email }, origin()).await.expect("an answer");

    assert!(matches!(&owner.told().await[1..], [Event::AccountResetRequested(_)]));
}

#[tokio::test]
async fn a_deleted_account_is_gone_for_everything_but_its_id() {
    let owner = Owner::signed_up().await;
    let links = [owner.link(ContactPurpose::ResetPassword).await, owner.link(ContactPurpose::ConfirmAddress).await];
    let account = owner.here.account;
    let wrong = DeleteAccount { account, password: NEW.to_owned() };
    assert!(matches!(owner.accounts.delete_account(wrong, origin()).await, Err(Error::Invalid(_))));

    let command = DeleteAccount { account, password: OLD.to_owned() };
    owner.accounts.delete_account(command.clone(), origin()).await.expect("it is deleted");

    assert!(matches!(owner.accounts.delete_account(command, origin()).await, Err(Error::AccountNotFound)));
    assert!(is_over(&owner.reset(&links[0], NEW).await) && is_over(&owner.confirm(&links[1]).await));
    assert!(!owner.signs_in(OLD).await && owner.accounts.refresh(&owner.here.refresh).await.is_err());
    for purpose in [ContactPurpose::Tell, ContactPurpose::ResetPassword] {
        assert_eq!(owner.accounts.contact(account, purpose).await.expect("an answer"), None);
    }
    let next = owner.accounts.sign_up(sign_up(), origin()).await.expect("the address is free");
    assert_ne!(next.account, account);
    let Event::AccountDeleted(deleted) = &owner.told().await[1] else { panic!("another event") };
    assert_eq!((deleted.id, deleted.version, &deleted.display_name), (account, 2, &None));
}

#[tokio::test]
async fn a_sign_in_from_a_new_browser_is_told_before_anybody_is_in() {
    let mut step = 0;
    loop {
        let owner = Owner::signed_up().await;
        let crash = FaultPlan::crash_at(Arc::new(owner.engines.clock.clone()), step);
        let doomed = accounts(&owner.engines, &crash);
        let answer = doomed.sign_in(sign_in(OLD).from_new_browser(), origin()).await;

        let sessions = owner.accounts.sessions(owner.here.account).await.expect("an answer");
        let is_told = owner.told().await.len() == 2;
        assert!(is_told || sessions.len() == 1, "somebody is in whose owner is not told, at step {step}");
        if answer.is_ok() {
            assert!(is_told && sessions.len() == 2);
            return;
        }
        step += 1;
    }
}

#[tokio::test]
async fn resetting_a_password_survives_a_crash_anywhere() {
    let mut step = 0;
    loop {
        let owner = Owner::signed_up().await;
        let token = owner.link(ContactPurpose::ResetPassword).await;
        let crash = FaultPlan::crash_at(Arc::new(owner.engines.clock.clone()), step);
        let command = ResetPassword { token: token.clone(), password: NEW.to_owned() };
        let answer = accounts(&owner.engines, &crash).reset_password(command, origin()).await;

        let works = [owner.signs_in(OLD).await, owner.signs_in(NEW).await];
        assert!(works[0] != works[1], "one password at a time, at step {step}");
        assert_eq!(owner.accounts.refresh(&owner.here.refresh).await.is_ok(), works[0], "at step {step}");
        assert_eq!(owner.told().await.len(), if works[1] { 3 } else { 1 }, "state and events are one, at step {step}");
        assert!(owner.reset(&token, NEW).await.is_ok(), "another try gets there, at step {step}");
        if answer.is_ok() {
            return;
        }
        step += 1;
    }
}

#[tokio::test]
async fn two_resets_at_once_by_one_link_are_one() {
    let owner = Owner::signed_up().await;
    let token = owner.link(ContactPurpose::ResetPassword).await;

    let both = futures::join!(owner.reset(&token, NEW).boxed(), owner.reset(&token, "a third lantern").boxed());

    assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
    assert!(owner.signs_in(NEW).await != owner.signs_in("a third lantern").await);
}

/// What somebody does with an account.
#[derive(Debug, Clone)]
enum Deed {
    Confirm,
    AskAgain,
    Forget,
    Reset(u8),
    Rename(Option<u8>),
    ComeFromNewBrowser,
    Delete,
    SignUpAgain,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        any::<bool>().prop_map(|again| if again { Deed::AskAgain } else { Deed::Confirm }),
        any::<u8>().prop_map(|n| Deed::Reset(n % 3)),
        any::<Option<u8>>().prop_map(|n| Deed::Rename(n.map(|n| n % 3))),
        any::<u8>().prop_map(|n| match n {
            0..40 => Deed::Delete,
            40..100 => Deed::SignUpAgain,
            100..180 => Deed::Forget,
            _ => Deed::ComeFromNewBrowser,
        }),
    ]
}

/// Does it; whether it succeeds depends on what was done before.
async fn act(owner: &Owner, password: &mut String, deed: Deed) {
    let (accounts, account) = (&owner.accounts, owner.here.account);
    match deed {
        Deed::Confirm => {
            if let Ok(Some(contact)) = accounts.contact(account, ContactPurpose::ConfirmAddress).await {
                owner.confirm(&contact.token.expect("a link")).await.expect("the link is new");
            }
        }
        Deed::AskAgain => drop(accounts.request_confirmation(RequestConfirmation { account }, origin()).await),
        Deed::Forget => drop(accounts.request_reset(RequestReset { email: sign_up().email }, origin()).await),
        Deed::Reset(n) => {
            if let Ok(Some(contact)) = accounts.contact(account, ContactPurpose::ResetPassword).await {
                let next = format!("{NEW} {n}");
                owner.reset(&contact.token.expect("a link"), &next).await.expect("the link is new");
                *password = next;
            }
        }
        Deed::Rename(n) => {
            let name = n.map(|n| DisplayName::from_stored(&format!("Ada {n}")));
            drop(accounts.rename(Rename { account, name }, origin()).await);
        }
        Deed::ComeFromNewBrowser => {
            drop(accounts.sign_in(sign_in(password).from_new_browser(), origin()).await);
        }
        Deed::Delete => {
            let command = DeleteAccount { account, password: password.clone() };
            drop(accounts.delete_account(command, origin()).await);
        }
        Deed::SignUpAgain => drop(accounts.sign_up(sign_up(), origin()).await),
    }
}

proptest! {
    #[test]
    fn versions_are_dense_and_the_last_event_says_how_the_account_is(deeds in vec(deed(), 0..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let owner = Owner::signed_up().await;
            let mut password = OLD.to_owned();
            for deed in deeds {
                act(&owner, &mut password, deed).await;
            }

            let mut versions: HashMap<AccountId, u64> = HashMap::new();
            let mut last = None;
            for event in owner.told().await {
                let account = event.account().expect("only accounts are told of").clone();
                let version = versions.entry(account.id).or_default();
                *version += 1;
                assert_eq!((account.version, event.version(), event.subject()), (*version, *version, account.id.uuid()));
                last = Some(account).filter(|account| account.id == owner.here.account).or(last);
            }
            let kept = owner.accounts.account(owner.here.account).await.map(|account| account.to_public()).ok();
            assert_eq!(last.filter(|account| account.deleted_at.is_none()), kept);
        });
    }
}

#[tokio::test]
async fn a_link_changes_no_other_account() {
    let owner = Owner::signed_up().await;
    let stored = owner.engines.accounts.account(owner.here.account).await.unwrap().unwrap();
    let other = ticketing_core::domain::account::Account {
        id: AccountId::from_u128(7),
        email: "eve@example.org".parse().unwrap(),
        password: PasswordHash::new("another".to_owned()),
        ..stored.record
    };
    owner.engines.accounts.commit(UnitOfWork::default().with(Write::insert(other))).await.unwrap();
    let contact = owner.accounts.contact(AccountId::from_u128(7), ContactPurpose::ResetPassword).await.unwrap();

    owner.reset(&contact.unwrap().token.unwrap(), NEW).await.expect("the link of Eve is good");

    assert!(owner.signs_in(OLD).await, "and Ada's password is Ada's");
}
