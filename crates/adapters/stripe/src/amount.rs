//! Amounts in Stripe's units, which differ from ISO 4217 for some currencies.

use ticketing_core::domain::money::Money;

/// Currencies without a minor unit at Stripe.
const WHOLE: [&str; 15] =
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"];
/// Currencies without a minor unit that Stripe nevertheless counts in hundredths.
const WHOLE_IN_HUNDREDTHS: [&str; 2] = ["ISK", "UGX"];
/// Currencies in thousandths, of which only multiples of ten can be charged.
const THOUSANDTHS: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];

/// The amount in Stripe's units; `None` if it cannot be charged exactly.
pub(crate) fn charged(money: Money) -> Option<u64> {
    let code = money.currency.code();
    let (digits, unit) = match money.currency.exponent() {
        _ if WHOLE.contains(&code) => (0, 1),
        _ if WHOLE_IN_HUNDREDTHS.contains(&code) => (2, 100),
        _ if THOUSANDTHS.contains(&code) => (3, 10),
        2 => (2, 1),
        // Stripe does not support the others.
        _ => return None,
    };
    let amount = rescaled(money.amount, money.currency.exponent(), digits)?;
    amount.is_multiple_of(unit).then_some(amount)
}

fn rescaled(amount: u64, from: u8, to: u8) -> Option<u64> {
    let factor = 10_u64.checked_pow(u32::from(from.abs_diff(to)))?;
    match from <= to {
        true => amount.checked_mul(factor),
        false => amount.is_multiple_of(factor).then(|| amount / factor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripes(amount: u64, currency: &str) -> Option<u64> {
        charged(Money { amount, currency: currency.parse().unwrap() })
    }

    #[test]
    fn most_amounts_stay_as_they_are() {
        for currency in ["EUR", "USD", "HUF", "TWD", "CHF", "BRL"] {
            assert_eq!(stripes(1050, currency), Some(1050), "{currency}");
        }
    }

    #[test]
    fn currencies_without_a_minor_unit_are_counted_whole() {
        for currency in WHOLE.into_iter().filter(|currency| *currency != "MGA") {
            assert_eq!(stripes(500, currency), Some(500), "{currency}");
        }
        // In ISO 4217 the ariary has two digits.
        assert_eq!((stripes(50_000, "MGA"), stripes(50_020, "MGA")), (Some(500), None));
    }

    #[test]
    fn two_currencies_are_whole_and_counted_in_hundredths() {
        assert_eq!((stripes(5, "ISK"), stripes(5, "UGX")), (Some(500), Some(500)));
        assert_eq!(stripes(u64::MAX, "ISK"), None);
    }

    #[test]
    fn of_thousandths_only_tens_are_charged() {
        for currency in THOUSANDTHS {
            assert_eq!((stripes(5120, currency), stripes(5124, currency)), (Some(5120), None), "{currency}");
        }
    }

    #[test]
    fn what_stripe_does_not_know_is_not_charged() {
        assert_eq!((stripes(1000, "IQD"), stripes(1000, "LYD")), (None, None));
    }
}
