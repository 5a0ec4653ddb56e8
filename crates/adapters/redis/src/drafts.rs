//! Keeps what somebody typed into a form, for a short while.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::ports::drafts::{DraftError, DraftStore};

use crate::client::RedisClient;
use crate::error::RedisError;

/// Keeps drafts in Redis, where they expire by themselves. A clone is a handle to the same drafts.
#[derive(Clone)]
pub struct RedisDrafts {
    client: RedisClient,
}

impl RedisDrafts {
    /// The drafts of the marketplace that the client's prefix names.
    #[must_use]
    pub fn new(client: &RedisClient) -> Self {
        Self { client: client.clone() }
    }
}

#[async_trait]
impl DraftStore for RedisDrafts {
    async fn keep(&self, slot: &str, draft: Vec<u8>, lasts: Duration) -> Result<(), DraftError> {
        let millis = u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX).max(1);
        let mut set = redis::cmd("SET");
        set.arg(self.client.key("draft", slot)).arg(draft).arg("PX").arg(millis);
        Ok(self.client.ask(&set).await?)
    }

    async fn find(&self, slot: &str) -> Result<Option<Vec<u8>>, DraftError> {
        Ok(self.client.get(&self.client.key("draft", slot)).await?)
    }
}

impl From<RedisError> for DraftError {
    fn from(error: RedisError) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Debug for RedisDrafts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisDrafts").field("client", &self.client).finish()
    }
}
