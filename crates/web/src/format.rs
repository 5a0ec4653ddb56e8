//! Formats amounts, times and addresses.

use ticketing_core::domain::time::Timestamp;
use ticketing_core::domain::time_zone::TimeZone;

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// An amount of money, ready to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Money {
    /// In minor units, such as cents.
    pub amount: u64,
    /// The three letters of ISO 4217.
    pub currency: &'static str,
    /// The decimal digits of the minor unit: 2 for `EUR`, 0 for `JPY`.
    pub exponent: u8,
}

impl Money {
    /// The amount in major units.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_web::Money;
    ///
    /// let price = Money { amount: 1250, currency: "EUR", exponent: 2 };
    ///
    /// assert_eq!(price.decimal(), "12.50");
    /// ```
    #[must_use]
    pub fn decimal(self) -> String {
        let exponent = usize::from(self.exponent);
        let mut digits = self.amount.to_string();
        if digits.len() <= exponent {
            digits.insert_str(0, &"0".repeat(exponent + 1 - digits.len()));
        }
        if exponent > 0 {
            digits.insert(digits.len() - exponent, '.');
        }
        digits
    }
}

/// When an event begins, on the clocks of its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTime {
    /// RFC 3339 in UTC.
    pub utc: String,
    /// The IANA name of the time zone, if its clocks are known.
    pub zone: Option<String>,
    /// For people: `Wed 16 Dec 2026, 19:30, London time`.
    pub text: String,
}

impl EventTime {
    /// The time in the zone of the place; in UTC if that is absent, or one whose clocks this release does not know.
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_web::EventTime;
    ///
    /// let opening = "2026-12-16T19:30:00Z".parse()?;
    /// let text = |zone| EventTime::new(opening, zone).text;
    ///
    /// assert_eq!(text(Some("Asia/Tokyo")), "Thu 17 Dec 2026, 04:30, Tokyo time");
    /// assert_eq!(text(Some("Etc/GMT+5")), "Wed 16 Dec 2026, 14:30 UTC-5");
    /// assert_eq!(text(None), "Wed 16 Dec 2026, 19:30 UTC");
    /// # Ok::<(), ticketing_core::domain::time::InvalidTime>(())
    /// ```
    #[must_use]
    pub fn new(at: Timestamp, zone: Option<&str>) -> Self {
        let known: Option<TimeZone> = zone.and_then(|zone| zone.parse().ok());
        let clocks = known.clone().unwrap_or_else(|| TimeZone::stored("UTC"));
        let local = clocks.local(at);
        let ((year, month, day), (hour, minute)) = (local.date(), local.clock());
        let weekday = WEEKDAYS.get(local.weekday()).unwrap_or(&"");
        let month = usize::try_from(month - 1).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"");
        let whose = whose_clocks(&clocks, local.millis() - at.millis());
        let text = format!("{weekday} {day} {month} {year}, {hour:02}:{minute:02}{whose}");
        Self { utc: at.to_string(), zone: known.map(|zone| zone.name().to_owned()), text }
    }
}

/// Who reads that time on their clocks: people at a place, or at a distance from UTC if the zone names no place.
fn whose_clocks(clocks: &TimeZone, ahead_millis: i64) -> String {
    match clocks.name().split_once('/') {
        Some((area, _)) if area != "Etc" => format!(", {} time", clocks.place()),
        Some(_) | None => [" UTC", &offset(ahead_millis / 60_000)].concat(),
    }
}

/// So many minutes ahead of UTC: `+5:30`; nothing if none.
fn offset(minutes: i64) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    match (minutes.abs() / 60, minutes.abs() % 60) {
        (0, 0) => String::new(),
        (hours, 0) => format!("{sign}{hours}"),
        (hours, minutes) => format!("{sign}{hours}:{minutes:02}"),
    }
}

/// Formats an RFC 3339 time in UTC for people: `1 Dec 2026, 19:30 UTC`.
///
/// A text in any other format is shown unchanged.
pub(crate) fn utc_text(rfc3339: &str) -> String {
    utc_parts(rfc3339).unwrap_or_else(|| rfc3339.to_owned())
}

/// The address of a ticket's page.
pub(crate) fn ticket_address(id: &str) -> String {
    ["/tickets/", id].concat()
}

/// The address of what a ticket sold.
pub(crate) fn sales_address(ticket: &str) -> String {
    ["/tickets/", ticket, "/sales"].concat()
}

/// The address of a ticket's door.
pub(crate) fn door_address(ticket: &str) -> String {
    ["/door/", ticket].concat()
}

/// The address of an order's page.
pub(crate) fn order_address(id: &str) -> String {
    ["/orders/", id].concat()
}

