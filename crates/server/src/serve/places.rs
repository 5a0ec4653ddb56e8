//! Who may connect: so many at a time, and no network more than its share.
//!
//! When there is no room, a connection still gets one of a few spare places,
//! where it is told so at once. So a probe finds out that the process lives,
//! and a person that it is busy, however many connections somebody holds.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::auth::network::{Share, Shares};
use crate::config::{HttpConfig, Network};

/// How many may be told at a time that there is no room.
const SPARE: usize = 64;
/// How many of those one network may have.
const SPARE_SHARE: usize = 16;

/// The places of one listener.
#[derive(Debug)]
pub(super) struct Places {
    whole: Part,
    spare: Part,
    /// Proxies connect on behalf of everybody, so no share bounds them.
    trusted: Vec<Network>,
}

/// A place, given back when dropped.
#[derive(Debug)]
#[must_use = "the place is given back when this is dropped"]
pub(super) struct Place {
    /// Whether it is good for nothing but being told that there is no room.
    pub(super) is_spare: bool,
    _permit: OwnedSemaphorePermit,
    _share: Option<Share>,
}

#[derive(Debug)]
struct Part {
    all: Arc<Semaphore>,
    shares: Shares,
}

impl Places {
    pub(super) fn new(http: &HttpConfig) -> Self {
        let share = http.connections_per_network();
        Self {
            whole: Part::new(http.connections, share),
            spare: Part::new(SPARE, SPARE_SHARE),
            trusted: http.trusted_proxies.clone(),
        }
    }

    /// A place for whoever connects from an address; `None` if not even a spare one is left.
    pub(super) fn take(&self, address: IpAddr) -> Option<Place> {
        let is_trusted = self.trusted.iter().any(|network| network.contains(address));
        let whole = self.whole.take(address, is_trusted);
        let place = |is_spare| move |(permit, share)| Place { is_spare, _permit: permit, _share: share };
        whole.map(place(false)).or_else(|| self.spare.take(address, is_trusted).map(place(true)))
    }
}

impl Part {
    fn new(all: usize, share: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), shares: Shares::new(share) }
    }

    fn take(&self, address: IpAddr, is_trusted: bool) -> Option<(OwnedSemaphorePermit, Option<Share>)> {
        let share = if is_trusted { None } else { Some(self.shares.take(address)?) };
        Some((Arc::clone(&self.all).try_acquire_owned().ok()?, share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(connections: usize) -> Places {
        let trusted_proxies = vec!["192.0.2.0/24".parse().unwrap()];
        Places::new(&HttpConfig { connections, trusted_proxies, ..HttpConfig::default() })
    }

    fn take(places: &Places, address: &str, count: usize) -> Vec<Place> {
        let address = address.parse().unwrap();
        (0..count).filter_map(|_| places.take(address)).collect()
    }

    fn whole(places: &[Place]) -> usize {
        places.iter().filter(|place| !place.is_spare).count()
    }

    #[test]
    fn one_network_leaves_room_for_others() {
        let places = places(100);

        let greedy = take(&places, "203.0.113.9", 1000);
        let other = take(&places, "203.0.113.10", 1);

        assert_eq!((whole(&greedy), greedy.len()), (25, 25 + SPARE_SHARE));
        assert_eq!(whole(&other), 1);
        drop(greedy);
        assert_eq!(whole(&take(&places, "203.0.113.9", 1)), 1);
    }

    #[test]
    fn a_customer_with_many_addresses_is_one_network() {
        let places = places(100);
        let held: Vec<_> = (0..100).filter_map(|n| places.take(format!("2001:db8::{n:x}").parse().unwrap())).collect();

        assert_eq!(whole(&held), 25);
    }

    #[test]
    fn a_trusted_proxy_connects_for_everybody() {
        let places = places(100);

        let proxy = take(&places, "192.0.2.7", 1000);

        assert_eq!((whole(&proxy), proxy.len()), (100, 100 + SPARE));
        assert!(places.take("203.0.113.9".parse().unwrap()).is_none());
    }

    #[test]
    fn whoever_comes_when_all_is_taken_is_told_so() {
        let places = places(4);
        let held: Vec<_> = (0..4).flat_map(|n| take(&places, &format!("203.0.113.{n}"), 1)).collect();

        let late = take(&places, "203.0.113.9", 1);

        assert_eq!((whole(&held), whole(&late), late.len()), (4, 0, 1));
    }
}
