//! How much one buyer may hold without paying.
//!
//! A hold costs nothing, so without limits one account could keep every place
//! of every ticket off sale, again and again.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::ids::TicketId;
use super::money::Quantity;
use super::order::{CancelReason, Order, OrderStatus};
use super::time::Timestamp;

/// The limits on what one buyer may hold; `None` turns a limit off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldLimits {
    /// The most places of one ticket that a buyer may hold, in one order or in several.
    ///
    /// A limit set by the seller replaces this one.
    pub places_of_ticket: Option<u32>,
    /// The most orders that may await payment at a time.
    pub open_orders: Option<u32>,
    /// The most places that those orders may hold together.
    pub places: Option<u32>,
    /// Slows down a buyer who holds places and does not pay.
    pub pause: Option<HoldPause>,
}

/// The pause before the next hold of a buyer whose last ones ended unpaid.
///
/// It doubles with each further unpaid order, up to `within`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldPause {
    /// How many holds may end unpaid without a pause.
    pub free: u32,
    /// The first pause.
    pub first: Duration,
    /// Holds that ended longer ago no longer count.
    pub within: Duration,
}

impl HoldLimits {
    /// No limits: for tests and benches with few buyers.
    pub const OFF: Self = Self { places_of_ticket: None, open_orders: None, places: None, pause: None };

    /// The start of the period in which holds that ended unpaid count.
    #[must_use]
    pub fn unpaid_since(&self, now: Timestamp) -> Timestamp {
        self.pause.map_or(now, |pause| now.before(pause.within))
    }

    /// Checks whether a buyer may hold these places as well.
    ///
    /// # Errors
    ///
    /// [`HoldRefusal`] names the exceeded limit.
    pub fn allow(&self, wanted: Hold, buyer: &BuyerHolds, now: Timestamp) -> Result<(), HoldRefusal> {
        if let Some(wait) = self.pause.and_then(|pause| pause.left(buyer, now)) {
            return Err(HoldRefusal::Paused { wait });
        }
        let places = wanted.places.get();
        let left_of_ticket = wanted.left_of_ticket(self, buyer);
        if left_of_ticket.is_some_and(|left| places > left) {
            return Err(HoldRefusal::TooManyPlaces { allowed: left_of_ticket.unwrap_or_default() });
        }
        if self.open_orders.is_some_and(|most| buyer.orders >= most) {
            return Err(HoldRefusal::TooManyOpenOrders { places: buyer.places });
        }
        match self.places.map(|most| most.saturating_sub(buyer.places)) {
            Some(0) => Err(HoldRefusal::TooManyOpenOrders { places: buyer.places }),
            Some(left) if places > left => Err(HoldRefusal::TooManyPlaces { allowed: left }),
            _ => Ok(()),
        }
    }
}

impl Default for HoldLimits {
    fn default() -> Self {
        let pause = HoldPause { free: 3, first: Duration::from_secs(60), within: Duration::from_secs(60 * 60) };
        Self { places_of_ticket: Some(10), open_orders: Some(5), places: Some(20), pause: Some(pause) }
    }
}

impl HoldPause {
    /// How much of the pause is left, if any is.
    fn left(self, buyer: &BuyerHolds, now: Timestamp) -> Option<Duration> {
        let further = buyer.unpaid.checked_sub(self.free.max(1))?;
        let doubled = 1_u32.checked_shl(further.min(31)).unwrap_or(u32::MAX);
        let pause = self.first.saturating_mul(doubled).min(self.within);
        let over_at = buyer.last_unpaid_at?.after(pause);
        (over_at > now).then(|| over_at.since(now))
    }
}

/// A buyer's request for places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// The number of places.
    pub places: Quantity,
    /// The seller's limit of places per buyer.
    pub max_per_buyer: Option<Quantity>,
}

impl Hold {
    /// How many places of the ticket the buyer may still hold; `None` if unlimited.
    fn left_of_ticket(self, limits: &HoldLimits, buyer: &BuyerHolds) -> Option<u32> {
        match self.max_per_buyer {
            Some(most) => Some(most.get().saturating_sub(buyer.places_of_ticket + buyer.bought_of_ticket)),
            None => limits.places_of_ticket.map(|most| most.saturating_sub(buyer.places_of_ticket)),
        }
    }
}

/// What counts towards the limits of a buyer who requests places of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BuyerHolds {
    /// Orders that await payment.
    pub orders: u32,
    /// Places held by these orders.
    pub places: u32,
    /// Of these, places of the requested ticket.
    pub places_of_ticket: u32,
    /// Places of the ticket that the buyer paid for.
    pub bought_of_ticket: u32,
    /// Holds that ended unpaid within the period that counts.
    pub unpaid: u32,
    /// When the last of them ended.
    pub last_unpaid_at: Option<Timestamp>,
}

impl BuyerHolds {
    /// Counts one of the buyer's orders; a hold that ended unpaid counts if it ended within `unpaid`.
    ///
    /// An end later than now comes from a fast clock, and counts once that time has come.
    pub fn count(&mut self, order: &Order, ticket: TicketId, unpaid: &RangeInclusive<Timestamp>) {
        let places = order.quantity.get();
        match order.status {
            OrderStatus::AwaitingPayment { .. } => self.hold(order.ticket.id == ticket, places),
            OrderStatus::Completed { .. } if order.ticket.id == ticket => self.bought_of_ticket += places,
            OrderStatus::Completed { .. } | OrderStatus::Refunded { .. } => {}
            // Its buyer might have paid.
            OrderStatus::Cancelled { reason: CancelReason::CalledOff, .. } => {}
            OrderStatus::Cancelled { at, .. } if unpaid.contains(&at) => {
                self.unpaid += 1;
                self.last_unpaid_at = self.last_unpaid_at.max(Some(at));
            }
            OrderStatus::Cancelled { .. } => {}
        }
    }

