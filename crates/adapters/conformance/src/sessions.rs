//! Rules of [`SessionStore`].
#![expect(clippy::missing_panics_doc, reason = "rules panic by design")]

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use ticketing_core::domain::ids::{AccountId, SessionId};
use ticketing_core::ports::identity::{IdentityError, Session, SessionStore, SpentToken};

use crate::outcome::Outcome;
use crate::report::Family;
use crate::sample;
use crate::time::{TimeFixture, soon};

/// Every rule of this module.
pub const SESSIONS: Family<dyn SessionsFixture> = crate::sessions!(@ [family]);

/// A store without sessions.
pub trait SessionsFixture: TimeFixture {
    /// The store; always the same one.
    fn sessions(&self) -> Arc<dyn SessionStore>;
}

const HOUR: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_secs(1);

async fn answered<T: Send>(call: impl Future<Output = Result<T, IdentityError>> + Send) -> T {
    soon("the session store answers", call).await.expect("the session store answers")
}

fn account() -> AccountId {
    AccountId::new(sample::uuid())
}

fn session(fixture: &dyn SessionsFixture, account: AccountId) -> Session {
    sample::session(account, fixture.now(), HOUR)
}

/// What a refresh makes of a session.
fn refreshed(session: &Session) -> Session {
    let spent = [session.refreshed_at, session.created_at].map(|at| SpentToken { token: sample::digest(), at });
    let spent = [SpentToken { token: session.current, at: session.refreshed_at }].into_iter().chain(spent).collect();
    Session { current: sample::digest(), spent, ..session.clone() }
}

/// A session is found, as it is, until it is revoked by its owner.
pub async fn a_session_is_found_until_revoked(fixture: &dyn SessionsFixture) -> Outcome {
    let store = fixture.sessions();
    let (session, other) = (session(fixture, account()), session(fixture, account()));
    assert_eq!(answered(store.session(session.id)).await, None, "a session that never began is found");
    for session in [&session, &other] {
        answered(store.create(session.clone())).await;
        assert_eq!(answered(store.session(session.id)).await.as_ref(), Some(session), "a session is read as it began");
    }

    assert!(!answered(store.revoke(account(), session.id)).await, "a stranger ended a session");
    assert_eq!(answered(store.session(session.id)).await.as_ref(), Some(&session), "a stranger ended a session");
    assert!(answered(store.revoke(session.account, session.id)).await, "an owner ends a session");
    assert!(!answered(store.revoke(session.account, session.id)).await, "a session ends once");

    assert_eq!(answered(store.session(session.id)).await, None, "a revoked session is found");
    let late = answered(store.refresh(session.current, refreshed(&session))).await;
    assert!(!late, "a revoked session was refreshed");
    assert_eq!(answered(store.session(session.id)).await, None, "a refresh revived a revoked session");
    assert_eq!(answered(store.session(other.id)).await, Some(other), "another session ended too");
    Outcome::Kept
}

/// A session that expired is gone; one that was refreshed in time lives on.
pub async fn an_expired_session_is_gone(fixture: &dyn SessionsFixture) -> Outcome {
    let store = fixture.sessions();
    let owner = account();
    let began = fixture.now();
    let [idle, active] = [0, 1].map(|_| sample::session(owner, began, SHORT));
    for session in [&idle, &active] {
        answered(store.create(session.clone())).await;
    }
    let next = Session { expires_at: began.after(HOUR), ..refreshed(&active) };
    assert!(answered(store.refresh(active.current, next.clone())).await, "a living session is refreshed");
    fixture.pass(SHORT + SHORT / 10).await;

    assert_eq!(answered(store.session(idle.id)).await, None, "an expired session is found");
    let late = answered(store.refresh(idle.current, refreshed(&idle))).await;
    assert!(!late, "an expired session was refreshed");
    assert!(!answered(store.revoke(owner, idle.id)).await, "an expired session was alive to be revoked");
    assert_eq!(answered(store.session(active.id)).await.as_ref(), Some(&next), "a refreshed session lives on");
    assert_eq!(answered(store.sessions_of(owner)).await, [next], "an owner sees living sessions alone");
    Outcome::Kept
}

