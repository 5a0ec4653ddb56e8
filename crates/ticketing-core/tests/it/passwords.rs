//! A change of password against everything that may happen beside it.

use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt;
use ticketing_core::domain::account::{Password, PasswordAttempt, PasswordHash};
use ticketing_core::ports::identity::{IdentityError, PasswordHasher, SessionStore};
use ticketing_core::usecase::accounts::{Accounts, ChangePassword, RefreshToken, Refreshed, Renewal, SignedIn};
use ticketing_core::usecase::error::Error;
use ticketing_memory::{Fault, FaultPlan, Operation};
use tokio::sync::Semaphore;

use crate::accounts::{Plain, accounts, origin, sign_in, sign_up};
use crate::market::Engines;

const OLD: &str = "brass lantern";
const NEW: &str = "copper lantern";

/// Somebody with a session at home, and the service that they ask.
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

    fn change(&self, from: &SignedIn, current: &str, new: &str) -> ChangePassword {
        let (account, session) = (from.account, from.access.claims.session);
        ChangePassword { account, session, current: current.into(), new: new.into() }
    }

    async fn changes_password(&self) -> Option<Refreshed> {
        match self
            .accounts
            .change_password(self.change(&self.here, OLD, NEW), origin())
            .await
            .expect("another password")
        {
            Renewal::Tokens(refreshed) => Some(refreshed),
            Renewal::Kept | Renewal::Over => None,
        }
    }

    /// The service as somebody finds it whose passwords take long.
    fn slow(&self, slow: &Slow) -> Accounts {
        Accounts { hasher: Arc::new(slow.clone()), ..self.accounts.clone() }
    }

    /// The service while its session store does not answer.
    fn without_sessions(&self) -> Accounts {
        let away = FaultPlan::counting(Arc::new(self.engines.clock.clone()));
        away.crash();
        Accounts { sessions: Arc::new(self.engines.sessions.with_faults(away)), ..self.accounts.clone() }
    }

    async fn goes_on(&self, token: &RefreshToken) -> bool {
        self.accounts.refresh(token).await.is_ok()
    }
}

/// Verifies and hashes, and then waits to be let go.
#[derive(Debug, Clone)]
struct Slow {
    let_go: Arc<Semaphore>,
}

impl Slow {
    fn new() -> Self {
        Self { let_go: Arc::new(Semaphore::new(0)) }
    }

    async fn wait(&self) {
        self.let_go.acquire().await.expect("it stays open").forget();
    }
}

#[async_trait]
impl PasswordHasher for Slow {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, IdentityError> {
        self.wait().await;
        Plain.hash(password).await
    }

    async fn verify(&self, attempt: PasswordAttempt, hash: Option<PasswordHash>) -> Result<bool, IdentityError> {
        let proven = Plain.verify(attempt, hash).await;
        self.wait().await;
        proven
    }

    async fn weakness(&self, password: &Password, hints: &[String]) -> Result<Option<String>, IdentityError> {
        Plain.weakness(password, hints).await
    }
}

#[tokio::test]
async fn the_old_password_replaces_no_newer_one() {
    for at in [1, 2] {
        let owner = Owner::signed_up().await;
        let thief = owner.accounts.sign_in(sign_in(OLD), origin()).await.unwrap();
        let slow = Slow::new();
        let theirs = owner.slow(&slow);
        let mut theft = theirs.change_password(owner.change(&thief, OLD, "stolen lantern"), origin()).boxed();
        slow.let_go.add_permits(at - 1);
        assert!(futures::poll!(&mut theft).is_pending());
        let renewed = owner.changes_password().await.expect("the owner's session goes on");
        slow.let_go.add_permits(3);

        let told = theft.await;

        let wrong = matches!(&told, Err(Error::Invalid(wrong)) if wrong[0].field == "currentPassword");
        assert!(wrong, "the thief was told {told:?}");
        assert!(owner.accounts.sign_in(sign_in(NEW), origin()).await.is_ok());
        assert!(owner.goes_on(&renewed.refresh).await && !owner.goes_on(&thief.refresh).await);
    }
}

#[tokio::test]
async fn a_change_that_is_sent_twice_is_made_once_and_told_twice() {
    let owner = Owner::signed_up().await;
    let slow = Slow::new();
    let twice = owner.slow(&slow);
    let mut second = twice.change_password(owner.change(&owner.here, OLD, NEW), origin()).boxed();
    slow.let_go.add_permits(1);
    assert!(futures::poll!(&mut second).is_pending());
    let renewed = owner.changes_password().await.expect("the owner's session goes on");
    slow.let_go.add_permits(2);

    let told = second.await.expect("it was made");

    assert!(matches!(told, Renewal::Kept), "{told:?}");
    assert!(owner.goes_on(&renewed.refresh).await, "what the first answer brought is good");
    assert!(owner.accounts.sign_in(sign_in(NEW), origin()).await.is_ok());
}

