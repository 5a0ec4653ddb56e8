//! Keeps sessions.

mod record;

use std::cmp::Reverse;
use std::sync::LazyLock;

use async_trait::async_trait;
use redis::Script;
use ticketing_core::domain::ids::{AccountId, SessionId};
use ticketing_core::ports::identity::{IdentityError, Session, SessionStore, TokenDigest};
use uuid::Uuid;

use crate::client::RedisClient;
use crate::script::Call;

/// Keeps sessions in Redis. A clone is a handle to the same sessions.
///
/// A session is one key that expires with it, so a check is one `GET`. An index
/// lists the sessions of an account; it expires with the last of them. All keys
/// share a hash tag, because a session is found by its id alone and still ends
/// together with the others of its owner: on a cluster, one node has them all.
///
/// A session expires by the clock of the server.
///
/// # Examples
///
/// ```no_run
/// use ticketing_core::ports::identity::{Session, SessionStore};
/// use ticketing_redis::{RedisClient, RedisConfig, RedisSessions};
///
/// # async fn example(session: Session) -> Result<(), Box<dyn std::error::Error>> {
/// let sessions = RedisSessions::new(&RedisClient::connect(&RedisConfig::default()).await?);
/// sessions.create(session.clone()).await?;
///
/// assert_eq!(sessions.session(session.id).await?, Some(session));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct RedisSessions {
    client: RedisClient,
    /// Begins the key of a session.
    record: String,
    /// Begins the key of an account's index.
    index: String,
}

static CREATE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("sessions/create.lua")));
static REFRESH: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("sessions/refresh.lua")));
static REVOKE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("sessions/revoke.lua")));
static REVOKE_ALL: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("sessions/revoke_all.lua")));
static LIST: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("sessions/list.lua")));

impl RedisSessions {
    /// The sessions of the marketplace that the client's prefix names.
    #[must_use]
    pub fn new(client: &RedisClient) -> Self {
        let tag = client.tag("sessions");
        Self { client: client.clone(), record: format!("{tag}id:"), index: format!("{tag}of:") }
    }

    fn record_key(&self, id: SessionId) -> String {
        key(&self.record, id.uuid())
    }

    fn index_key(&self, account: AccountId) -> String {
        key(&self.index, account.uuid())
    }

    /// A call that keeps a session.
    fn keep<'a>(&self, script: &'a Script, session: &Session) -> Call<'a> {
        let keys = [self.record_key(session.id), self.index_key(session.account)];
        // Redis refuses the first millisecond of 1970, which is over as well.
        let expires_at = session.expires_at.millis().max(1);
        Call::of(script, &keys.each_ref().map(String::as_str))
            .arg(record::encode(session))
            .id(session.id.uuid())
            .arg(expires_at)
    }
}

#[async_trait]
impl SessionStore for RedisSessions {
    async fn create(&self, session: Session) -> Result<(), IdentityError> {
        let call = self.keep(&CREATE, &session).arg(&self.record).arg(Session::MAX_PER_ACCOUNT);
        Ok(self.client.run(&call).await?)
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, IdentityError> {
        let found = self.client.get(&self.record_key(id)).await?;
        Ok(found.and_then(|record| record::decode(&record)))
    }

    async fn refresh(&self, used: TokenDigest, next: Session) -> Result<bool, IdentityError> {
        Ok(self.client.run(&self.keep(&REFRESH, &next).arg(&used.0[..])).await?)
    }

    async fn revoke(&self, account: AccountId, id: SessionId) -> Result<bool, IdentityError> {
        let call = Call::of(&REVOKE, &[&self.record_key(id), &self.index_key(account)])
            .arg(&account.uuid().as_bytes()[..])
            .id(id.uuid());
        Ok(self.client.run(&call).await?)
    }

    async fn revoke_all(&self, account: AccountId, keep: Option<SessionId>) -> Result<(), IdentityError> {
        let call = Call::of(&REVOKE_ALL, &[&self.index_key(account)]).arg(&self.record);
        let call = match keep {
            Some(keep) => call.id(keep.uuid()),
            None => call,
        };
        Ok(self.client.run(&call).await?)
    }

    async fn sessions_of(&self, account: AccountId) -> Result<Vec<Session>, IdentityError> {
        let call = Call::of(&LIST, &[&self.index_key(account)]).arg(&self.record);
        let records: Vec<Vec<u8>> = self.client.run(&call).await?;
        let mut sessions: Vec<_> = records.iter().filter_map(|record| record::decode(record)).collect();
        sessions.sort_unstable_by_key(|session| Reverse((session.created_at, session.id)));
        Ok(sessions)
    }
}

fn key(beginning: &str, uuid: Uuid) -> String {
    let mut buffer = Uuid::encode_buffer();
    [beginning, &*uuid.hyphenated().encode_lower(&mut buffer)].concat()
}
