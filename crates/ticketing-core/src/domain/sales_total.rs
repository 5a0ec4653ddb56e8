//! Totals of sales: what the orders of a ticket come to.

use std::collections::BTreeMap;

use super::money::{Currency, Money};
use super::order::{Order, OrderStatus};

/// What the orders of a ticket come to in one currency. Cancelled orders count for nothing.
///
/// # Examples
///
/// ```
/// use ticketing_core::domain::sales_total::{SalesTotal, Tally};
///
/// let euro = "EUR".parse()?;
/// let kept = Tally { orders: 2, places: 3, amount: 7500 };
/// let back = Tally { orders: 1, places: 1, amount: 2500 };
/// let total = SalesTotal { sold: kept, refunded: back, ..SalesTotal::none(euro) };
///
/// assert_eq!([total.taken(), total.due()].map(|money| money.amount), [10_000, 7500]);
/// # Ok::<(), ticketing_core::domain::invalid::Invalid>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SalesTotal {
    /// The currency of the orders; a ticket that changed its currency has several totals.
    pub currency: Currency,
    /// Orders that await payment.
    pub held: Tally,
    /// Completed orders.
    pub sold: Tally,
    /// Orders that were paid, and are refunded.
    pub refunded: Tally,
}

/// Some orders, added up. A sum that is too large stays at its maximum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many orders.
    pub orders: u64,
    /// Their places.
    pub places: u64,
    /// Their price, in minor units.
    pub amount: u64,
}

impl Tally {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            orders: self.orders.saturating_add(other.orders),
            places: self.places.saturating_add(other.places),
            amount: self.amount.saturating_add(other.amount),
        }
    }
}

impl SalesTotal {
    /// Nothing in this currency.
    #[must_use]
    pub fn none(currency: Currency) -> Self {
        let [held, sold, refunded] = [Tally::default(); 3];
        Self { currency, held, sold, refunded }
    }

    /// All that buyers paid, whether it was refunded or not.
    #[must_use]
    pub const fn taken(&self) -> Money {
        Money { amount: self.sold.amount.saturating_add(self.refunded.amount), currency: self.currency }
    }

    /// What is left for the seller.
    #[must_use]
    pub const fn due(&self) -> Money {
        Money { amount: self.sold.amount, currency: self.currency }
    }

    /// The totals of some orders, by currency; none for cancelled orders alone.
    pub fn of<'a>(orders: impl IntoIterator<Item = &'a Order>) -> Vec<Self> {
        let mut totals = BTreeMap::new();
        for order in orders {
            let Money { amount, currency } = order.total();
            let one = Tally { orders: 1, places: order.quantity.get().into(), amount };
            if !matches!(order.status, OrderStatus::Cancelled { .. }) {
                totals.entry(currency).or_insert_with(|| Self::none(currency)).add(&order.status, one);
            }
        }
        totals.into_values().collect()
    }

    const fn add(&mut self, status: &OrderStatus, one: Tally) {
        match status {
            OrderStatus::AwaitingPayment { .. } => self.held = self.held.plus(one),
            OrderStatus::Completed { .. } => self.sold = self.sold.plus(one),
            OrderStatus::Refunded { .. } => self.refunded = self.refunded.plus(one),
            OrderStatus::Cancelled { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_that_is_too_large_stays_at_its_maximum() {
        let most = Tally { orders: 1, places: 1, amount: u64::MAX };
        let total = SalesTotal { sold: most.plus(most), refunded: most, ..SalesTotal::none("EUR".parse().unwrap()) };

        assert_eq!((total.sold.orders, total.sold.amount, total.taken().amount), (2, u64::MAX, u64::MAX));
    }
}
