//! The network of an address, and how much of something one network may hold at a time.
//!
//! Limits count networks and not addresses, since a client with one IPv6 address
//! has at least 2⁶⁴ of them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;

/// How much more a `/48` may have than each `/64` in it.
pub const WIDER: u32 = 4;

/// The part of the Internet that one client controls.
///
/// An IPv4 address, or the `/64` or `/48` of an IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientNetwork {
    base: IpAddr,
    prefix: u8,
}

impl ClientNetwork {
    /// The smallest network that one client controls: an IPv4 address, or a `/64`.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match canonical(address) {
            IpAddr::V4(address) => Self { base: IpAddr::V4(address), prefix: 32 },
            IpAddr::V6(address) => Self::v6(address, 64),
        }
    }

    /// The `/48` around it, which providers give to one customer; IPv4 has none.
    #[must_use]
    pub fn around(address: IpAddr) -> Option<Self> {
        match canonical(address) {
            IpAddr::V4(_) => None,
            IpAddr::V6(address) => Some(Self::v6(address, 48)),
        }
    }

    fn v6(address: Ipv6Addr, prefix: u8) -> Self {
        let free = 128 - u32::from(prefix);
        Self { base: IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> free << free)), prefix }
    }
}

impl fmt::Display for ClientNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.base {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => write!(f, "{address}/{}", self.prefix),
        }
    }
}

/// An address in its own family: IPv4 that was mapped (`::ffff:0:0/96`) or translated (`64:ff9b::/96`) to IPv6 is IPv4.
#[must_use]
pub fn canonical(address: IpAddr) -> IpAddr {
    const TRANSLATED: u128 = 0x0064_ff9b << 96;
    match address.to_canonical() {
        IpAddr::V6(v6) if v6.to_bits() >> 32 << 32 == TRANSLATED => {
            let [.., a, b, c, d] = v6.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, d))
        }
        address => address,
    }
}

/// Counts what each network holds, and lets none hold more than its share. A clone counts the same.
///
/// Its memory is bounded by what is held at a time: a network that holds nothing is forgotten.
#[derive(Debug, Clone)]
pub struct Shares {
    held: Arc<Mutex<HashMap<ClientNetwork, usize>>>,
    most: usize,
    most_around: usize,
}

/// One place in a network's share, given back when dropped.
#[derive(Debug)]
#[must_use = "the place is given back when this is dropped"]
pub struct Share {
    held: Arc<Mutex<HashMap<ClientNetwork, usize>>>,
    networks: [Option<ClientNetwork>; 2],
}

impl Shares {
    /// At most so many for each IPv4 address or `/64`, and `most_around` for a `/48`, which never has less than a `/64`.
    #[must_use]
    pub fn new(most: usize, most_around: usize) -> Self {
        Self { held: Arc::default(), most, most_around: most_around.max(most) }
    }

    /// At most so many of `all` for each IPv4 address or `/64`, and half of `all` for a `/48`: others find room.
    #[must_use]
    pub fn of(most: usize, all: usize) -> Self {
        Self::new(most, most.saturating_mul(WIDER as usize).min(all / 2))
    }

    /// Takes a place for an address; `None` if its network holds its whole share.
    #[must_use]
    pub fn take(&self, address: IpAddr) -> Option<Share> {
        let (narrow, wide) = (ClientNetwork::of(address), ClientNetwork::around(address));
        let mut held = self.held.lock();
        let count = |network: &ClientNetwork| held.get(network).copied().unwrap_or_default();
        let is_full = count(&narrow) >= self.most;
        let is_full_around = wide.is_some_and(|wide| count(&wide) >= self.most_around);
        if is_full || is_full_around {
            return None;
        }
        for network in [Some(narrow), wide].into_iter().flatten() {
            *held.entry(network).or_default() += 1;
        }
        Some(Share { held: Arc::clone(&self.held), networks: [Some(narrow), wide] })
    }

    /// How many networks hold something.
    #[must_use]
    pub fn networks(&self) -> usize {
        self.held.lock().len()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.held.lock();
        for network in self.networks.into_iter().flatten() {
            if let Entry::Occupied(mut count) = held.entry(network) {
                *count.get_mut() -= 1;
                if *count.get() == 0 {
                    count.remove();
                }
            }
        }
    }
}

/// How many passwords of one network wait or are hashed at a time: an eighth of the line that Argon2 has by default.
pub(crate) fn standard_share_of_passwords() -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    8 * (cores / 2).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_of_one_customer_are_one_network() {
        let of = |text| ClientNetwork::of(ip(text)).to_string();
        let around = |text| ClientNetwork::around(ip(text)).map(|network| network.to_string());

        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(around("2001:db8:1:2:3:4:5:6").as_deref(), Some("2001:db8:1::/48"));
        assert_eq!((of("203.0.113.9").as_str(), around("203.0.113.9")), ("203.0.113.9", None));
    }

    #[test]
    fn an_ipv4_address_is_the_same_in_ipv6() {
        for text in ["::ffff:203.0.113.9", "64:ff9b::203.0.113.9", "203.0.113.9"] {
            assert_eq!(ClientNetwork::of(ip(text)).to_string(), "203.0.113.9", "{text}");
            assert_eq!(ClientNetwork::around(ip(text)), None, "{text}");
        }
        assert_ne!(ClientNetwork::of(ip("64:ff9b:1::203.0.113.9")).to_string(), "203.0.113.9");
    }

    #[test]
    fn one_network_leaves_room_for_another() {
        let shares = Shares::new(2, 2);
        let first = shares.take(ip("203.0.113.9")).unwrap();
        let second = shares.take(ip("::ffff:203.0.113.9")).unwrap();

        assert!(shares.take(ip("203.0.113.9")).is_none());
        assert!(shares.take(ip("203.0.113.10")).is_some());
        drop(first);
        assert!(shares.take(ip("203.0.113.9")).is_some());
        drop(second);
        assert_eq!(shares.networks(), 0);
    }

    #[test]
    fn a_customer_with_many_networks_has_one_share_of_all() {
        let shares = Shares::new(1, 3);
        let held: Vec<_> = (0..100).filter_map(|n| shares.take(ip(&format!("2001:db8:1:{n:x}::1")))).collect();

        assert_eq!(held.len(), 3);
        assert!(shares.take(ip("2001:db8:2::1")).is_some());
        drop(held);
        assert_eq!(shares.networks(), 0);
    }

    #[test]
    fn no_customer_has_more_than_half_of_all() {
        for (most, all, expected) in [(25, 100, 50), (10, 100, 40), (60, 100, 60), (1, 1, 1), (128, 1024, 512)] {
            let shares = Shares::of(most, all);
            let held: Vec<_> = (0..0x400).filter_map(|n| shares.take(ip(&format!("2001:db8:1:{n:x}::1")))).collect();
            let more: Vec<_> = (0..0x400).filter_map(|n| shares.take(ip(&format!("2001:db8:1:{n:x}::2")))).collect();

            assert_eq!(held.len() + more.len(), expected, "{most} of {all}");
        }
    }
}
