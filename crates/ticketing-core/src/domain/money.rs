//! Money: integer minor units and an ISO 4217 currency.

use std::fmt;
use std::str::FromStr;

use super::invalid::{Invalid, WrongFields};

/// A currency of ISO 4217, such as `EUR`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The three letters of ISO 4217.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// The decimal digits of the minor unit: 2 for `EUR`, 0 for `JPY`.
    #[must_use]
    pub fn exponent(self) -> u8 {
        u8::try_from(self.0.exponent().unwrap_or(0)).unwrap_or(0)
    }
}

/// Currencies of ISO 4217 that are not in use: withdrawn ones, and funds and units of account.
const NOT_IN_USE: [&str; 15] =
    ["BGN", "BOV", "CHE", "CHW", "CLF", "COU", "CUC", "HRK", "MXV", "SLL", "USN", "UYI", "UYW", "XAD", "ZWL"];

impl Currency {
    /// Whether people pay in it today; prices in other currencies can still be read.
    #[must_use]
    pub fn is_in_use(self) -> bool {
        !NOT_IN_USE.contains(&self.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

impl FromStr for Currency {
    type Err = Invalid;

    fn from_str(code: &str) -> Result<Self, Invalid> {
        // Nothing can be priced in a currency without a minor unit (gold, test codes).
        iso_currency::Currency::from_code(code)
            .filter(|currency| currency.exponent().is_some())
            .map(Self)
            .ok_or_else(|| Invalid::new("currency", "must be a currency of ISO 4217, such as EUR"))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount of money; may be zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money {
    /// In minor units, such as cents.
    pub amount: u64,
    /// The currency of the amount.
    pub currency: Currency,
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} in minor units", self.amount, self.currency)
    }
}

/// The price of one place. Invariant: between 1 and [`Price::MAX_AMOUNT`] minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(Money);

impl Price {
    /// The highest price. A thousand times this is still exact in a JSON number (2^53).
    pub const MAX_AMOUNT: u64 = 1_000_000_000_000;

    /// Accepts an amount above zero and not above [`Price::MAX_AMOUNT`].
    ///
    /// # Errors
    ///
    /// [`Invalid`] for any other amount; show it to the user.
    pub fn new(money: Money) -> Result<Self, Invalid> {
        bounded(money.amount).map(|amount| Self(Money { amount, ..money }))
    }

    /// Accepts an amount in a currency of ISO 4217, such as `EUR`.
    ///
    /// # Errors
    ///
    /// What is wrong with either.
    pub fn parse(amount: u64, currency: &str) -> Result<Self, WrongFields> {
        let mut wrong = WrongFields::default();
        let (amount, currency) = (wrong.keep(bounded(amount)), wrong.keep(currency.parse()));
        wrong.finish(amount.zip(currency).map(|(amount, currency)| Self(Money { amount, currency })))
    }

    /// The price as money.
    #[must_use]
    pub const fn money(self) -> Money {
        self.0
    }

    /// What `quantity` places cost.
    #[must_use]
    pub fn times(self, quantity: Quantity) -> Money {
        Money { amount: self.0.amount * u64::from(quantity.get()), currency: self.0.currency }
    }
}

fn bounded(amount: u64) -> Result<u64, Invalid> {
    if (1..=Price::MAX_AMOUNT).contains(&amount) {
        Ok(amount)
    } else {
        Err(Invalid::new("price", format!("must be between 1 and {} minor units", Price::MAX_AMOUNT)))
    }
}

/// A number of places. Invariant: between 1 and [`Quantity::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(u32);

impl Quantity {
    /// The most places one ticket offers.
    pub const MAX: u32 = 1000;
    /// One place.
    pub const ONE: Self = Self(1);

    /// Accepts a number between 1 and [`Quantity::MAX`].
    ///
    /// # Errors
    ///
    /// [`Invalid`] for any other number; show it to the user.
    pub fn new(places: u32) -> Result<Self, Invalid> {
        if (1..=Self::MAX).contains(&places) {
            Ok(Self(places))
        } else {
            Err(Invalid::new("quantity", format!("must be between 1 and {}", Self::MAX)))
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn euros(amount: u64) -> Money {
        Money { amount, currency: "EUR".parse().unwrap() }
    }

    #[test]
    fn a_price_is_above_zero_and_bounded() {
        assert!(Price::new(euros(0)).is_err());
        assert!(Price::new(euros(1)).is_ok());
        assert!(Price::new(euros(Price::MAX_AMOUNT)).is_ok());
        assert!(Price::new(euros(Price::MAX_AMOUNT + 1)).is_err());
        assert!(Price::new(euros(u64::MAX)).is_err());
    }

    #[test]
    fn the_dearest_order_is_exact_in_json() {
        let dearest = Price::new(euros(Price::MAX_AMOUNT)).unwrap().times(Quantity::new(1000).unwrap());

        assert!(dearest.amount < 1 << 53);
    }

    #[test]
    fn currencies_that_are_no_more_are_read_and_not_in_use() {
        for code in NOT_IN_USE {
            assert_eq!(code.parse::<Currency>().map(Currency::is_in_use), Ok(false), "{code}");
        }
        for code in ["EUR", "SLE", "ZWG", "CUP", "VES", "XOF", "XCG"] {
            assert_eq!(code.parse::<Currency>().map(Currency::is_in_use), Ok(true), "{code}");
        }
        for code in ["XXX", "XTS", "XAU", "XDR", "DEM", "VEF", "ANG"] {
            assert!(code.parse::<Currency>().is_err(), "{code}");
        }
    }

    #[test]
    fn only_currencies_with_a_minor_unit_price_tickets() {
        assert_eq!("JPY".parse::<Currency>().map(Currency::exponent), Ok(0));
        assert_eq!("EUR".parse::<Currency>().map(Currency::exponent), Ok(2));
        assert!("eur".parse::<Currency>().is_err());
        assert!("XAU".parse::<Currency>().is_err());
        assert!("ZZZ".parse::<Currency>().is_err());
    }
}
