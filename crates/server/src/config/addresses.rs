//! Where services, sites and proxies are. A mistake is a sentence that says what is expected.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use http::Uri;
use http::uri::Authority;
use ipnet::{IpNet, Ipv6Net};

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

/// A range of addresses, such as `10.0.0.0/8`. IPv4 has its place in IPv6, so an address matches in either form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(Ipv6Net);

impl Network {
    /// Whether an address lies within.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&mapped(address))
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let network = text.trim().parse().or_else(|_| text.trim().parse().map(|address: IpAddr| IpNet::from(address)));
        let network = network.map_err(|_| format!("{text:?} is no address or network such as 10.0.0.0/8"))?;
        let ipv4 = if network.addr().is_ipv4() { 96 } else { 0 };
        Ok(Self(Ipv6Net::new_assert(mapped(network.addr()), ipv4 + network.prefix_len())))
    }
}

fn mapped(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
