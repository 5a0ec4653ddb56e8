//! Renewing a session: however often its answer is lost, its owner stays signed in, and nobody else does.

use std::sync::Arc;
use std::time::Duration;

use ticketing_core::domain::ids::SessionId;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::identity::{Session, SessionLifetimes, SessionStore};
use ticketing_core::usecase::accounts::{Accounts, RefreshToken, Refreshed, SignedIn};
use ticketing_core::usecase::error::Error;
use ticketing_memory::{Fault, FaultPlan, ManualClock, Operation};

use crate::accounts::{accounts, origin, sign_in, sign_up};
use crate::market::Engines;

const SOON: Duration = Duration::from_secs(2);
/// Later than any clock of the marketplace may be off.
const LATER: Duration = Duration::from_secs(16);

/// Somebody who signed in, by the clock of these engines.
struct Visitor {
    engines: Engines,
    accounts: Accounts,
    begun: SignedIn,
}

impl Visitor {
    async fn signed_in() -> Self {
        let engines = Engines::new();
        let accounts = accounts(&engines, &FaultPlan::none());
        let begun = accounts.sign_up(sign_up(), origin()).await.expect("an account");
        Self { engines, accounts, begun }
    }

    async fn renews(&self, token: &RefreshToken) -> Refreshed {
        self.accounts.refresh(token).await.expect("the session goes on")
    }

    /// Another process on the same engines.
    fn elsewhere(&self, faults: &FaultPlan) -> Accounts {
        accounts(&self.engines, faults)
    }

    /// Another process whose clock shows another time.
    fn at(&self, now: Timestamp) -> Accounts {
        let env = ClockAndIds { clock: Arc::new(ManualClock::new(now)), ..self.accounts.env.clone() };
        Accounts { env, ..self.accounts.clone() }
    }

    fn pass(&self, span: Duration) {
        self.engines.clock.advance(span);
    }

    async fn is_over(&self, token: &RefreshToken) -> bool {
        matches!(self.accounts.refresh(token).await, Err(Error::SessionOver))
    }

    async fn session(&self) -> Option<Session> {
        self.engines.sessions.session(self.id()).await.expect("memory answers")
    }

    const fn id(&self) -> SessionId {
        self.begun.access.claims.session
    }
}

#[tokio::test]
async fn a_renewal_whose_answer_is_lost_is_repeated() {
    let ada = Visitor::signed_in().await;
    let lost = ada.renews(&ada.begun.refresh).await;
    ada.pass(SOON);

    let again = ada.renews(&ada.begun.refresh).await;

    assert!(again.refresh == lost.refresh, "the same pair");
    ada.pass(Duration::from_secs(300));
    ada.renews(&again.refresh).await;
}

#[tokio::test]
async fn tabs_and_processes_that_renew_at_once_get_the_same_pair() {
    let ada = Visitor::signed_in().await;
    let services: Vec<Accounts> = (0..8).map(|_| ada.elsewhere(&FaultPlan::none())).collect();

    let pairs = futures::future::join_all(services.iter().map(|service| service.refresh(&ada.begun.refresh))).await;

    let [first, rest @ ..] = &pairs[..] else { panic!("eight answers") };
    let first = first.as_ref().unwrap();
    assert!(rest.iter().all(|pair| pair.as_ref().is_ok_and(|pair| pair.refresh == first.refresh)));
    ada.pass(LATER);
    ada.renews(&first.refresh).await;
}

#[tokio::test]
async fn a_store_that_answers_too_late_signs_nobody_out() {
    let ada = Visitor::signed_in().await;
    for fault in [Fault::FailBefore, Fault::FailAfter] {
        let faults = FaultPlan::counting(Arc::new(ada.engines.clock.clone()));
        faults.inject(Operation::Commit, fault);
        let unsure = ada.elsewhere(&faults);
        let current = ada.accounts.sign_in(sign_in("brass lantern"), origin()).await.unwrap().refresh;

        assert!(unsure.refresh(&current).await.is_err());
        let again = unsure.refresh(&current).await.expect("trying again is right");

        ada.pass(LATER);
        ada.renews(&again.refresh).await;
    }
}

#[tokio::test]
async fn a_retry_behind_the_next_renewal_gets_the_newest_pair() {
    let ada = Visitor::signed_in().await;
    let mut newest = ada.begun.refresh.clone();
    for _ in 0..Session::MAX_SPENT {
        newest = ada.renews(&newest).await.refresh;
        ada.pass(Duration::from_millis(100));

        assert!(ada.renews(&ada.begun.refresh).await.refresh == newest);
    }
    ada.pass(LATER);
    ada.renews(&newest).await;
}

