//! Somebody who is signed in.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::Deserialize;

use crate::connection::{Answer, Connection};
use crate::request::{Envelope, post, renew};
use crate::settings::Target;

use super::prepare::Patience;
use super::{SetupError, refused, unreachable};

const PASSWORD: &str = "brass lantern quay 42";

/// An account and its session.
#[derive(Debug)]
pub struct Account {
    target: Target,
    session: Mutex<Session>,
}

#[derive(Debug, Clone)]
struct Session {
    access: Arc<str>,
    refresh: Arc<str>,
    lasts: Duration,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

impl Account {
    /// Signs somebody up, or in if an earlier run did so.
    ///
    /// # Errors
    ///
    /// [`SetupError`].
    pub async fn open(door: &Target, timeout: Duration, email: String) -> Result<Self, SetupError> {
        let mut connection = Connection::new(door.clone(), timeout);
        let body = format!("{{\"email\":\"{email}\",\"password\":\"{PASSWORD}\"}}");
        let (mut request, mut path, mut patience) = (Vec::new(), "/api/users/signup", Patience::default());
        loop {
            post(&mut request, Envelope { host: &door.host, token: None }, path, &body);
            let answer = connection.call(&request).await.map_err(|error| unreachable(door, error))?;
            match answer.status {
                200 | 201 => {
                    let session = Session::begun(&answer).ok_or_else(|| refused("a session", &answer))?;
                    return Ok(Self { target: door.clone(), session: Mutex::new(session) });
                }
                409 => path = "/api/users/signin",
                // Only so many may sign in at a time; the others come again.
                429 | 503 => {
                    let wait = patience.wait(answer.retry_after).await;
                    wait.ok_or(SetupError::Refused { what: "an account", status: 429, body: "too many".to_owned() })?;
                }
                _ => return Err(refused("an account", &answer)),
            }
        }
    }

    /// The access token of now.
    #[must_use]
    pub fn token(&self) -> Arc<str> {
        self.session().access
    }

    /// How long an access token is believed.
    #[must_use]
    pub fn lasts(&self) -> Duration {
        self.session().lasts
    }

    /// Puts a ticket on sale and returns its id.
    ///
    /// # Errors
    ///
    /// [`SetupError`].
    pub async fn offer(&self, connection: &mut Connection, body: &str) -> Result<String, SetupError> {
        let (mut request, token) = (Vec::new(), self.token());
        post(&mut request, Envelope { host: &self.target.host, token: Some(&token) }, "/api/tickets", body);
        let answer = connection.call(&request).await.map_err(|error| unreachable(&self.target, error))?;
        match serde_json::from_slice::<Named>(&answer.body) {
            Ok(named) if answer.status == 201 => Ok(named.id),
            _ => Err(refused("a ticket", &answer)),
        }
    }

    /// Exchanges the refresh token for the next pair of tokens.
    ///
    /// # Errors
    ///
    /// [`SetupError`]; the session stays as it was.
    pub async fn renew(&self, connection: &mut Connection) -> Result<(), SetupError> {
        let mut request = Vec::new();
        renew(&mut request, &self.target.host, &self.session().refresh);
        let answer = connection.call(&request).await.map_err(|error| unreachable(&self.target, error))?;
        let session = Session::begun(&answer).ok_or_else(|| refused("a renewal", &answer))?;
        *self.session.lock() = session;
        Ok(())
    }

    fn session(&self) -> Session {
        self.session.lock().clone()
    }
}

impl Session {
    fn begun(answer: &Answer<'_>) -> Option<Self> {
        let (access, attributes) = answer.cookie("access")?.split_once(';')?;
        let refresh = answer.cookie("refresh")?.split(';').next()?;
        let seconds = attributes.split(';').find_map(|part| part.trim().strip_prefix("Max-Age="))?;
        let lasts = Duration::from_secs(seconds.parse().ok()?);
        Some(Self { access: access.into(), refresh: refresh.into(), lasts })
    }
}
