//! How often anybody may try.

use std::net::{IpAddr, Ipv6Addr};

use axum::extract::FromRequestParts;
use http::request::Parts;
use sha2::{Digest, Sha256};

use ticketing_core::domain::account::EmailAddress;
use ticketing_core::flow::driver::causes;
use ticketing_core::ports::limits::{LimitError, Quota, Verdict};

use crate::marketplace::App;
use crate::problem::Problem;

use super::client;

/// Lets a change pass, unless its address asks for too many.
///
/// Where the limiter does not answer, changes pass: it guards against floods, not against thieves.
pub(crate) async fn check_write(app: &App, address: IpAddr) -> Result<(), Problem> {
    let Some(quota) = app.http.limits.writes_per_address else { return Ok(()) };
    match app.edge.limiter.check(&format!("write:{}", network(address)), quota).await {
        Ok(verdict) => allowed(verdict),
        Err(error) => {
            tracing::warn!(cause = causes(&error), "changes are not limited now");
            Ok(())
        }
    }
}

/// Proves that an address may try to sign in or up once more.
#[derive(Debug)]
pub(crate) struct SignInTry;

impl FromRequestParts<App> for SignInTry {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let address = client::address(&parts.headers, &parts.extensions, app);
        let quota = app.http.limits.sign_in_per_address;
        check(app, &format!("sign-in:{}", network(address)), quota).await?;
        Ok(Self)
    }
}

/// Lets a try to sign in to an account pass, unless there were too many.
pub(crate) async fn check_account(app: &App, email: &EmailAddress) -> Result<(), Problem> {
    // The limiter need not know addresses of people.
    let digest = Sha256::digest(email.as_str());
    let name: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    check(app, &format!("sign-in:account:{name}"), app.http.limits.sign_in_per_account).await
}

/// Without an answer nobody signs in: guessing passwords must stay limited.
async fn check(app: &App, key: &str, quota: Option<Quota>) -> Result<(), Problem> {
    let Some(quota) = quota else { return Ok(()) };
    let verdict = app.edge.limiter.check(key, quota).await.map_err(|error: LimitError| Problem::unavailable(error))?;
    allowed(verdict)
}

fn allowed(verdict: Verdict) -> Result<(), Problem> {
    match verdict {
        Verdict::Allowed => Ok(()),
        Verdict::Denied { retry_after } => Err(Problem::rate_limited(retry_after)),
    }
}

/// The 64 bits of an IPv6 address that a customer of a provider cannot choose.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => IpAddr::V4(address),
            None => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_customer_count_together() {
        let network_of = |text: &str| network(text.parse().unwrap()).to_string();

        assert_eq!(network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network_of("::ffff:203.0.113.9"), "203.0.113.9");
    }
}
