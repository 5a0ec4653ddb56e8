//! How often an account, and a network, may try to pay.

use axum::extract::FromRequestParts;
use http::request::Parts;

use ticketing_core::ports::limits::RateLimiter;

use crate::http::auth::actor::Change;
use crate::http::client::ClientInfo;
use crate::http::problem::Problem;
use crate::state::App;

use super::counting::{allowed, by_network};

/// Somebody who is signed in and may try to pay once more: every card that is tried costs money at the gateway.
#[derive(Debug)]
pub(crate) struct Payer(pub(crate) Change);

impl FromRequestParts<App> for Payer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let change = Change::from_request_parts(parts, app).await?;
        let address = ClientInfo::in_request(&parts.extensions)?.address;
        let limits = &app.http.limits;
        let counter = &app.guards.changes;
        // The account first: what it is denied costs its network nothing.
        if let Some(quota) = limits.payments_per_account {
            let key = format!("pay:account:{}", change.actor.account);
            allowed(app, "payments", counter.check(&key, quota).await.map_err(Problem::unavailable)?)?;
        }
        if let Some(quota) = limits.payments_per_address {
            let verdict = by_network(counter, "pay", address, quota).await;
            allowed(app, "payments", verdict.map_err(Problem::unavailable)?)?;
        }
        Ok(Self(change))
    }
}