    /// Adds places that are held, or about to be.
    pub fn hold(&mut self, is_of_ticket: bool, places: u32) {
        self.orders += 1;
        self.places += places;
        self.places_of_ticket += if is_of_ticket { places } else { 0 };
    }
}

/// Why a buyer may not hold these places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldRefusal {
    /// It exceeds what one buyer may have.
    TooManyPlaces {
        /// How many more they may have now.
        allowed: u32,
    },
    /// The buyer holds the maximum: pay or cancel an order first.
    TooManyOpenOrders {
        /// How many places they hold.
        places: u32,
    },
    /// Their last holds ended unpaid: wait.
    Paused {
        /// How long to wait.
        wait: Duration,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(10_000_000);
    const LIMITS: HoldLimits = HoldLimits {
        places_of_ticket: Some(4),
        open_orders: Some(3),
        places: Some(6),
        pause: Some(HoldPause { free: 2, first: Duration::from_secs(60), within: Duration::from_secs(600) }),
    };

    fn wanting(places: u32, max_per_buyer: Option<u32>) -> Hold {
        let quantity = |places| Quantity::new(places).unwrap();
        Hold { places: quantity(places), max_per_buyer: max_per_buyer.map(quantity) }
    }

    fn unpaid(unpaid: u32, seconds_ago: u64) -> BuyerHolds {
        let at = NOW.before(Duration::from_secs(seconds_ago));
        BuyerHolds { unpaid, last_unpaid_at: Some(at), ..BuyerHolds::default() }
    }

    #[test]
    fn places_of_a_ticket_are_limited_in_one_order_and_in_several() {
        let nobody = BuyerHolds::default();
        let holder = BuyerHolds { orders: 1, places: 3, places_of_ticket: 3, ..nobody };

        assert_eq!(LIMITS.allow(wanting(4, None), &nobody, NOW), Ok(()));
        assert_eq!(LIMITS.allow(wanting(5, None), &nobody, NOW), Err(HoldRefusal::TooManyPlaces { allowed: 4 }));
        assert_eq!(LIMITS.allow(wanting(2, None), &holder, NOW), Err(HoldRefusal::TooManyPlaces { allowed: 1 }));
    }

    #[test]
    fn the_limit_of_a_seller_counts_what_was_bought_and_stands_in_for_the_standard() {
        let holder =
            BuyerHolds { orders: 1, places: 1, places_of_ticket: 1, bought_of_ticket: 4, ..BuyerHolds::default() };

        assert_eq!(LIMITS.allow(wanting(1, Some(6)), &holder, NOW), Ok(()));
        assert_eq!(LIMITS.allow(wanting(2, Some(6)), &holder, NOW), Err(HoldRefusal::TooManyPlaces { allowed: 1 }));
        assert_eq!(LIMITS.allow(wanting(1, Some(2)), &holder, NOW), Err(HoldRefusal::TooManyPlaces { allowed: 0 }));
        assert_eq!(LIMITS.allow(wanting(5, Some(5)), &BuyerHolds::default(), NOW), Ok(()));
        let off = HoldLimits::OFF.allow(wanting(2, Some(1)), &BuyerHolds::default(), NOW);
        assert_eq!(off, Err(HoldRefusal::TooManyPlaces { allowed: 1 }), "what a seller limits is limited");
    }

    #[test]
    fn open_orders_and_their_places_are_limited_over_all_tickets() {
        let orders = BuyerHolds { orders: 3, places: 3, ..BuyerHolds::default() };
        let places = BuyerHolds { orders: 2, places: 5, ..BuyerHolds::default() };
        let full = BuyerHolds { orders: 2, places: 6, ..BuyerHolds::default() };

        let too_many = |places| Err(HoldRefusal::TooManyOpenOrders { places });
        assert_eq!(LIMITS.allow(wanting(1, None), &orders, NOW), too_many(3));
        assert_eq!(LIMITS.allow(wanting(2, None), &places, NOW), Err(HoldRefusal::TooManyPlaces { allowed: 1 }));
        assert_eq!(LIMITS.allow(wanting(1, None), &full, NOW), too_many(6));
    }

    #[test]
    fn holds_that_ended_unpaid_make_a_pause_that_doubles_and_has_an_end() {
        let wait = |buyer| match LIMITS.allow(wanting(1, None), &buyer, NOW) {
            Err(HoldRefusal::Paused { wait }) => wait.as_secs(),
            _ => 0,
        };

        assert_eq!([unpaid(1, 0), unpaid(2, 0), unpaid(3, 0), unpaid(5, 0)].map(wait), [0, 60, 120, 480]);
        assert_eq!([unpaid(6, 0), unpaid(40, 0), unpaid(u32::MAX, 0)].map(wait), [600; 3]);
        assert_eq!([unpaid(2, 59), unpaid(2, 60)].map(wait), [1, 0]);
    }

    #[test]
    fn without_limits_nothing_is_refused() {
        let buyer = BuyerHolds { orders: 9000, places: 9000, places_of_ticket: 9000, ..unpaid(9000, 0) };

        assert_eq!(HoldLimits::OFF.allow(wanting(1000, None), &buyer, NOW), Ok(()));
    }
}
