//! Stores of drafts that mix them up or keep them for too long.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_conformance::drafts::DRAFTS;
use ticketing_core::ports::drafts::{DraftError, DraftStore};

use super::assert_notices;
use crate::world::World;

/// Changes what a sound store is asked to keep.
#[derive(Debug)]
struct Changed(Arc<dyn DraftStore>, Change);

type Change = fn(&str, Vec<u8>, Duration) -> (String, Vec<u8>, Duration);

#[async_trait]
impl DraftStore for Changed {
    async fn keep(&self, slot: &str, draft: Vec<u8>, lasts: Duration) -> Result<(), DraftError> {
        let (slot, draft, lasts) = (self.1)(slot, draft, lasts);
        self.0.keep(&slot, draft, lasts).await
    }

    async fn keep_in_free(&self, slots: &[String], draft: &[u8], lasts: Duration) -> Result<Option<usize>, DraftError> {
        self.0.keep_in_free(slots, draft, lasts).await
    }

    async fn find(&self, slot: &str) -> Result<Option<Vec<u8>>, DraftError> {
        let (slot, ..) = (self.1)(slot, Vec::new(), Duration::ZERO);
        self.0.find(&slot).await
    }
}

async fn assert_changed(rule: &str, change: Change) {
    let sound = World::default();
    let drafts = Arc::new(Changed(sound.drafts, change));
    assert_notices(&DRAFTS, rule, &World::default(), &World { drafts, ..sound }).await;
}

#[tokio::test]
async fn a_draft_for_too_long() {
    assert_changed("a_draft_is_found_until_its_time_is_up", |slot, draft, lasts| (slot.to_owned(), draft, lasts * 2))
        .await;
}

#[tokio::test]
async fn half_a_draft() {
    assert_changed("a_draft_is_found_until_its_time_is_up", |slot, mut draft, lasts| {
        draft.truncate(4096);
        (slot.to_owned(), draft, lasts)
    })
    .await;
}

#[tokio::test]
async fn one_slot_for_all() {
    assert_changed("slots_are_apart", |slot, draft, lasts| (slot.to_lowercase(), draft, lasts)).await;
}

/// Keeps what was there first.
#[derive(Debug)]
struct Stubborn(Arc<dyn DraftStore>);

#[async_trait]
impl DraftStore for Stubborn {
    async fn keep(&self, slot: &str, draft: Vec<u8>, lasts: Duration) -> Result<(), DraftError> {
        if self.0.find(slot).await?.is_some() { Ok(()) } else { self.0.keep(slot, draft, lasts).await }
    }

    async fn keep_in_free(&self, slots: &[String], draft: &[u8], lasts: Duration) -> Result<Option<usize>, DraftError> {
        self.0.keep_in_free(slots, draft, lasts).await
    }

    async fn find(&self, slot: &str) -> Result<Option<Vec<u8>>, DraftError> {
        self.0.find(slot).await
    }
}

#[tokio::test]
async fn the_first_draft_without_end() {
    let sound = World::default();
    let broken = World { drafts: Arc::new(Stubborn(sound.drafts)), ..sound };
    assert_notices(&DRAFTS, "a_newer_draft_takes_the_place_of_an_older_one", &World::default(), &broken).await;
}

/// Looks for a free slot, and lets others do the same before it takes it.
#[derive(Debug)]
struct Hesitant(Arc<dyn DraftStore>);

#[async_trait]
impl DraftStore for Hesitant {
    async fn keep(&self, slot: &str, draft: Vec<u8>, lasts: Duration) -> Result<(), DraftError> {
        self.0.keep(slot, draft, lasts).await
    }

    async fn keep_in_free(&self, slots: &[String], draft: &[u8], lasts: Duration) -> Result<Option<usize>, DraftError> {
        for (position, slot) in slots.iter().enumerate() {
            if self.0.find(slot).await?.is_none() {
                tokio::task::yield_now().await;
                self.0.keep(slot, draft.to_vec(), lasts).await?;
                return Ok(Some(position));
            }
        }
        Ok(None)
    }

    async fn find(&self, slot: &str) -> Result<Option<Vec<u8>>, DraftError> {
        self.0.find(slot).await
    }
}

#[tokio::test]
async fn one_free_slot_for_two() {
    let sound = World::default();
    let broken = World { drafts: Arc::new(Hesitant(sound.drafts)), ..sound };
    assert_notices(&DRAFTS, "a_free_slot_is_nobodys", &World::default(), &broken).await;
}