#[tokio::test]
async fn a_session_that_is_being_made_with_the_old_password_is_not_made() {
    let owner = Owner::signed_up().await;
    let slow = Slow::new();
    let theirs = owner.slow(&slow);
    let mut theft = theirs.sign_in(sign_in(OLD), origin()).boxed();
    assert!(futures::poll!(&mut theft).is_pending());
    let renewed = owner.changes_password().await.expect("the owner's session goes on");
    slow.let_go.add_permits(1);

    assert!(matches!(theft.await, Err(Error::WrongCredentials)));

    let alive = owner.engines.sessions.sessions_of(owner.here.account).await.unwrap();
    assert_eq!(alive.iter().map(|session| session.id).collect::<Vec<_>>(), [renewed.access.claims.session]);
}

#[tokio::test]
async fn sessions_end_with_their_password_while_the_session_store_is_away() {
    let owner = Owner::signed_up().await;
    let thief = owner.accounts.sign_in(sign_in(OLD), origin()).await.unwrap();
    let change = owner.change(&owner.here, OLD, NEW);

    let told = owner.without_sessions().change_password(change, origin()).await;

    assert!(matches!(told, Ok(Renewal::Over)), "the password is another, and the session is not renewed: {told:?}");
    for token in [&thief.refresh, &owner.here.refresh] {
        assert!(matches!(owner.accounts.refresh(token).await, Err(Error::SessionOver)));
    }
    assert!(owner.accounts.sign_in(sign_in(NEW), origin()).await.is_ok());
    assert!(matches!(owner.accounts.sign_in(sign_in(OLD), origin()).await, Err(Error::WrongCredentials)));
}

#[tokio::test]
async fn a_session_store_that_forgot_the_end_of_a_session_revives_nobody() {
    let owner = Owner::signed_up().await;
    let thief = owner.accounts.sign_in(sign_in(OLD), origin()).await.unwrap();
    let before = owner.engines.sessions.sessions_of(owner.here.account).await.unwrap();
    owner.changes_password().await.expect("the owner's session goes on");

    for session in before {
        owner.engines.sessions.create(session).await.unwrap();
    }

    for token in [&thief.refresh, &owner.here.refresh] {
        assert!(matches!(owner.accounts.refresh(token).await, Err(Error::SessionOver)));
    }
    assert_eq!(owner.engines.sessions.sessions_of(owner.here.account).await.unwrap(), []);
}

#[tokio::test]
async fn the_session_that_asked_goes_on_with_tokens_of_its_own() {
    let owner = Owner::signed_up().await;
    let renewed = owner.changes_password().await.expect("the owner's session goes on");

    assert_eq!(renewed.access.claims.session, owner.here.access.claims.session);
    assert!(!owner.goes_on(&owner.here.refresh).await, "a copy of the old token is worth nothing, however soon");
    assert!(owner.goes_on(&renewed.refresh).await, "and ends nothing");
}

#[tokio::test]
async fn a_session_of_somebody_else_is_not_renewed() {
    let owner = Owner::signed_up().await;
    let eve = SignUpAs("eve@example.org").command();
    let eve = owner.accounts.sign_up(eve, origin()).await.unwrap();
    let change = ChangePassword { session: eve.access.claims.session, ..owner.change(&owner.here, OLD, NEW) };

    assert!(matches!(owner.accounts.change_password(change, origin()).await, Ok(Renewal::Over)));
    assert!(owner.goes_on(&eve.refresh).await);
}

struct SignUpAs(&'static str);

impl SignUpAs {
    fn command(&self) -> ticketing_core::usecase::accounts::SignUp {
        let email = self.0.parse().expect("an address");
        ticketing_core::usecase::accounts::SignUp::new(email, OLD)
    }
}

#[tokio::test]
async fn another_try_after_an_unknown_outcome_gets_the_truth() {
    let owner = Owner::signed_up().await;
    let faults = FaultPlan::counting(Arc::new(owner.engines.clock.clone()));
    faults.inject(Operation::Commit, Fault::FailAfter);
    let unsure = accounts(&owner.engines, &faults);

    // Nobody knows whether it was done: it was, and the next attempt says so.
    assert!(unsure.change_password(owner.change(&owner.here, OLD, NEW), origin()).await.is_err());
    let again = unsure.change_password(owner.change(&owner.here, OLD, NEW), origin()).await;
    assert!(matches!(again, Err(Error::Invalid(_))), "{again:?}");
    assert!(matches!(
        owner.accounts.change_password(owner.change(&owner.here, NEW, "tin lantern"), origin()).await,
        Ok(Renewal::Tokens(_))
    ));
}

#[tokio::test]
async fn nothing_is_judged_before_the_old_password_is_proved() {
    let owner = Owner::signed_up().await;
    let wrong = owner.accounts.change_password(owner.change(&owner.here, "a guess", "short"), origin()).await;

    assert!(matches!(&wrong, Err(Error::Invalid(wrong)) if wrong.len() == 1 && wrong[0].field == "currentPassword"));
    let long = "x".repeat(10_000_000);
    let wrong = owner.accounts.change_password(owner.change(&owner.here, &long, NEW), origin()).await;
    assert!(matches!(&wrong, Err(Error::Invalid(wrong)) if wrong[0].field == "currentPassword"));
    assert!(matches!(owner.accounts.sign_in(sign_in(&long), origin()).await, Err(Error::WrongCredentials)));
}
