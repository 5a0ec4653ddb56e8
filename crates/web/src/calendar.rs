//! An order as an entry of a calendar: iCalendar, RFC 5545.

use ticketing_core::domain::time::Timestamp;
use ticketing_core::domain::time_zone::TimeZone;

/// What a calendar is told of an order.
#[derive(Clone, Debug)]
pub struct CalendarEntry {
    /// The order's id: the same entry each time.
    pub id: String,
    /// Rises with every change of the event and of the order.
    pub sequence: u64,
    /// Whether the buyer no longer has the places, or the event does not take place.
    pub is_cancelled: bool,
    /// What the event is called.
    pub title: String,
    /// When it starts. When it ends nobody says.
    pub starts_at: Timestamp,
    /// Venue and city.
    pub place: Option<String>,
    /// Section, row and seats in one line.
    pub seats: Option<String>,
    /// The number of places.
    pub quantity: u32,
    /// The address of the order's page, if it is known where the site is found.
    pub address: Option<String>,
    /// The current time.
    pub now: Timestamp,
}

/// Writes a calendar with this entry alone.
///
/// # Examples
///
/// ```
/// use ticketing_web::{CalendarEntry, calendar};
///
/// let entry = CalendarEntry {
///     id: "01a21a5c-7022-7366-bc1d-f24311afcd6c".into(),
///     sequence: 3,
///     is_cancelled: false,
///     title: "Tosca; a tragedy, in three acts".into(),
///     starts_at: "2030-06-01T17:30:00Z".parse()?,
///     place: Some("Staatsoper, Wien".into()),
///     seats: None,
///     quantity: 2,
///     address: None,
///     now: "2030-05-01T08:00:00Z".parse()?,
/// };
/// let text = calendar(&entry);
///
/// assert!(text.contains("\r\nDTSTART:20300601T173000Z\r\n") && text.contains("\r\nSEQUENCE:3\r\n"));
/// assert!(text.contains("\r\nSUMMARY:Tosca\\; a tragedy\\, in three acts\r\n"));
/// # Ok::<(), ticketing_core::domain::time::InvalidTime>(())
/// ```
#[must_use]
pub fn calendar(entry: &CalendarEntry) -> String {
    let (method, status) = if entry.is_cancelled { ("CANCEL", "CANCELLED") } else { ("PUBLISH", "CONFIRMED") };
    let places = if entry.quantity == 1 { "1 place".to_owned() } else { format!("{} places", entry.quantity) };
    let description: Vec<&str> = [Some(&*places), entry.seats.as_deref()].into_iter().flatten().collect();
    // RFC 5545 has 31 bits for it.
    let sequence = entry.sequence.min(i32::MAX.unsigned_abs().into());
    let lines = [
        Some("BEGIN:VCALENDAR".to_owned()),
        Some("VERSION:2.0".to_owned()),
        Some("PRODID:-//Ticketing//Ticketing//EN".to_owned()),
        Some(format!("METHOD:{method}")),
        Some("BEGIN:VEVENT".to_owned()),
        Some(format!("UID:{}", escaped(&entry.id))),
        Some(format!("DTSTAMP:{}", utc(entry.now))),
        Some(format!("SEQUENCE:{sequence}")),
        Some(format!("STATUS:{status}")),
        // An instant, so that no definition of a time zone has to be sent along and believed.
        Some(format!("DTSTART:{}", utc(entry.starts_at))),
        Some(format!("SUMMARY:{}", escaped(&entry.title))),
        entry.place.as_deref().map(|place| format!("LOCATION:{}", escaped(place))),
        Some(format!("DESCRIPTION:{}", escaped(&description.join(", ")))),
        entry.address.as_deref().map(|address| format!("URL:{}", one_line(address))),
        Some("END:VEVENT".to_owned()),
        Some("END:VCALENDAR".to_owned()),
    ];
    lines.into_iter().flatten().map(|line| folded(&line)).collect()
}

/// `20300601T173000Z`.
fn utc(at: Timestamp) -> String {
    let local = TimeZone::stored("UTC").local(at);
    let ((year, month, day), (hour, minute)) = (local.date(), local.clock());
    let second = at.millis().div_euclid(1000).rem_euclid(60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// A text as a value: no line of its own, and nothing that ends it.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// A line of at most 75 octets, and what is left of it on lines that begin with a space; no character is cut.
fn folded(line: &str) -> String {
    const OCTETS: usize = 75;
    let (mut folded, mut length) = (String::with_capacity(line.len() + 2), 0);
    for c in line.chars() {
        if length + c.len_utf8() > OCTETS {
            folded.push_str("\r\n ");
            length = 1;
        }
        folded.push(c);
        length += c.len_utf8();
    }
    folded + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> CalendarEntry {
        CalendarEntry {
            id: "01a21a5c".into(),
            sequence: 3,
            is_cancelled: false,
            title: "Opera".into(),
            starts_at: Timestamp::from_millis(1_800_000_005_000),
            place: None,
            seats: Some("row 3, 7–8".into()),
            quantity: 2,
            address: Some("https://shop.example/orders/1".into()),
            now: Timestamp::EPOCH,
        }
    }

    #[test]
    fn an_entry_is_an_instant_with_no_end_that_nobody_knows() {
        let text = calendar(&entry());

        let lines: Vec<&str> = text.split_terminator("\r\n").collect();
        assert_eq!(lines.iter().filter(|line| line.starts_with("DT")).count(), 2);
        for line in ["DTSTART:20270115T080005Z", "DTSTAMP:19700101T000000Z", "UID:01a21a5c", "METHOD:PUBLISH"] {
            assert!(lines.contains(&line), "{line}: {text}");
        }
        assert!(lines.contains(&"DESCRIPTION:2 places\\, row 3\\, 7–8"), "{text}");
        assert!(!text.contains("LOCATION") && !text.contains("VTIMEZONE"));
    }

    #[test]
    fn a_cancelled_entry_says_so() {
        let text = calendar(&CalendarEntry { is_cancelled: true, sequence: u64::MAX, ..entry() });

        assert!(text.contains("METHOD:CANCEL\r\n") && text.contains("STATUS:CANCELLED\r\n"));
        assert!(text.contains("SEQUENCE:2147483647\r\n"));
    }

    #[test]
    fn no_line_is_longer_than_75_octets_and_no_character_is_cut() {
        for title in ["x".repeat(200), "ü".repeat(120), "🎫".repeat(60), "\u{1}\\;,\r\nEND:VCALENDAR".repeat(9)] {
            let text = calendar(&CalendarEntry { title: title.clone(), ..entry() });

            assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
            let unfolded = text.replace("\r\n ", "");
            let meant = title.replace('\u{1}', "").replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,");
            assert!(unfolded.contains(&format!("SUMMARY:{}\r\n", meant.replace("\r\n", "\\n"))), "{unfolded}");
            assert_eq!(unfolded.matches("\r\nEND:VCALENDAR").count(), 1);
        }
    }
}
