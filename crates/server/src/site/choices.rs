//! What forms propose.

/// The currency that is proposed first.
pub(super) const EURO: &str = "EUR";

/// Currencies to choose from; a ticket in another one keeps it.
const CURRENCIES: [&str; 33] = [
    "EUR", "USD", "GBP", "CHF", "AED", "AUD", "BRL", "CAD", "CNY", "CZK", "DKK", "HKD", "HUF", "IDR", "ILS", "INR",
    "ISK", "JPY", "KRW", "KWD", "MXN", "MYR", "NOK", "NZD", "PLN", "RON", "SEK", "SGD", "THB", "TND", "TRY", "UAH",
    "ZAR",
];

/// Kinds of events that are proposed; any other may be typed.
const CATEGORIES: [&str; 13] = [
    "ballet",
    "classical",
    "comedy",
    "concert",
    "conference",
    "dance",
    "family",
    "festival",
    "film",
    "jazz",
    "opera",
    "sport",
    "theatre",
];

/// Time zones that are proposed; any other may be typed.
const TIME_ZONES: [&str; 40] = [
    "Africa/Cairo",
    "Africa/Johannesburg",
    "Africa/Lagos",
    "America/Argentina/Buenos_Aires",
    "America/Bogota",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Toronto",
    "Asia/Bangkok",
    "Asia/Dubai",
    "Asia/Hong_Kong",
    "Asia/Jakarta",
    "Asia/Jerusalem",
    "Asia/Kolkata",
    "Asia/Kuwait",
    "Asia/Seoul",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Atlantic/Reykjavik",
    "Australia/Sydney",
    "Europe/Amsterdam",
    "Europe/Athens",
    "Europe/Berlin",
    "Europe/Dublin",
    "Europe/Istanbul",
    "Europe/Lisbon",
    "Europe/London",
    "Europe/Madrid",
    "Europe/Paris",
    "Europe/Prague",
    "Europe/Rome",
    "Europe/Stockholm",
    "Europe/Vienna",
    "Europe/Zurich",
    "Pacific/Auckland",
];

pub(super) fn time_zones() -> Vec<String> {
    TIME_ZONES.map(str::to_owned).to_vec()
}

pub(super) fn categories() -> Vec<String> {
    CATEGORIES.map(str::to_owned).to_vec()
}

/// The currencies to choose from, and the one that is chosen.
pub(super) fn currencies(chosen: &str) -> Vec<String> {
    let other = (!chosen.is_empty() && !CURRENCIES.contains(&chosen)).then(|| chosen.to_owned());
    CURRENCIES.map(str::to_owned).into_iter().chain(other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ticketing_core::domain::money::Currency;
    use ticketing_core::domain::time_zone::TimeZone;

    #[test]
    fn every_currency_to_choose_is_in_use() {
        assert!(CURRENCIES.iter().all(|code| code.parse().is_ok_and(Currency::is_in_use)));
    }

    #[test]
    fn every_time_zone_to_choose_is_one() {
        assert!(TIME_ZONES.iter().all(|name| name.parse().is_ok_and(|zone: TimeZone| zone.name() == *name)));
    }

    #[test]
    fn a_chosen_currency_stays_to_be_chosen() {
        assert_eq!(currencies("EUR").len(), CURRENCIES.len());
        assert_eq!(currencies("XOF").last().map(String::as_str), Some("XOF"));
    }
}
