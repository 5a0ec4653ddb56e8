//! How often anybody may try.
//!
//! Tries are counted by network. What guards an account is counted by account
//! and network together, tightly, and by account alone, widely: who guesses
//! passwords is stopped, and stops nobody else.

mod check_in;
mod counting;
mod letters;
mod payments;
mod sign_in;

use std::net::IpAddr;

use ticketing_api::paths;
use ticketing_core::ports::limits::{Quota, Verdict};

use crate::http::problem::Problem;
use crate::state::App;

use counting::{allowed, by_network};

pub(crate) use check_in::Doorkeeper;
pub(crate) use letters::LetterRequest;
pub(crate) use payments::Payer;
pub(crate) use sign_in::SignInTry;

/// Lets a change pass, unless its network asks for too many.
///
/// While the limiter does not answer, each process counts for itself.
pub(crate) async fn check_write(app: &App, path: &str, address: IpAddr) -> Result<(), Problem> {
    if is_check_in(path) {
        return check_door(app, address).await;
    }
    let Some(quota) = app.http.limits.writes_per_address.filter(|_| !has_limits_of_its_own(path)) else {
        return Ok(());
    };
    let verdict = if is_carried_out_elsewhere(app, path) {
        by_network(&*app.limiters.local, "form", address, quota).await
    } else {
        by_network(&app.guards.changes, "write", address, quota).await
    };
    allowed(app, "writes", verdict.map_err(Problem::unavailable)?)
}

/// What no flood of other changes may keep anybody from, and is limited more tightly for itself.
fn has_limits_of_its_own(path: &str) -> bool {
    const OWN: [&str; 10] = [
        paths::SIGN_IN,
        paths::SIGN_UP,
        paths::PASSWORD,
        paths::FORGOT,
        paths::RESET,
        "/signin",
        "/signup",
        "/account/password",
        // A gateway speaks for all buyers from a few addresses, and signs what it says.
        "/api/payments/notices",
        // Another process of this marketplace asks for as many people as there are letters.
        "/internal/contacts",
    ];
    OWN.contains(&path.strip_suffix('/').unwrap_or(path))
}

/// Whether a door tries a pass.
fn is_check_in(path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    // Not the forms that open a door or make a link to it.
    let is_form = path.strip_prefix("/door/").is_some_and(|door| !door.contains('/') || door.ends_with("/checks"));
    is_form || (path.starts_with(paths::DOORS) && path.ends_with("/checks"))
}

/// Lets a door try a pass, unless its network tries more often than it may read.
///
/// A crowd has one door, and often one address with it: [`Doorkeeper`] limits the account or the key that lets people in. This
/// limits who has none, and no other change counts for it.
async fn check_door(app: &App, address: IpAddr) -> Result<(), Problem> {
    let Some(quota) = app.http.limits.reads_per_address else { return Ok(()) };
    let verdict = by_network(&*app.limiters.local, "door", address, quota).await;
    allowed(app, "check_ins", verdict.map_err(Problem::unavailable)?)
}

/// Whether it is a form before services of other processes, which count what they carry out: here it only takes time.
fn is_carried_out_elsewhere(app: &App, path: &str) -> bool {
    !app.remote.is_empty() && !path.starts_with("/api/")
}

/// Lets a read pass, unless its network reads too often.
///
/// Each process counts for itself: a read should cost no round trip, and takes time of this process above all.
pub(crate) async fn check_read(app: &App, path: &str, address: IpAddr) -> Result<(), Problem> {
    let Some(quota) = app.http.limits.reads_per_address.filter(|_| !is_cheap(path)) else { return Ok(()) };
    let verdict = by_network(&*app.limiters.local, "read", address, quota).await;
    allowed(app, "reads", verdict.map_err(Problem::unavailable)?)
}

/// Whether what somebody typed may be kept for them: twice as often as a network may ask for changes.
pub(crate) async fn may_keep(app: &App, address: IpAddr) -> bool {
    let Some(Quota { burst, per }) = app.http.limits.writes_per_address else { return true };
    let quota = Quota { burst: burst.saturating_mul(2), per: per / 2 };
    matches!(by_network(&*app.limiters.local, "draft", address, quota).await, Ok(Verdict::Allowed))
}

/// What is asked for by machines, or sent from memory as it is.
fn is_cheap(path: &str) -> bool {
    const CHEAP: [&str; 5] = ["/livez", "/readyz", "/metrics", "/favicon.ico", paths::JWKS];
    path.starts_with("/assets/") || CHEAP.contains(&path)
}
