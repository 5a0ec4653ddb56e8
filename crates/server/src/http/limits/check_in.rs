//! How often a door may try a code or a token.

use std::time::Duration;

use axum::extract::FromRequestParts;
use http::request::Parts;

use ticketing_core::ports::limits::{Quota, RateLimiter};

use crate::http::auth::actor::Change;
use crate::http::problem::Problem;
use crate::state::App;

use super::counting::allowed;

/// Two people a second, for hours, and a crowd at once: more than a door lets in, and far fewer than a search for a
/// code needs, of which there are a billion.
const CHECK_INS: Quota = Quota { burst: 240, per: Duration::from_millis(500) };

/// Somebody who is signed in and may try one more pass.
#[derive(Debug)]
pub(crate) struct Doorkeeper(pub(crate) Change);

impl FromRequestParts<App> for Doorkeeper {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let change = Change::from_request_parts(parts, app).await?;
        let key = format!("door:account:{}", change.actor.account);
        let verdict = app.guards.changes.check(&key, CHECK_INS).await;
        allowed(app, "check_ins", verdict.map_err(Problem::unavailable)?)?;
        Ok(Self(change))
    }
}
