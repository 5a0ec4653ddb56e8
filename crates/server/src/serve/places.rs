//! Who may connect: so many at a time, and no network more than its share.
//!
//! When there is no room, a connection still gets one of a few spare places,
//! for a response that says so. So a probe finds out that the process lives,
//! and a person that it is busy, however many connections somebody holds.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::{HttpConfig, Network};
use crate::network::{Share, Shares};

/// How many may get at a time the response that there is no room.
const SPARE: usize = 64;
/// How many of those one network may have; a `/48` may have twice as many.
const SPARE_SHARE: usize = 8;
/// How many of those are left to others when trusted proxies need more.
const SPARE_OF_OTHERS: usize = SPARE / 4;

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
    /// Whether it is only good for the response that there is no room.
    pub(super) is_spare: bool,
    _taken: Taken,
}

/// Places that are shared by networks.
#[derive(Debug)]
pub(super) struct Part {
    all: Arc<Semaphore>,
    shares: Shares,
}

/// One of them, given back when dropped.
#[derive(Debug)]
#[must_use = "the place is given back when this is dropped"]
pub(super) struct Taken {
    _permit: OwnedSemaphorePermit,
    _share: Option<Share>,
}

impl Places {
    pub(super) fn new(http: &HttpConfig) -> Self {
        Self {
            whole: Part::new(http.connections, Shares::of(http.connections_per_network(), http.connections)),
            spare: Part::new(SPARE, Shares::new(SPARE_SHARE, 2 * SPARE_SHARE)),
            trusted: http.trusted_proxies.clone(),
        }
    }

    /// A place for a client from an address; `None` if not even a spare one is left.
    pub(super) fn take(&self, address: IpAddr) -> Option<Place> {
        let is_trusted = self.trusted.iter().any(|network| network.contains(address));
        let whole = if is_trusted { self.whole.take_for_everybody() } else { self.whole.take(address) };
        whole.map(|taken| Place { is_spare: false, _taken: taken }).or_else(|| {
            // Probes come from elsewhere, and must find a place however many visitors a proxy brings.
            let is_left_to_others = is_trusted && self.spare.left() <= SPARE_OF_OTHERS;
            let spare = self.spare.take(address).filter(|_| !is_left_to_others);
            spare.map(|taken| Place { is_spare: true, _taken: taken })
        })
    }
}

impl Part {
    pub(super) fn new(all: usize, shares: Shares) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), shares }
    }

    /// One of the places, unless all are taken or the network of the address has its share.
    pub(super) fn take(&self, address: IpAddr) -> Option<Taken> {
        let share = self.shares.take(address)?;
        Some(Taken { _share: Some(share), ..self.take_for_everybody()? })
    }

    fn take_for_everybody(&self) -> Option<Taken> {
        Some(Taken { _permit: Arc::clone(&self.all).try_acquire_owned().ok()?, _share: None })
    }

    fn left(&self) -> usize {
        self.all.available_permits()
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
    fn a_customer_with_many_networks_leaves_room_for_others() {
        let places = places(100);
        let held: Vec<_> = (0..200)
            .filter_map(|n| places.take(format!("2001:db8:1:{n:x}::1").parse().unwrap()))
            .chain(take(&places, "2001:db8:1::1", 200))
            .collect();

        assert_eq!((whole(&held), held.len()), (50, 50 + 2 * SPARE_SHARE));
        assert_eq!(whole(&take(&places, "2001:db8:2::1", 1)), 1);
    }

    #[test]
    fn trusted_proxies_connect_for_everybody_and_leave_room_for_probes() {
        let places = places(100);

        let proxy = take(&places, "192.0.2.7", 1000);
        let others: Vec<_> = (8..100).flat_map(|n| take(&places, &format!("192.0.2.{n}"), 10)).collect();

        assert_eq!((whole(&proxy), proxy.len()), (100, 100 + SPARE_SHARE));
        assert!(others.iter().all(|place| place.is_spare));
        assert!(places.take("203.0.113.9".parse().unwrap()).is_some_and(|place| place.is_spare));
    }

    #[test]
    fn a_client_that_comes_when_all_is_taken_hears_so() {
        let places = places(4);
        let held: Vec<_> = (0..4).flat_map(|n| take(&places, &format!("203.0.113.{n}"), 1)).collect();

        let late = take(&places, "203.0.113.9", 1);

        assert_eq!((whole(&held), whole(&late), late.len()), (4, 0, 1));
    }
}