/// The address that asks before an order is cancelled, and cancels it.
pub(crate) fn cancel_address(id: &str) -> String {
    ["/orders/", id, "/cancel"].concat()
}

/// The address that asks before an order is given back, and gives it back.
pub(crate) fn give_back_address(id: &str) -> String {
    ["/orders/", id, "/give-back"].concat()
}

/// The address of a page with a query; pairs without a value are left out.
pub(crate) fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let given: Vec<_> = pairs.iter().filter(|(_, value)| !value.is_empty()).collect();
    match serde_urlencoded::to_string(given) {
        Ok(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    }
}

/// Browsers by their `User-Agent` tokens; many also claim to be those further down.
const BROWSERS: [(&str, &str); 5] =
    [("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];

/// Operating systems, likewise.
const SYSTEMS: [(&str, &str); 6] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// A readable form of a `User-Agent`, if it is known: `Firefox on Linux`.
pub(crate) fn device_name(agent: &str) -> String {
    let find =
        |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => [browser, " on ", system].concat(),
        _ => agent.to_owned(),
    }
}

fn utc_parts(rfc3339: &str) -> Option<String> {
    let (date, time) = rfc3339.strip_suffix('Z')?.split_once('T')?;
    let (year, rest) = date.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
    let day = day.strip_prefix('0').unwrap_or(day);
    let minutes = time.get(..5)?;
    // Not `format!`: a page of the catalogue does this for every ticket.
    Some([day, " ", month, " ", year, ", ", minutes, " UTC"].concat())
}

#[cfg(test)]
mod tests {
    use super::{EventTime, Money, device_name, utc_text, with_query};

    fn decimal(amount: u64, exponent: u8) -> String {
        Money { amount, currency: "XXX", exponent }.decimal()
    }

    #[test]
    fn an_amount_has_as_many_decimals_as_its_currency() {
        assert_eq!(decimal(1250, 2), "12.50");
        assert_eq!(decimal(5, 2), "0.05");
        assert_eq!(decimal(0, 3), "0.000");
        assert_eq!(decimal(900, 0), "900");
        assert_eq!(decimal(u64::MAX, 2), "184467440737095516.15");
    }

    #[test]
    fn a_time_says_whose_clocks_show_it() {
        let text = |zone| EventTime::new("2026-12-16T19:30:00Z".parse().unwrap(), Some(zone)).text;

        assert_eq!(text("America/New_York"), "Wed 16 Dec 2026, 14:30, New York time");
        assert_eq!(text("Europe/Atlantis"), "Wed 16 Dec 2026, 19:30 UTC", "a zone of another release");
        assert_eq!(text("Etc/GMT+5"), "Wed 16 Dec 2026, 14:30 UTC-5", "named the other way round");
        assert_eq!(text("Etc/GMT-14"), "Thu 17 Dec 2026, 09:30 UTC+14");
        assert_eq!(text("EST5EDT"), "Wed 16 Dec 2026, 14:30 UTC-5");
        assert_eq!(text("Asia/Kathmandu"), "Thu 17 Dec 2026, 01:15, Kathmandu time");
        assert_eq!(text("Etc/UTC"), "Wed 16 Dec 2026, 19:30 UTC");
    }

    #[test]
    fn an_offset_has_minutes_only_where_it_needs_them() {
        for (minutes, text) in [(0, ""), (60, "+1"), (-570, "-9:30"), (345, "+5:45"), (-30, "-0:30")] {
            assert_eq!(super::offset(minutes), text);
        }
    }

    #[test]
    fn a_utc_time_is_written_for_people() {
        assert_eq!(utc_text("2026-12-01T19:30:00Z"), "1 Dec 2026, 19:30 UTC");
        assert_eq!(utc_text("2026-01-31T08:05:59.123Z"), "31 Jan 2026, 08:05 UTC");
    }

    #[test]
    fn a_time_of_another_shape_is_shown_as_it_is() {
        for text in ["", "soon", "2026-13-01T00:00:00Z", "2026-12-01T19:30:00+02:00"] {
            assert_eq!(utc_text(text), text);
        }
    }

    #[test]
    fn a_browser_is_called_by_its_name() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

        assert_eq!(device_name(chrome), "Chrome on Linux");
        assert_eq!(device_name(&format!("{chrome} Edg/140.0.0.0")), "Edge on Linux");
        assert_eq!(device_name("curl/8.15.0"), "curl/8.15.0");
    }

    #[test]
    fn a_query_is_encoded_and_leaves_out_what_is_empty() {
        let query = with_query("/", &[("q", "rock & roll"), ("city", ""), ("cursor", "a=b")]);

        assert_eq!(query, "/?q=rock+%26+roll&cursor=a%3Db");
        assert_eq!(with_query("/", &[("q", "")]), "/");
    }
}