#[tokio::test]
async fn a_retry_at_a_process_whose_clock_is_a_little_off_signs_nobody_out() {
    let ada = Visitor::signed_in().await;
    let first = ada.renews(&ada.begun.refresh).await;
    let now = ada.accounts.env.now();
    let nearly = ada.accounts.lifetimes.overlap - Duration::from_millis(1);
    let off = Duration::from_secs(5);

    for there in [now.before(off), now.after(nearly), now.after(nearly + off)] {
        let again = ada.at(there).refresh(&ada.begun.refresh).await.expect("the session goes on");
        assert!(again.refresh == first.refresh, "the same pair");
    }
    ada.renews(&first.refresh).await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_makes_no_spent_token_good_again() {
    let ada = Visitor::signed_in().await;
    let newest = ada.renews(&ada.begun.refresh).await.refresh;
    let hours_ago = ada.accounts.env.now().before(Duration::from_secs(3 * 3600));

    let stolen = ada.at(hours_ago).refresh(&ada.begun.refresh).await;

    assert!(matches!(stolen, Err(Error::SessionOver)), "{stolen:?}");
    assert!(ada.is_over(&newest).await, "the owner learns of it");
}

#[tokio::test]
async fn however_often_tabs_renew_within_a_moment_the_first_token_is_no_thiefs() {
    let ada = Visitor::signed_in().await;
    let mut newest = ada.begun.refresh.clone();
    for _ in 0..3 * Session::MAX_SPENT {
        newest = ada.renews(&newest).await.refresh;
        assert!(ada.renews(&ada.begun.refresh).await.refresh == newest, "the same pair");
    }
    ada.pass(LATER);
    let later = ada.renews(&newest).await.refresh;

    assert!(later != newest, "it is exchanged again");
    assert!(ada.session().await.is_some());
}

#[tokio::test]
async fn a_token_that_comes_again_later_was_copied() {
    for renewals in 1..4 {
        let ada = Visitor::signed_in().await;
        let mut newest = ada.begun.refresh.clone();
        for _ in 0..renewals {
            newest = ada.renews(&newest).await.refresh;
            ada.pass(LATER);
        }

        assert!(ada.is_over(&ada.begun.refresh).await, "after {renewals} renewals");
        assert_eq!(ada.session().await, None, "after {renewals} renewals");
        assert!(ada.is_over(&newest).await, "after {renewals} renewals");
    }
}

#[tokio::test]
async fn a_retry_does_not_make_the_moment_longer() {
    let ada = Visitor::signed_in().await;
    ada.renews(&ada.begun.refresh).await;
    for _ in 0..2 {
        ada.pass(Duration::from_secs(7));
        ada.renews(&ada.begun.refresh).await;
    }
    ada.pass(SOON);

    assert!(ada.is_over(&ada.begun.refresh).await);
}

#[tokio::test]
async fn the_id_of_a_session_alone_ends_nothing() {
    let ada = Visitor::signed_in().await;
    let text = ada.begun.refresh.expose();
    let other = ada.accounts.sign_in(sign_in("brass lantern"), origin()).await.unwrap().refresh.expose();
    let (id, secret) = text.split_once('.').unwrap();
    let (_, foreign) = other.split_once('.').unwrap();
    let (proof, seal) = secret.split_at(64);

    for guess in
        ["0".repeat(96), foreign.to_owned(), format!("{proof}{}", "0".repeat(32)), format!("{}{seal}", "1".repeat(64))]
    {
        let guess: RefreshToken = format!("{id}.{guess}").parse().unwrap();
        assert!(ada.is_over(&guess).await);
    }

    assert!(ada.session().await.is_some());
    ada.renews(&ada.begun.refresh).await;
}

#[tokio::test]
async fn a_session_ends_in_the_end_however_often_it_is_renewed() {
    let ada = Visitor::signed_in().await;
    let SessionLifetimes { longest, access, .. } = ada.accounts.lifetimes;
    let ends_at = ada.begun.access.claims.issued_at.after(longest);
    let step = Duration::from_secs(24 * 3600) * 20;
    let mut token = ada.begun.refresh.clone();
    for _ in 0..4 {
        ada.pass(step);
        let renewed = ada.renews(&token).await;
        assert!(renewed.session_expires_at <= ends_at);
        token = renewed.refresh;
    }

    ada.pass(longest - step * 4 - access / 2);
    let last = ada.renews(&token).await;
    assert_eq!((last.session_expires_at, last.access.claims.expires_at), (ends_at, ends_at));
    ada.pass(access / 2);
    assert!(ada.is_over(&last.refresh).await);
}

#[tokio::test]
async fn a_session_remembers_few_tokens() {
    let ada = Visitor::signed_in().await;
    let mut token = ada.begun.refresh.clone();
    for _ in 0..3 * Session::MAX_SPENT {
        token = ada.renews(&token).await.refresh;
        assert!(ada.session().await.unwrap().spent.len() <= Session::MAX_SPENT);
    }
    ada.pass(LATER);
    ada.renews(&token).await;

    assert_eq!(ada.session().await.unwrap().spent.len(), 1);
}
