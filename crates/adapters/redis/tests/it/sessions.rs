//! Quirks of sessions in Redis.

use std::time::Duration;

use futures::future::join_all;
use ticketing_conformance::sample;
use ticketing_core::domain::ids::AccountId;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::identity::{Session, SessionStore, SpentToken};
use ticketing_redis::RedisSessions;

use crate::world::{World, eventually, now};

const HOUR: Duration = Duration::from_secs(3600);

fn session(owner: AccountId, lasts: Duration) -> Session {
    sample::session(owner, now(), lasts)
}

fn account() -> AccountId {
    AccountId::new(sample::uuid())
}

fn refreshed(session: &Session) -> Session {
    let spent = vec![SpentToken { token: session.current, at: now() }];
    Session { current: sample::digest(), spent, ..session.clone() }
}

#[tokio::test]
async fn every_key_expires_with_the_last_session_in_it() {
    let world = World::start().await;
    let store = RedisSessions::new(&world.client);
    let owner = account();
    for session in [session(owner, HOUR * 2), session(owner, HOUR)] {
        store.create(session).await.unwrap();
    }

    let mut left: Vec<i64> = world.keys().iter().map(|key| world.ask::<i64>(&["TTL", key])).collect();
    left.retain(|seconds| *seconds > 10);
    left.sort_unstable();
    assert!(matches!(left[..], [3500..=3600, 7100..=7200, 7100..=7200]), "{left:?}");
}

#[tokio::test]
async fn an_index_forgets_sessions_that_ended() {
    let world = World::start().await;
    let store = RedisSessions::new(&world.client);
    let owner = account();
    let brief = session(owner, Duration::from_millis(50));
    store.create(brief.clone()).await.unwrap();
    store.create(session(owner, HOUR)).await.unwrap();
    let index = format!("{{{}:sessions}}:of:{owner}", world.config.prefix);
    assert_eq!(world.ask::<usize>(&["ZCARD", &index]), 2);

    // Redis forgets by whole seconds here, so it takes a moment.
    eventually("the index forgets it", || async {
        store.create(session(owner, HOUR)).await.unwrap();
        world.ask::<Option<i64>>(&["ZSCORE", &index, &brief.id.to_string()]).is_none().then_some(())
    })
    .await;
    store.revoke_all(owner, None).await.unwrap();
    assert_eq!(world.ask::<usize>(&["EXISTS", &index]), 0);
}

#[tokio::test]
async fn what_is_sent_twice_is_done_once() {
    let world = World::start().await;
    let store = RedisSessions::new(&world.client);
    let first = session(account(), HOUR);
    let next = refreshed(&first);
    for _ in 0..2 {
        store.create(first.clone()).await.unwrap();
    }
    for _ in 0..2 {
        assert!(store.refresh(first.current, next.clone()).await.unwrap(), "the same refresh, sent again");
    }

    assert_eq!(store.sessions_of(first.account).await.unwrap(), std::slice::from_ref(&next));
    assert!(!store.refresh(first.current, refreshed(&first)).await.unwrap(), "a token is used once");
    assert!(store.revoke(first.account, first.id).await.unwrap());
    assert!(!store.revoke(first.account, first.id).await.unwrap());
    assert!(!store.refresh(first.current, next).await.unwrap(), "what is over stays so");
}

#[tokio::test]
async fn no_session_survives_the_end_of_all_while_it_is_refreshed() {
    let world = World::start().await;
    let store = RedisSessions::new(&world.client);
    let owner = account();
    for _ in 0..50 {
        let begun: Vec<Session> = (0..4).map(|_| session(owner, HOUR)).collect();
        join_all(begun.iter().map(|session| store.create(session.clone()))).await;
        let refreshes = begun.iter().map(|session| store.refresh(session.current, refreshed(session)));
        let (_, ended) = tokio::join!(join_all(refreshes), store.revoke_all(owner, None));
        ended.unwrap();

        for session in begun {
            assert_eq!(store.session(session.id).await.unwrap(), None);
        }
    }
}

#[tokio::test]
async fn an_index_never_grows_past_the_bound() {
    let world = World::start().await;
    let store = RedisSessions::new(&world.client);
    let owner = account();
    let index = format!("{{{}:sessions}}:of:{owner}", world.config.prefix);
    for _ in 0..5 {
        let begun: Vec<Session> = (0..Session::MAX_PER_ACCOUNT).map(|_| session(owner, HOUR)).collect();
        join_all(begun.iter().map(|session| store.create(session.clone()))).await;
    }

    assert_eq!(world.ask::<usize>(&["ZCARD", &index]), Session::MAX_PER_ACCOUNT);
    assert_eq!(world.keys().len(), Session::MAX_PER_ACCOUNT + 1, "records and the index");
    assert_eq!(store.sessions_of(owner).await.unwrap().len(), Session::MAX_PER_ACCOUNT);
}

#[tokio::test]
async fn an_index_that_was_evicted_comes_back_with_the_next_refresh() {
    let world = World::start().await;
    let store = RedisSessions::new(&world.client);
    let begun = session(account(), HOUR);
    store.create(begun.clone()).await.unwrap();
    let index = format!("{{{}:sessions}}:of:{}", world.config.prefix, begun.account);
    assert_eq!(world.ask::<usize>(&["DEL", &index]), 1);

    let next = refreshed(&begun);
    assert!(store.refresh(begun.current, next.clone()).await.unwrap());

    assert_eq!(store.sessions_of(begun.account).await.unwrap(), [next]);
    assert!(world.ask::<i64>(&["PTTL", &index]) >= world.ask::<i64>(&["PTTL", &record_of(&world, &begun)]) - 1000);
    store.revoke_all(begun.account, None).await.unwrap();
    assert_eq!(store.session(begun.id).await.unwrap(), None);
}

fn record_of(world: &World, session: &Session) -> String {
    format!("{{{}:sessions}}:id:{}", world.config.prefix, session.id)
}

#[tokio::test]
async fn a_session_that_is_over_already_is_not_found() {
    let world = World::start().await;
    let store = RedisSessions::new(&world.client);
    for expires_at in [Timestamp::EPOCH, now().before(HOUR)] {
        let session = Session { expires_at, ..session(account(), HOUR) };
        store.create(session.clone()).await.unwrap();

        assert_eq!(store.session(session.id).await.unwrap(), None);
        assert_eq!(store.sessions_of(session.account).await.unwrap(), []);
    }
}
