//! What Kubernetes puts into every container for the Services of its namespace.
//!
//! For a Service `ticketing` that is `TICKETING_SERVICE_HOST`, `TICKETING_PORT=tcp://10.0.0.1:3000`
//! and more, which look like settings with a mistake in their names.

use std::net::IpAddr;

/// Variables, by name and value.
pub(super) type Variables = [(String, String)];

/// Whether Kubernetes sets a variable for one of the Services that `all` of them name.
pub(super) fn sets(name: &str, value: &str, all: &Variables) -> bool {
    services(all).filter_map(|service| name.strip_prefix(service)).any(|of_service| is_link(of_service, value))
}

/// Services as their variables begin: each has an address.
fn services(all: &Variables) -> impl Iterator<Item = &str> {
    let with_address = all.iter().filter(|(_, value)| value.parse::<IpAddr>().is_ok());
    with_address.filter_map(|(name, _)| name.strip_suffix("_SERVICE_HOST"))
}

/// The value counts too: `TICKETING_PORT=8080` is a mistake, in a cluster as elsewhere.
fn is_link(of_service: &str, value: &str) -> bool {
    let is_url = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    let is_port = value.parse::<u16>().is_ok();
    match of_service {
        "_SERVICE_HOST" => true,
        "_SERVICE_PORT" => is_port,
        "_PORT" => is_url,
        named if named.starts_with("_SERVICE_PORT_") => is_port,
        of_port => of_port.strip_prefix("_PORT_").is_some_and(|of_port| is_link_of_port(of_port, value)),
    }
}

/// `3000_TCP`, and with `_PROTO`, `_PORT` or `_ADDR` its parts.
fn is_link_of_port(of_port: &str, value: &str) -> bool {
    let mut parts = of_port.split('_');
    let is_number = parts.next().is_some_and(|number| number.parse::<u16>().is_ok());
    let is_protocol = parts.next().is_some_and(|protocol| ["TCP", "UDP", "SCTP"].contains(&protocol));
    let is_part = match parts.next() {
        None => value.contains("://"),
        Some("PROTO") => ["tcp", "udp", "sctp"].contains(&value),
        Some("PORT") => value.parse::<u16>().is_ok(),
        Some("ADDR") => value.parse::<IpAddr>().is_ok(),
        Some(_) => false,
    };
    is_number && is_protocol && is_part && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the kubelet sets them for a Service `ticketing` with a named port.
    const SET: [(&str, &str); 8] = [
        ("TICKETING_SERVICE_HOST", "10.96.12.7"),
        ("TICKETING_SERVICE_PORT", "3000"),
        ("TICKETING_SERVICE_PORT_HTTP", "3000"),
        ("TICKETING_PORT", "tcp://10.96.12.7:3000"),
        ("TICKETING_PORT_3000_TCP", "tcp://10.96.12.7:3000"),
        ("TICKETING_PORT_3000_TCP_PROTO", "tcp"),
        ("TICKETING_PORT_3000_TCP_PORT", "3000"),
        ("TICKETING_PORT_3000_TCP_ADDR", "10.96.12.7"),
    ];

    fn set(others: &[(&str, &str)]) -> Vec<(String, String)> {
        SET.iter().chain(others).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_kubernetes_sets_for_a_service_is_no_mistake() {
        let all = set(&[]);

        for (name, value) in &all {
            assert!(sets(name, value, &all), "{name}={value}");
        }
        assert!(!all.iter().any(|(name, value)| sets(name, value, &[])), "without the address of a Service none is");
    }

    #[test]
    fn each_service_has_variables_of_its_own() {
        let all = set(&[("TICKETING_WEB_SERVICE_HOST", "fd00::7")]);

        assert!(sets("TICKETING_WEB_PORT_80_TCP", "tcp://[fd00::7]:80", &all));
        assert!(sets("TICKETING_WEB_SERVICE_PORT_HTTPS", "443", &all));
        assert!(!sets("TICKETING_ORDERS_PORT_80_TCP", "tcp://10.96.12.8:80", &all));
    }

    #[test]
    fn a_mistake_beside_a_service_is_one() {
        let all = set(&[]);

        for (name, value) in [
            ("TICKETING_PORT", "8080"),
            ("TICKETING_PORTS", "tcp://10.96.12.7:3000"),
            ("TICKETING_SERVICE_PORT", "http"),
            ("TICKETING_SERVICE_HOSTS", "10.96.12.7"),
            ("TICKETING_PORT_3000", "tcp://10.96.12.7:3000"),
            ("TICKETING_PORT_3000_TCP_COLOUR", "red"),
            ("TICKETING_PORT_WEB_TCP", "tcp://10.96.12.7:3000"),
            ("TICKETING_COLOUR", "10.96.12.7"),
        ] {
            assert!(!sets(name, value, &all), "{name}={value}");
        }
    }
}
