//! Time zones, and times on the clocks of a place.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone as Zone, TimeZoneDatabase};

use super::invalid::Invalid;
use super::time::Timestamp;

/// Every process reads the rules that it was built with, not those of its machine.
static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone of the IANA database, such as `Europe/London`.
///
/// # Examples
///
/// ```
/// use ticketing_core::domain::time_zone::TimeZone;
///
/// let london: TimeZone = "europe/london".parse()?;
/// assert_eq!((london.name(), &*london.place()), ("Europe/London", "London"));
///
/// let opening = london.instant("2030-07-01T19:30".parse()?)?;
/// assert_eq!(opening.to_string(), "2030-07-01T18:30:00.000Z");
/// assert_eq!(london.local(opening).to_string(), "2030-07-01T19:30:00");
///
/// let skipped = london.instant("2030-03-31T01:30".parse()?).unwrap_err();
/// assert_eq!(skipped.message, "does not exist in Europe/London: the clocks are put forward then");
/// # Ok::<(), ticketing_core::domain::invalid::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TimeZone(Arc<str>);

impl TimeZone {
    /// A name that was accepted before, perhaps by a release that knows more zones.
    #[must_use]
    pub fn stored(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// Its name in the IANA database.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The place that gives it its name, for people: `New York` of `America/New_York`.
    #[must_use]
    pub fn place(&self) -> String {
        self.0.rsplit('/').next().unwrap_or(&self.0).replace('_', " ")
    }

    /// What the clocks of the zone show at that time. A zone that this release does not know has the clocks of UTC.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> LocalTime {
        let at = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
        LocalTime(self.rules().unwrap_or(Zone::UTC).to_datetime(at))
    }

    /// When the clocks of the zone show this; the first time, if they show it twice.
    ///
    /// # Errors
    ///
    /// [`Invalid`], of the field `startsAt`, if they never show it: they are put forward, or it is before 1970 or
    /// after 9999.
    pub fn instant(&self, local: LocalTime) -> Result<Timestamp, Invalid> {
        let zone = self.rules().unwrap_or(Zone::UTC);
        let ambiguous = zone.to_ambiguous_timestamp(local.0);
        if let AmbiguousOffset::Gap { .. } = ambiguous.offset() {
            let sentence = format!("does not exist in {self}: the clocks are put forward then");
            return Err(Invalid::new("startsAt", sentence));
        }
        let millis = ambiguous.compatible().map_err(|_| out_of_range())?.as_millisecond();
        let at = Timestamp::from_millis(millis);
        // A time that no timestamp can have was moved to one that it can.
        (at.millis() == millis).then_some(at).ok_or_else(out_of_range)
    }

    /// As [`instant`](Self::instant), but `was` if the clocks show this then: a time that comes twice stays which it is.
    ///
    /// # Errors
    ///
    /// As [`instant`](Self::instant).
    ///
    /// # Examples
    ///
    /// ```
    /// use ticketing_core::domain::time::Timestamp;
    /// use ticketing_core::domain::time_zone::TimeZone;
    ///
    /// let berlin: TimeZone = "Europe/Berlin".parse()?;
    /// let second: Timestamp = "2030-10-27T01:30:00Z".parse()?;
    /// assert_eq!(berlin.instant_like(berlin.local(second), Some(second))?, second);
    /// assert!(berlin.instant(berlin.local(second))? < second);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn instant_like(&self, local: LocalTime, was: Option<Timestamp>) -> Result<Timestamp, Invalid> {
        was.filter(|at| self.local(*at) == local).map_or_else(|| self.instant(local), Ok)
    }

    /// Whether this release knows its rules.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.rules().is_some()
    }

    fn rules(&self) -> Option<Zone> {
        DATABASE.get(&self.0).ok()
    }
}

fn out_of_range() -> Invalid {
    Invalid::new("startsAt", "must be between the years 1970 and 9999")
}

impl From<TimeZone> for Arc<str> {
    fn from(zone: TimeZone) -> Self {
        zone.0
    }
}

impl FromStr for TimeZone {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        let unknown = || Invalid::new("timeZone", "must be a time zone of the IANA database, such as Europe/London");
        // `Etc/Unknown` stands for a machine that does not know where it is.
        let zone = DATABASE.get(name.trim()).ok().filter(|zone| !zone.is_unknown()).ok_or_else(unknown)?;
        zone.iana_name().map(|name| Self(name.into())).ok_or_else(unknown)
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A date and time on the clocks of some place.
///
/// Printed and read as in RFC 3339 without an offset: `2030-07-01T19:30:00`; seconds may be left out when it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime(DateTime);

impl LocalTime {
    /// Comparable with the clocks of every place: milliseconds since these clocks showed the start of 1970.
    #[must_use]
    pub fn millis(self) -> i64 {
        Zone::UTC.to_timestamp(self.0).map_or(0, jiff::Timestamp::as_millisecond)
    }

