//! How often anybody may try, and how much of one thing a network may take at a time.
//!
//! Tries are counted by network. What guards an account is counted by account
//! and network together, tightly, and by account alone, widely: who guesses
//! passwords is stopped, and stops nobody else.

mod counting;
mod fallback;
mod payments;
mod sign_in;

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use http::{Extensions, HeaderMap};

use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::limits::{Quota, Verdict};

use crate::config::HttpConfig;
use crate::marketplace::{App, EdgePorts};
use crate::problem::Problem;

use super::client;
use super::network::Shares;
use counting::{allowed, by_network};
use fallback::FallbackLimiter;

pub(crate) use payments::Payer;
pub(crate) use sign_in::SignInTry;

/// What keeps one network from taking what is everybody's.
pub(crate) struct Guards {
    /// Counts changes, payments among them.
    changes: FallbackLimiter,
    /// Places of each network among the passwords that wait to be hashed.
    pub(crate) passwords: Shares,
    /// The same of browsers that signed in before, which others cannot fill.
    pub(crate) passwords_of_known: Shares,
    /// Places of each network among the listeners to live updates.
    pub(crate) listeners: Shares,
}

impl Guards {
    pub(crate) fn new(edge: &EdgePorts, http: &HttpConfig, clock: Arc<dyn Clock>) -> Self {
        // By default a quarter of the line: two kinds of browsers have a share each.
        let passwords_around = http.passwords_per_address.saturating_mul(2);
        Self {
            changes: FallbackLimiter::new(&edge.limiter, &edge.local_limiter, clock),
            passwords: Shares::new(http.passwords_per_address, passwords_around),
            passwords_of_known: Shares::new(http.passwords_per_address, passwords_around),
            listeners: Shares::of(http.live_listeners_per_address, http.live_listeners),
        }
    }
}

/// How many passwords of one network wait or are hashed at a time: an eighth of the line that Argon2 has by default.
pub(crate) fn standard_share_of_passwords() -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    8 * (cores / 2).max(1)
}

/// Lets a change pass, unless its network asks for too many.
///
/// While the limiter does not answer, each process counts for itself.
pub(crate) async fn check_write(app: &App, path: &str, address: IpAddr) -> Result<(), Problem> {
    let Some(quota) = app.http.limits.writes_per_address.filter(|_| !has_limits_of_its_own(path)) else {
        return Ok(());
    };
    let verdict = if is_carried_out_elsewhere(app, path) {
        by_network(&*app.edge.local_limiter, "form", address, quota).await
    } else {
        by_network(&app.guards.changes, "write", address, quota).await
    };
    allowed(verdict.map_err(Problem::unavailable)?)
}

/// What no flood of other changes may keep anybody from, and is limited more tightly for itself.
fn has_limits_of_its_own(path: &str) -> bool {
    const OWN: [&str; 7] = [
        "/api/users/signin",
        "/api/users/signup",
        "/api/users/password",
        "/signin",
        "/signup",
        "/account/password",
        // A gateway speaks for all buyers from a few addresses, and signs what it says.
        "/api/payments/notices",
    ];
    OWN.contains(&path.strip_suffix('/').unwrap_or(path))
}

/// Whether it is a form before services of other processes, which count what they carry out: here it only takes time.
fn is_carried_out_elsewhere(app: &App, path: &str) -> bool {
    !app.elsewhere.is_empty() && !path.starts_with("/api/")
}

/// Lets a read pass, unless its network reads too often.
///
/// Each process counts for itself: a read should cost no round trip, and takes time of this process above all.
pub(crate) async fn check_read(
    app: &App,
    path: &str,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<(), Problem> {
    let Some(quota) = app.http.limits.reads_per_address.filter(|_| !is_cheap(path)) else { return Ok(()) };
    let address = client::address(headers, extensions, app);
    allowed(by_network(&*app.edge.local_limiter, "read", address, quota).await.map_err(Problem::unavailable)?)
}

/// Whether what somebody typed may be kept for them: twice as often as a network may ask for changes.
pub(crate) async fn may_keep(app: &App, address: IpAddr) -> bool {
    let Some(Quota { burst, per }) = app.http.limits.writes_per_address else { return true };
    let quota = Quota { burst: burst.saturating_mul(2), per: per / 2 };
    matches!(by_network(&*app.edge.local_limiter, "draft", address, quota).await, Ok(Verdict::Allowed))
}

/// What is asked for by machines, or sent from memory as it is.
fn is_cheap(path: &str) -> bool {
    const CHEAP: [&str; 5] = ["/livez", "/readyz", "/metrics", "/favicon.ico", "/.well-known/jwks.json"];
    path.starts_with("/assets/") || CHEAP.contains(&path)
}
