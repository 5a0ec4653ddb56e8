//! How often a door may try a code or a token.

use std::time::Duration;

use axum::extract::FromRequestParts;
use http::request::Parts;

use ticketing_core::domain::door_links::DoorAccess;
use ticketing_core::ports::limits::{Quota, RateLimiter};

use crate::http::auth::at_door::AtDoor;
use crate::http::problem::Problem;
use crate::state::App;

use super::counting::allowed;

/// Two people a second, for hours, and a crowd at once: more than a door lets in, and far fewer than a search for a
/// code needs, of which there are a billion.
const CHECK_INS: Quota = Quota { burst: 240, per: Duration::from_millis(500) };

/// Somebody at a door who may try one more pass.
#[derive(Debug)]
pub(crate) struct Doorkeeper(pub(crate) AtDoor);

impl FromRequestParts<App> for Doorkeeper {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let at_door = AtDoor::from_request_parts(parts, app).await?;
        let verdict = app.guards.changes.check(&counted_as(&at_door.access), CHECK_INS).await;
        allowed(app, "check_ins", verdict.map_err(Problem::unavailable)?)?;
        Ok(Self(at_door))
    }
}

/// Each account and each key for itself. A client that guesses keys is stopped by their number, and slowed by what a network
/// may ask for.
fn counted_as(access: &DoorAccess) -> String {
    match access {
        DoorAccess::Account(account) => format!("door:account:{account}"),
        DoorAccess::Key(key) => {
            let digest = key.digest();
            let digest: String = digest.bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
            format!("door:key:{digest}")
        }
    }
}