/// Of two refreshes with one token, one wins; a token that was used already wins never.
pub async fn one_of_two_racing_refreshes_wins(fixture: &dyn SessionsFixture) -> Outcome {
    let store = fixture.sessions();
    let mut current = session(fixture, account());
    answered(store.create(current.clone())).await;
    for _ in 0..20 {
        let nexts: Vec<Session> = (0..4).map(|_| refreshed(&current)).collect();
        let tries = nexts.iter().cloned().map(|next| {
            let (store, used) = (Arc::clone(&store), current.current);
            tokio::spawn(async move { store.refresh(used, next).await })
        });
        let ends = soon("refreshes are answered", join_all(tries.collect::<Vec<_>>())).await;
        let won: Vec<Session> =
            ends.iter().zip(nexts).filter(|(end, _)| matches!(end, Ok(Ok(true)))).map(|(_, next)| next).collect();
        assert_eq!(won.len(), 1, "of four refreshes with one token, one wins");
        assert_eq!(answered(store.session(current.id)).await.as_ref(), won.first(), "the winner is what is kept");

        let again = answered(store.refresh(current.current, refreshed(&current))).await;
        assert!(!again, "a token was used twice");
        current = won.into_iter().next().expect("a winner");
    }
    Outcome::Kept
}

/// An owner finds their own sessions and no others, newest first.
pub async fn an_owner_finds_their_sessions(fixture: &dyn SessionsFixture) -> Outcome {
    let store = fixture.sessions();
    let (owner, other) = (account(), account());
    let mut theirs = Vec::new();
    for n in 0..5 {
        let now = fixture.now().after(Duration::from_millis(n));
        let session = sample::session(owner, now, HOUR);
        answered(store.create(session.clone())).await;
        answered(store.create(sample::session(other, now, HOUR))).await;
        theirs.insert(0, session);
    }

    assert_eq!(answered(store.sessions_of(owner)).await, theirs, "an owner's sessions, newest first");
    let ended = theirs.remove(2);
    answered(store.revoke(owner, ended.id)).await;
    assert_eq!(answered(store.sessions_of(owner)).await, theirs, "an owner's sessions, but for the revoked one");
    assert_eq!(answered(store.sessions_of(account())).await, [], "nobody has sessions");
    Outcome::Kept
}

/// All sessions of an owner but one may be revoked at once, or all of them; those of others stay.
pub async fn all_sessions_but_one_may_be_revoked(fixture: &dyn SessionsFixture) -> Outcome {
    let store = fixture.sessions();
    let (owner, other) = (account(), account());
    let theirs: [Session; 3] = std::array::from_fn(|_| session(fixture, owner));
    let foreign = session(fixture, other);
    for session in theirs.iter().chain([&foreign]) {
        answered(store.create(session.clone())).await;
    }

    let [first, kept, last] = theirs;
    answered(store.revoke_all(owner, Some(kept.id))).await;
    for ended in [first.id, last.id] {
        assert_eq!(answered(store.session(ended)).await, None, "a session survived the end of all but one");
    }
    assert_eq!(answered(store.sessions_of(owner)).await, [kept], "the one to keep was ended");
    answered(store.revoke_all(owner, Some(SessionId::new(sample::uuid())))).await;
    assert_eq!(answered(store.sessions_of(owner)).await, [], "keeping what is not there keeps nothing");
    answered(store.revoke_all(other, None)).await;
    assert_eq!(answered(store.session(foreign.id)).await, None, "a session survived the end of all");
    answered(store.revoke_all(owner, None)).await;
    Outcome::Kept
}

/// An account has so many sessions and no more: the one that began first gives way, however often it was refreshed.
/// Those that ended do not count, and neither do those of others.
pub async fn the_oldest_of_too_many_sessions_gives_way(fixture: &dyn SessionsFixture) -> Outcome {
    let store = fixture.sessions();
    let (owner, foreign) = (account(), session(fixture, account()));
    answered(store.create(foreign.clone())).await;
    let began = fixture.now();
    let mut theirs = Vec::new();
    for n in 0..u64::try_from(Session::MAX_PER_ACCOUNT).expect("a small number") {
        let session = sample::session(owner, began.after(Duration::from_millis(n)), HOUR);
        answered(store.create(session.clone())).await;
        theirs.insert(0, session);
    }
    assert_eq!(answered(store.sessions_of(owner)).await, theirs, "an owner may have as many as the bound says");

    let oldest = theirs.pop().expect("a session");
    let refreshed = Session { expires_at: oldest.expires_at.after(HOUR), ..refreshed(&oldest) };
    assert!(answered(store.refresh(oldest.current, refreshed)).await, "a living session is refreshed");
    let ended = theirs.remove(3);
    assert!(answered(store.revoke(owner, ended.id)).await, "an owner ends a session");
    for n in 0..2 {
        let session = sample::session(owner, began.after(HOUR / 2 + Duration::from_millis(n)), HOUR);
        answered(store.create(session.clone())).await;
        theirs.insert(0, session);
    }

    assert_eq!(answered(store.session(oldest.id)).await, None, "the oldest of too many is found");
    assert_eq!(answered(store.sessions_of(owner)).await, theirs, "none but the oldest gives way");
    assert_eq!(answered(store.session(foreign.id)).await, Some(foreign), "somebody else's gave way");
    Outcome::Kept
}
