//! Time as a value: a point in UTC, always an argument, never read from a clock.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
///
/// Printed and read as RFC 3339 in UTC with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// The text is not an RFC 3339 time between the years 1970 and 9999: refuse the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time between the years 1970 and 9999")]
pub struct InvalidTime;

/// One day before 9999-12-31T23:59:59Z, so that it can be printed in every time zone.
const LATEST: i64 = 253_402_214_399_000;

impl Timestamp {
    /// The start of 1970.
    pub const EPOCH: Self = Self(0);

    /// The point `millis` milliseconds after the start of 1970, clamped to the printable range.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        if millis < 0 {
            Self(0)
        } else if millis > LATEST {
            Self(LATEST)
        } else {
            Self(millis)
        }
    }

    /// Milliseconds since the start of 1970.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The point `span` later.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self::from_millis(self.0.saturating_add(millis_of(span)))
    }

    /// The point `span` earlier.
    #[must_use]
    pub fn before(self, span: Duration) -> Self {
        Self::from_millis(self.0.saturating_sub(millis_of(span)))
    }

    /// The time since `earlier`; zero if that is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

fn millis_of(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => write!(f, "{time:.3}"),
            Err(_) => f.write_str("unprintable time"),
        }
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let time: jiff::Timestamp = text.parse().map_err(|_| InvalidTime)?;
        match time.as_millisecond() {
            millis @ 0..=LATEST => Ok(Self(millis)),
            _ => Err(InvalidTime),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_printed_and_read_as_rfc_3339() {
        let time = Timestamp::from_millis(1_700_000_000_123);

        assert_eq!(time.to_string(), "2023-11-14T22:13:20.123Z");
        assert_eq!("2023-11-14T23:13:20.123+01:00".parse(), Ok(time));
        assert_eq!("yesterday".parse::<Timestamp>(), Err(InvalidTime));
        assert_eq!("1969-12-31T23:59:59Z".parse::<Timestamp>(), Err(InvalidTime));
    }

    #[test]
    fn a_span_never_leaves_what_can_be_printed() {
        let last = Timestamp::from_millis(i64::MAX);

        assert_eq!(last.after(Duration::MAX), last);
        assert_eq!(Timestamp::EPOCH.before(Duration::MAX), Timestamp::EPOCH);
        assert_eq!(Timestamp::EPOCH.since(last), Duration::ZERO);
    }
}
