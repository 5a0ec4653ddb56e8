//! Keeps sessions.

use async_trait::async_trait;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use serde::{Deserialize, Serialize};
use ticketing_core::domain::account::PasswordVersion;
use ticketing_core::domain::ids::{AccountId, SessionId};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::identity::{IdentityError, Session, SessionKey, SessionStore, SpentToken, TokenDigest};
use uuid::Uuid;

use crate::document::{Millis, blob, date, limit, time};
use crate::error::Failure;
use crate::file::SqliteFile;

/// Keeps sessions in the file. A clone is a handle to the same sessions.
#[derive(Debug, Clone)]
pub struct SqliteSessions(SqliteFile);

impl SqliteSessions {
    pub(crate) fn of(file: &SqliteFile) -> Self {
        Self(file.clone())
    }

    /// Does something with the sessions that are alive.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, IdentityError> {
        let now = self.0.clock.now();
        let work = move |connection: &Connection| {
            let mut expired = connection.prepare_cached("DELETE FROM sessions WHERE expires_at <= ?1")?;
            expired.execute([now.millis()])?;
            work(connection)
        };
        self.0.write(work).await.map_err(unavailable)
    }

    async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection, Timestamp) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, IdentityError> {
        let now = self.0.clock.now();
        self.0.read(move |connection| look(connection, now)).await.map_err(unavailable)
    }
}

#[async_trait]
impl SessionStore for SqliteSessions {
    async fn create(&self, session: Session) -> Result<(), IdentityError> {
        let row = SessionRow::of(&session)?;
        self.write(move |connection| create(connection, &row, session.account)).await
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, IdentityError> {
        self.read(move |connection, now| session(connection, id, now)).await
    }

    async fn refresh(&self, used: TokenDigest, next: Session) -> Result<bool, IdentityError> {
        let row = SessionRow::of(&next)?;
        self.write(move |connection| refresh(connection, used, &row)).await
    }

    async fn revoke(&self, account: AccountId, id: SessionId) -> Result<bool, IdentityError> {
        let sql = "DELETE FROM sessions WHERE id = ?1 AND account = ?2";
        let revoke = move |connection: &Connection| {
            Ok(connection.prepare_cached(sql)?.execute([blob(id.uuid()), blob(account.uuid())])? > 0)
        };
        self.write(revoke).await
    }

    async fn revoke_all(&self, account: AccountId, keep: Option<SessionId>) -> Result<(), IdentityError> {
        let keep = keep.map_or(Value::Null, |id| blob(id.uuid()));
        let sql = "DELETE FROM sessions WHERE account = ?1 AND id IS NOT ?2";
        let revoke =
            move |connection: &Connection| Ok(connection.prepare_cached(sql)?.execute([blob(account.uuid()), keep])?);
        self.write(revoke).await.map(drop)
    }

    async fn sessions_of(&self, account: AccountId) -> Result<Vec<Session>, IdentityError> {
        self.read(move |connection, now| sessions_of(connection, account, now)).await
    }
}

fn unavailable(failure: Failure) -> IdentityError {
    IdentityError::Unavailable(failure.into_source())
}

/// A session as it is written.
struct SessionRow {
    id: Value,
    /// `id, account, created_at, expires_at, current, record`.
    columns: [Value; 6],
}

impl SessionRow {
    fn of(session: &Session) -> Result<Self, IdentityError> {
        let record = serde_json::to_string(&SessionDocument::of(session));
        let record = record.map_err(|error| IdentityError::Unavailable(error.into()))?;
        let id = blob(session.id.uuid());
        let columns = [
            id.clone(),
            blob(session.account.uuid()),
            Value::Integer(session.created_at.millis()),
            Value::Integer(session.expires_at.millis()),
            Value::Blob(session.current.0.to_vec()),
            Value::Text(record),
        ];
        Ok(Self { id, columns })
    }

    fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO sessions (id, account, created_at, expires_at, current, record)
             VALUES (?, ?, ?, ?, ?, ?)";
        connection.prepare_cached(sql)?.execute(params_from_iter(&self.columns)).map(drop)
    }
}

/// Keeps a session, and as many of the account's newest as it may have.
fn create(connection: &Connection, row: &SessionRow, account: AccountId) -> Result<(), Failure> {
    row.write(connection)?;
    let sql = "DELETE FROM sessions WHERE id IN (
        SELECT id FROM sessions WHERE account = ?1 ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?2)";
    connection.prepare_cached(sql)?.execute((blob(account.uuid()), limit(Session::MAX_PER_ACCOUNT)))?;
    Ok(())
}

fn refresh(connection: &Connection, used: TokenDigest, next: &SessionRow) -> Result<bool, Failure> {
    let mut find = connection.prepare_cached("SELECT 1 FROM sessions WHERE id = ?1 AND current = ?2")?;
    let is_current = find.exists([next.id.clone(), Value::Blob(used.0.to_vec())])?;
    if is_current {
        next.write(connection)?;
    }
    Ok(is_current)
}

fn session(connection: &Connection, id: SessionId, now: Timestamp) -> Result<Option<Session>, Failure> {
    let sql = "SELECT id, account, record FROM sessions WHERE id = ?1 AND expires_at > ?2";
    let found = connection.prepare_cached(sql)?.query_row((blob(id.uuid()), now.millis()), read).optional()?;
    Ok(found.flatten())
}

fn sessions_of(connection: &Connection, account: AccountId, now: Timestamp) -> Result<Vec<Session>, Failure> {
    let sql = "SELECT id, account, record FROM sessions WHERE account = ?1 AND expires_at > ?2
         ORDER BY created_at DESC, id DESC";
    let mut select = connection.prepare_cached(sql)?;
    let found = select.query_map((blob(account.uuid()), now.millis()), read)?;
    Ok(found.filter_map(Result::transpose).collect::<Result<_, _>>()?)
}

/// A session; one that cannot be read is signed out.
pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Option<Session>> {
    let (id, account) = (Uuid::from_bytes(row.get(0)?), Uuid::from_bytes(row.get(1)?));
    let document: Result<SessionDocument, _> = serde_json::from_str(row.get_ref(2)?.as_str()?);
    Ok(document.ok().map(|document| document.into_session(SessionId::new(id), AccountId::new(account))))
}

#[derive(Serialize, Deserialize)]
struct SessionDocument {
    device: String,
    created_at: Millis,
    refreshed_at: Millis,
    expires_at: Millis,
    password: [u8; 32],
    key: [u8; 32],
    current: [u8; 32],
    spent: Vec<SpentDocument>,
}

#[derive(Serialize, Deserialize)]
struct SpentDocument {
    token: [u8; 32],
    at: Millis,
}

impl SessionDocument {
    fn of(session: &Session) -> Self {
        let spent = |spent: &SpentToken| SpentDocument { token: spent.token.0, at: date(spent.at) };
        Self {
            device: session.device.clone(),
            created_at: date(session.created_at),
            refreshed_at: date(session.refreshed_at),
            expires_at: date(session.expires_at),
            password: *session.password.bytes(),
            key: session.key.0,
            current: session.current.0,
            spent: session.spent.iter().take(Session::MAX_SPENT).map(spent).collect(),
        }
    }

    fn into_session(self, id: SessionId, account: AccountId) -> Session {
        let spent = |spent: SpentDocument| SpentToken { token: TokenDigest(spent.token), at: time(spent.at) };
        Session {
            id,
            account,
            device: self.device,
            created_at: time(self.created_at),
            refreshed_at: time(self.refreshed_at),
            expires_at: time(self.expires_at),
            password: PasswordVersion::from_bytes(self.password),
            key: SessionKey(self.key),
            current: TokenDigest(self.current),
            spent: self.spent.into_iter().map(spent).collect(),
        }
    }
}
