//! Parking lots and session stores that do too much or too little.

use std::sync::Arc;

use async_trait::async_trait;
use ticketing_conformance::parking::PARKING;
use ticketing_conformance::sessions::SESSIONS;
use ticketing_core::domain::ids::{AccountId, SessionId};
use ticketing_core::ports::identity::{IdentityError, Session, SessionStore, TokenDigest};
use ticketing_core::ports::parking::{Parked, ParkedFilter, ParkingChange, ParkingLot};
use ticketing_core::ports::store::{Page, StoreError};
use uuid::Uuid;

use super::assert_notices;
use crate::world::World;

/// Parks whatever might follow, for whichever consumer, and never as released.
#[derive(Debug)]
struct Greedy(Arc<dyn ParkingLot>);

#[async_trait]
impl ParkingLot for Greedy {
    fn survives_restart(&self) -> bool {
        true
    }

    async fn park(&self, parked: Parked) -> Result<(), StoreError> {
        self.0.park(parked).await
    }

    async fn follow(&self, parked: Vec<Parked>) -> Result<Vec<Uuid>, StoreError> {
        let ids = parked.iter().map(|parked| parked.id).collect();
        for parked in parked {
            self.0.park(parked).await?;
        }
        Ok(ids)
    }

    async fn parked_keys(&self, consumer: &str, keys: &[String]) -> Result<Vec<String>, StoreError> {
        self.0.parked_keys(consumer, keys).await
    }

    async fn list(&self, filter: &ParkedFilter, page: Page<Uuid>) -> Result<Vec<Parked>, StoreError> {
        let mut parked = self.0.list(filter, page).await?;
        parked.iter_mut().filter(|parked| parked.arrival.key() != parked.key).for_each(|parked| parked.released = true);
        Ok(parked)
    }

    async fn change(&self, change: ParkingChange) -> Result<usize, StoreError> {
        match change {
            ParkingChange::Edit { .. } | ParkingChange::Hold { .. } => Ok(1),
            change => self.0.change(change).await,
        }
    }
}

#[tokio::test]
async fn a_lot_that_forgets_with_its_process() {
    let worlds = [(), ()].map(|()| {
        let world = World::default();
        let (parking, reopened_parking) = (Arc::new(Greedy(world.parking)), Arc::new(Greedy(world.reopened_parking)));
        World { parking, reopened_parking, ..world }
    });
    let [sound, forgetful] = worlds;
    let forgetful = World { reopened_parking: Arc::new(Greedy(World::default().parking)), ..forgetful };

    assert_notices(&PARKING, "what_was_parked_survives_a_restart", &sound, &forgetful).await;
}

#[tokio::test]
async fn a_lot_that_parks_whatever_comes() {
    for rule in [
        "a_later_delivery_follows_only_a_parked_key",
        "consumers_park_apart",
        "a_parked_delivery_may_be_edited",
        "a_key_may_be_released_and_held_again",
    ] {
        let sound = World::default();
        let parking = Arc::new(Greedy(sound.parking));
        assert_notices(&PARKING, rule, &World::default(), &World { parking, ..sound }).await;
    }
}

/// Compares keys as they are written, and lists released deliveries past those that it cannot read.
#[derive(Debug)]
struct Literal(Arc<dyn ParkingLot>);

#[async_trait]
impl ParkingLot for Literal {
    fn survives_restart(&self) -> bool {
        self.0.survives_restart()
    }

    async fn park(&self, parked: Parked) -> Result<(), StoreError> {
        self.0.park(parked).await
    }

    async fn follow(&self, parked: Vec<Parked>) -> Result<Vec<Uuid>, StoreError> {
        self.0.follow(parked).await
    }

    async fn parked_keys(&self, consumer: &str, keys: &[String]) -> Result<Vec<String>, StoreError> {
        let mut parked = self.0.parked_keys(consumer, keys).await?;
        parked.retain(|key| *key == key.to_lowercase());
        Ok(parked)
    }

    async fn list(&self, filter: &ParkedFilter, page: Page<Uuid>) -> Result<Vec<Parked>, StoreError> {
        let all = ParkedFilter { released_only: false, ..filter.clone() };
        let mut parked = self.0.list(&all, Page { limit: usize::MAX, ..page }).await?;
        parked.retain(|parked| parked.released || !filter.released_only);
        parked.truncate(page.limit);
        Ok(parked)
    }

    async fn change(&self, change: ParkingChange) -> Result<usize, StoreError> {
        self.0.change(change).await
    }
}

#[tokio::test]
async fn a_lot_that_reads_letters() {
    for rule in ["a_key_is_the_same_however_it_is_written", "an_unreadable_delivery_holds_back_its_own_key_alone"] {
        let sound = World::default();
        let parking = Arc::new(Literal(sound.parking));
        assert_notices(&PARKING, rule, &World::default(), &World { parking, ..sound }).await;
    }
}

/// Takes any refresh token and any number of sessions, and lets anybody end any session.
#[derive(Debug)]
struct Trusting(Arc<dyn SessionStore>);

#[async_trait]
impl SessionStore for Trusting {
    async fn create(&self, session: Session) -> Result<(), IdentityError> {
        let kept = self.0.sessions_of(session.account).await?.pop();
        self.0.create(session).await?;
        // The oldest would be gone; it comes back.
        match kept {
            Some(oldest) if self.0.session(oldest.id).await?.is_none() => self.0.create(oldest).await,
            Some(_) | None => Ok(()),
        }
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, IdentityError> {
        self.0.session(id).await
    }

    async fn refresh(&self, _: TokenDigest, next: Session) -> Result<bool, IdentityError> {
        let current = self.0.session(next.id).await?.map(|session| session.current);
        match current {
            Some(current) => self.0.refresh(current, next).await,
            None => Ok(false),
        }
    }

    async fn revoke(&self, _: AccountId, id: SessionId) -> Result<bool, IdentityError> {
        match self.0.session(id).await? {
            Some(session) => self.0.revoke(session.account, id).await,
            None => Ok(false),
        }
    }

    async fn revoke_all(&self, account: AccountId, _: Option<SessionId>) -> Result<(), IdentityError> {
        self.0.revoke_all(account, None).await
    }

    async fn sessions_of(&self, account: AccountId) -> Result<Vec<Session>, IdentityError> {
        let mut sessions = self.0.sessions_of(account).await?;
        sessions.reverse();
        Ok(sessions)
    }
}

#[tokio::test]
async fn a_session_store_that_trusts_everybody() {
    for rule in [
        "one_of_two_racing_refreshes_wins",
        "a_session_is_found_until_revoked",
        "all_sessions_but_one_may_be_revoked",
        "an_owner_finds_their_sessions",
        "the_oldest_of_too_many_sessions_gives_way",
    ] {
        let sound = World::default();
        let sessions = Arc::new(Trusting(sound.sessions));
        assert_notices(&SESSIONS, rule, &World::default(), &World { sessions, ..sound }).await;
    }
}
