//! Counting by network.

use std::net::IpAddr;
use std::time::Duration;

use ticketing_core::ports::limits::{LimitError, Quota, RateLimiter, Verdict};

use crate::auth::network::{ClientNetwork, WIDER};
use crate::problem::Problem;

/// Counts one for the network of an address, and for the `/48` around it.
pub(super) async fn by_network(
    limiter: &dyn RateLimiter,
    what: &str,
    address: IpAddr,
    quota: Quota,
) -> Result<Verdict, LimitError> {
    let narrow = format!("{what}:{}", ClientNetwork::of(address));
    let Some(around) = ClientNetwork::around(address) else { return limiter.check(&narrow, quota).await };
    let wide = format!("{what}:{around}");
    let (narrow, wide) = futures::join!(limiter.check(&narrow, quota), limiter.check(&wide, widened(quota)));
    Ok(stricter(narrow?, wide?))
}

/// What a `/48` may do, for what each `/64` in it may.
fn widened(quota: Quota) -> Quota {
    Quota { burst: quota.burst.saturating_mul(WIDER), per: (quota.per / WIDER).max(Duration::from_nanos(1)) }
}

fn stricter(one: Verdict, other: Verdict) -> Verdict {
    match (one, other) {
        (Verdict::Denied { retry_after: one }, Verdict::Denied { retry_after: other }) => {
            Verdict::Denied { retry_after: one.max(other) }
        }
        (denied @ Verdict::Denied { .. }, Verdict::Allowed) | (Verdict::Allowed, denied) => denied,
    }
}

pub(super) fn allowed(verdict: Verdict) -> Result<(), Problem> {
    match verdict {
        Verdict::Allowed => Ok(()),
        Verdict::Denied { retry_after } => Err(Problem::rate_limited(retry_after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_wait_is_told() {
        let denied = |seconds| Verdict::Denied { retry_after: Duration::from_secs(seconds) };

        assert_eq!(stricter(denied(1), denied(2)), denied(2));
        assert_eq!(stricter(Verdict::Allowed, denied(2)), denied(2));
        assert_eq!(stricter(denied(1), Verdict::Allowed), denied(1));
        assert_eq!(stricter(Verdict::Allowed, Verdict::Allowed), Verdict::Allowed);
    }
}
