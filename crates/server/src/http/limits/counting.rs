//! Counting by network.

use std::net::IpAddr;
use std::time::Duration;

use ticketing_core::ports::limits::{LimitError, Quota, RateLimiter, Verdict};

use crate::http::problem::Problem;
use crate::network::{ClientNetwork, WIDER};
use crate::state::App;

/// Counts one for the network of an address, and for the `/48` around it.
///
/// What the narrow limit denies costs the wide one nothing, or a network could use up what its neighbours may do.
pub(super) async fn by_network(
    limiter: &dyn RateLimiter,
    what: &str,
    address: IpAddr,
    quota: Quota,
) -> Result<Verdict, LimitError> {
    let narrow = limiter.check(&format!("{what}:{}", ClientNetwork::of(address)), quota).await?;
    match ClientNetwork::around(address).filter(|_| narrow == Verdict::Allowed) {
        Some(around) => limiter.check(&format!("{what}:{around}"), widened(quota)).await,
        None => Ok(narrow),
    }
}

/// What a `/48` may do, for what each `/64` in it may.
fn widened(quota: Quota) -> Quota {
    Quota { burst: quota.burst.saturating_mul(WIDER), per: (quota.per / WIDER).max(Duration::from_nanos(1)) }
}

/// Lets a request pass as a limit says; what a guard refuses is counted under its name.
pub(super) fn allowed(app: &App, guard: &'static str, verdict: Verdict) -> Result<(), Problem> {
    match verdict {
        Verdict::Allowed => Ok(()),
        Verdict::Denied { retry_after } => {
            app.metrics.guarded(guard);
            Err(Problem::rate_limited(retry_after))
        }
    }
}
