//! Exchanges a refresh token for the next pair of tokens.

use crate::domain::time::Timestamp;
use crate::ports::identity::Session;
use crate::usecase::error::Error;

use super::{AccessToken, Accounts, RefreshToken};

/// What an exchange gives.
#[derive(Debug, Clone)]
pub struct Refreshed {
    /// Shown with each request.
    pub access: AccessToken,
    /// The next refresh token; `None` for a second tab that came just behind the first.
    pub refresh: Option<RefreshToken>,
    /// When the session ends unless refreshed before.
    pub session_expires_at: Timestamp,
}

impl Accounts {
    /// Exchanges a refresh token for the next pair of tokens.
    ///
    /// A token works once. One that comes again was copied, so its session ends; only right after the
    /// exchange it is taken for a second tab, which gets an access token alone.
    ///
    /// # Errors
    ///
    /// [`Error::SessionOver`]: sign in. Or a failure of a port.
    pub async fn refresh(&self, token: &RefreshToken) -> Result<Refreshed, Error> {
        let now = self.world.now();
        let used = token.digest();
        // A second round sees the session as the winner of a race left it.
        for _ in 0..2 {
            let session = self.sessions.session(token.session()).await?.ok_or(Error::SessionOver)?;
            if session.current != used {
                return self.second_use(&session, token, now).await;
            }
            let refresh = RefreshToken::draw(session.id, &self.world);
            let expires_at = now.after(self.lifetimes.idle);
            let next = Session {
                refreshed_at: now,
                expires_at,
                current: refresh.digest(),
                previous: Some(used),
                ..session.clone()
            };
            if self.sessions.refresh(used, next).await? {
                let access = self.sign(session.account, session.id, now);
                return Ok(Refreshed { access, refresh: Some(refresh), session_expires_at: expires_at });
            }
        }
        Err(Error::SessionOver)
    }

    async fn second_use(&self, session: &Session, token: &RefreshToken, now: Timestamp) -> Result<Refreshed, Error> {
        let just_before = session.previous == Some(token.digest());
        if just_before && now.since(session.refreshed_at) <= self.lifetimes.overlap {
            let access = self.sign(session.account, session.id, now);
            return Ok(Refreshed { access, refresh: None, session_expires_at: session.expires_at });
        }
        tracing::warn!(session = %session.id, account = %session.account, "a refresh token of {} came again: its session ends", session.id);
        self.sessions.revoke(session.account, session.id).await?;
        Err(Error::SessionOver)
    }
}
