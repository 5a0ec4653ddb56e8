//! Keeps what somebody typed into a form, for a short while.

use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use redis::Script;
use ticketing_core::ports::drafts::{DraftError, DraftStore};

use crate::client::RedisClient;
use crate::error::RedisError;
use crate::script::Call;

/// Keeps drafts in Redis, where they expire by themselves. A clone is a handle to the same drafts.
#[derive(Debug, Clone)]
pub struct RedisDrafts {
    client: RedisClient,
    /// Begins every key, so that one script may look through several.
    tag: String,
}

static KEEP_IN_FREE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("drafts/keep_in_free.lua")));

impl RedisDrafts {
    /// The drafts of the marketplace that the client's prefix names.
    #[must_use]
    pub fn new(client: &RedisClient) -> Self {
        Self { client: client.clone(), tag: client.tag("draft") }
    }

    fn key(&self, slot: &str) -> String {
        format!("{}{slot}", self.tag)
    }
}

#[async_trait]
impl DraftStore for RedisDrafts {
    async fn keep(&self, slot: &str, draft: Vec<u8>, lasts: Duration) -> Result<(), DraftError> {
        let mut set = redis::cmd("SET");
        set.arg(self.key(slot)).arg(draft).arg("PX").arg(whole_millis(lasts));
        Ok(self.client.ask(&set).await?)
    }

    async fn keep_in_free(&self, slots: &[String], draft: &[u8], lasts: Duration) -> Result<Option<usize>, DraftError> {
        let keys: Vec<_> = slots.iter().map(|slot| self.key(slot)).collect();
        let keys: Vec<_> = keys.iter().map(String::as_str).collect();
        let call = Call::of(&KEEP_IN_FREE, &keys).arg(draft).arg(whole_millis(lasts));
        // Lua counts from 1.
        Ok(self.client.run::<usize>(&call).await?.checked_sub(1))
    }

    async fn find(&self, slot: &str) -> Result<Option<Vec<u8>>, DraftError> {
        Ok(self.client.get(&self.key(slot)).await?)
    }
}

fn whole_millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1)
}

impl From<RedisError> for DraftError {
    fn from(error: RedisError) -> Self {
        Self(Box::new(error))
    }
}