    /// The start of the day.
    #[must_use]
    pub fn day(self) -> Self {
        Self(self.0.start_of_day())
    }

    /// The same time a day later.
    #[must_use]
    pub fn next_day(self) -> Self {
        Self(self.0.tomorrow().unwrap_or(self.0))
    }

    /// The same time a day earlier.
    #[must_use]
    pub fn previous_day(self) -> Self {
        Self(self.0.yesterday().unwrap_or(self.0))
    }

    /// Year, month and day, both counted from 1.
    #[must_use]
    pub fn date(self) -> (i16, i8, i8) {
        (self.0.year(), self.0.month(), self.0.day())
    }

    /// The day of the week, Monday is 0.
    #[must_use]
    pub fn weekday(self) -> usize {
        usize::try_from(self.0.weekday().to_monday_zero_offset()).unwrap_or_default()
    }

    /// Hour and minute.
    #[must_use]
    pub fn clock(self) -> (i8, i8) {
        (self.0.hour(), self.0.minute())
    }
}

impl FromStr for LocalTime {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        // After the date, a minus sign too begins an offset.
        let has_time = |text: &&str| text.get(10..).is_some_and(|time| time.len() >= 6 && !time.contains('-'));
        let is_local = |text: &&str| has_time(text) && !text.contains(['Z', 'z', '+', '[']);
        let time = Some(text.trim()).filter(is_local).and_then(|text| text.parse().ok());
        let wrong = || Invalid::new("startsAt", "must be a date and time such as 2030-06-01T19:30");
        time.filter(|time: &DateTime| (1970..=9999).contains(&time.year())).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        name.parse().unwrap()
    }

    #[test]
    fn a_name_is_read_in_any_case_and_nothing_else_is() {
        assert_eq!(zone("AMERICA/new_york").name(), "America/New_York");
        assert_eq!(zone("America/Argentina/Buenos_Aires").place(), "Buenos Aires");
        assert_eq!(zone("utc").place(), "UTC");
        for wrong in ["", "Europe", "Europe/Atlantis", "+02:00", "Etc/Unknown", "../zones", "Europe/London\0"] {
            assert_eq!(wrong.parse::<TimeZone>().unwrap_err().field, "timeZone", "{wrong:?}");
        }
    }

    #[test]
    fn an_hour_that_comes_twice_is_the_first_and_one_that_never_comes_is_refused() {
        let twice = zone("Europe/Berlin").instant("2030-10-27T02:30".parse().unwrap()).unwrap();
        assert_eq!(twice.to_string(), "2030-10-27T00:30:00.000Z");

        let never = zone("Europe/Berlin").instant("2030-03-31T02:30".parse().unwrap()).unwrap_err();
        assert_eq!(never.field, "startsAt");
    }

    #[test]
    fn the_second_of_two_equal_hours_stays_the_second() {
        let (berlin, second) = (zone("Europe/Berlin"), "2030-10-27T01:30:00Z".parse().unwrap());

        assert_eq!(berlin.instant_like(berlin.local(second), Some(second)), Ok(second));
        let moved = berlin.instant_like("2030-10-27T03:30".parse().unwrap(), Some(second)).unwrap();
        assert_eq!(moved.to_string(), "2030-10-27T02:30:00.000Z");
    }

    #[test]
    fn a_time_with_an_offset_is_no_local_time() {
        for text in ["2030-06-01T19:30+02:00", "2030-06-01T19:30-05:00", "2030-06-01T19:30:00-05"] {
            assert!(text.parse::<LocalTime>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_clocks_of_a_zone_that_nobody_knows_are_those_of_utc() {
        let unknown = TimeZone::stored("Mars/Olympus_Mons");

        assert_eq!(unknown.local(Timestamp::EPOCH).to_string(), "1970-01-01T00:00:00");
    }

    #[test]
    fn a_local_time_has_no_offset() {
        let time: LocalTime = "2030-06-01 19:30".parse().unwrap();

        assert_eq!((time.date(), time.clock(), time.weekday()), ((2030, 6, 1), (19, 30), 5));
        assert_eq!((time.day().to_string(), time.next_day().date()), ("2030-06-01T00:00:00".to_owned(), (2030, 6, 2)));
        for wrong in ["", "2030-06-01", "19:30", "2030-06-01T19:30Z", "1969-12-31T23:59"] {
            assert!(wrong.parse::<LocalTime>().is_err(), "{wrong:?}");
        }
    }
}
