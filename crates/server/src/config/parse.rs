//! Texts of settings → values. A mistake is a sentence that says what is expected.

pub(super) mod engines;

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use http::Uri;
use http::uri::Authority;

use ticketing_core::ports::limits::Quota;

use super::Gateway;

/// Where a service answers: `http://` with a host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceUrl(Authority);

impl ServiceUrl {
    /// Its host, with the port if it has one.
    #[must_use]
    pub const fn authority(&self) -> &Authority {
        &self.0
    }
}

impl FromStr for ServiceUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Not the text, since somebody may have put a password into it.
        let wrong = || "is no address such as http://tickets:3000".to_owned();
        let uri: Uri = text.trim().parse().map_err(|_| wrong())?;
        let bare = matches!(uri.path(), "" | "/") && uri.query().is_none() && uri.scheme_str() == Some("http");
        let authority = uri.into_parts().authority.filter(|authority| bare && !authority.as_str().contains('@'));
        authority.map(Self).ok_or_else(wrong)
    }
}

/// Where a site lives: scheme, host and port, as browsers send it in `Origin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebOrigin(String);

impl WebOrigin {
    /// The origin as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is served over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl FromStr for WebOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let origin = text.trim().trim_end_matches('/').to_ascii_lowercase();
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        match host {
            Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ', '*']) => Ok(Self(origin)),
            _ => Err(format!("{text:?} is no origin such as https://tickets.example.org")),
        }
    }
}

/// A range of addresses, such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: u128,
    mask: u128,
}

impl Network {
    /// Whether an address lies within.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        bits(address) & self.mask == self.base
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no address or network such as 10.0.0.0/8");
        let (address, prefix) = text.trim().split_once('/').map_or((text.trim(), None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix: u32 = prefix.map_or(Ok(width), str::parse).map_err(|_| wrong())?;
        if prefix > width {
            return Err(wrong());
        }
        let mask = u128::MAX.checked_shl(width - prefix).unwrap_or(0);
        Ok(Self { base: bits(address) & mask, mask })
    }
}

/// An address as IPv6, where IPv4 addresses have their place too.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// `500ms`, `30s`, `15m`, `2h` or `30d`.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no span such as 500ms, 30s, 15m, 2h or 30d");
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (count, unit) = text.split_at(digits);
    let count: u64 = count.parse().map_err(|_| wrong())?;
    let millis: u64 = match unit {
        "us" => return Ok(Duration::from_micros(count)),
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    count.checked_mul(millis).map(Duration::from_millis).ok_or_else(wrong)
}

/// A span that is not zero and not longer than `longest`.
pub(super) fn span_up_to(longest: Duration) -> impl Fn(&str) -> Result<Duration, String> {
    move |text| match span(text)? {
        span if span.is_zero() => Err("must be longer than nothing".to_owned()),
        span if span > longest => Err(format!("must be at most {} s", longest.as_secs())),
        span => Ok(span),
    }
}

/// `10/30s`: ten at once, and one more each 30 seconds. `off` is no limit.
pub(super) fn quota(text: &str) -> Result<Option<Quota>, String> {
    let wrong = || format!("{text:?} is no limit such as 10/30s (ten at once, one more each 30 seconds) or off");
    if text.trim() == "off" {
        return Ok(None);
    }
    let (burst, per) = text.trim().split_once('/').ok_or_else(wrong)?;
    let burst = burst.parse().ok().filter(|burst| *burst > 0).ok_or_else(wrong)?;
    let per = span(per).ok().filter(|per| !per.is_zero()).ok_or_else(wrong)?;
    Ok(Some(Quota { burst, per }))
}

/// A count within bounds.
pub(super) fn count(bounds: std::ops::RangeInclusive<usize>) -> impl Fn(&str) -> Result<usize, String> {
    move |text| {
        let count = text.trim().parse().ok().filter(|count| bounds.contains(count));
        count.ok_or_else(|| format!("{text:?} is no number between {} and {}", bounds.start(), bounds.end()))
    }
}

/// An address and a port.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.trim().parse().map_err(|_| format!("{text:?} is no address and port such as 127.0.0.1:3000"))
}

/// What takes the money.
pub(super) fn gateway(text: &str) -> Result<Gateway, String> {
    match text.trim() {
        "sandbox" => Ok(Gateway::Sandbox),
        _ => Err(format!("{text:?} takes no payments here: there is sandbox, which takes no money")),
    }
}

/// `true` or `false`.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text.trim() {
        "true" | "on" | "yes" | "1" => Ok(true),
        "false" | "off" | "no" | "0" => Ok(false),
        _ => Err(format!("{text:?} is neither true nor false")),
    }
}

/// A list with commas between its entries.
pub(super) fn list<T: FromStr<Err = String>>(text: &str) -> Result<Vec<T>, String> {
    text.split(',').filter(|entry| !entry.trim().is_empty()).map(str::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_needs_its_unit() {
        assert_eq!(span("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(span("500ms"), Ok(Duration::from_millis(500)));
        for wrong in ["", "15", "m", "-1s", "1 s", "99999999999999999999s", "18446744073709551615d"] {
            assert!(span(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_limit_is_a_burst_and_a_pace_or_off() {
        assert_eq!(quota("off"), Ok(None));
        assert_eq!(quota("10/30s"), Ok(Some(Quota { burst: 10, per: Duration::from_secs(30) })));
        for wrong in ["10", "0/1s", "10/0s", "x/1s"] {
            assert!(quota(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_network_contains_what_shares_its_prefix() {
        let network: Network = "10.1.0.0/16".parse().unwrap();

        assert!(network.contains("10.1.255.3".parse().unwrap()));
        assert!(!network.contains("10.2.0.1".parse().unwrap()));
        assert!("::1".parse::<Network>().unwrap().contains("::1".parse().unwrap()));
        assert!("0.0.0.0/0".parse::<Network>().unwrap().contains("203.0.113.9".parse().unwrap()));
        assert!("10.0.0.0/33".parse::<Network>().is_err());
    }

    #[test]
    fn a_service_is_named_by_scheme_host_and_port() {
        let url: ServiceUrl = "http://tickets:3000/".parse().unwrap();

        assert_eq!(url.authority().as_str(), "tickets:3000");
        for wrong in ["", "tickets:3000", "https://tickets", "http://a/b", "http://a?b", "http://ada:tomato@tickets"] {
            assert!(wrong.parse::<ServiceUrl>().is_err_and(|mistake| !mistake.contains("tomato")), "{wrong:?}");
        }
    }

    #[test]
    fn an_origin_has_no_path() {
        assert!("https://tickets.example.org".parse::<WebOrigin>().is_ok_and(|origin| origin.is_https()));
        assert!("tickets.example.org".parse::<WebOrigin>().is_err());
        assert!("https://a/b".parse::<WebOrigin>().is_err());
    }
}
