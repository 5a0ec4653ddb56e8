//! How a clock that counts on by itself follows one that people set.

use ticketing_core::domain::time::Timestamp;

/// A difference of less is not worth a correction, in milliseconds.
const IGNORED: i64 = 1000;
/// A wall clock that is behind by no more is waited for, in milliseconds.
const WAITED_FOR: i64 = 5000;
/// How much is waited for in each second, in milliseconds.
const SLOWER_BY: i64 = 500;

/// What was read last, and how far it is from what the machine counts.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Added to what the machine counts, in milliseconds.
    shift: i64,
    /// At which second the wall clock was looked at.
    looked_at: u64,
    /// Whether it was far behind then.
    was_behind: bool,
    latest: Option<Timestamp>,
}

impl Reading {
    /// The time where the machine counted to `counted`; `drift` says how many milliseconds the wall clock
    /// moved more than it, and is asked once a second.
    pub(super) fn at(&mut self, counted: Timestamp, second: u64, drift: impl FnOnce() -> i64) -> Timestamp {
        if self.looked_at != second {
            self.looked_at = second;
            self.look(drift());
        }
        let now = Timestamp::from_millis(counted.millis().saturating_add(self.shift));
        let now = self.latest.map_or(now, |latest| latest.max(now));
        self.latest = Some(now);
        now
    }

    fn look(&mut self, drift: i64) {
        let ahead = self.shift.saturating_sub(drift);
        let is_behind = ahead > WAITED_FOR;
        if ahead <= -IGNORED {
            self.shift = drift;
        } else if is_behind && self.was_behind {
            tracing::error!(ahead, "the wall clock was set back by {ahead} ms, and the time follows it");
            self.shift = drift;
            self.latest = None;
        } else if ahead >= IGNORED && !is_behind {
            // The time stands still until what is counted has caught up.
            self.shift -= SLOWER_BY;
        }
        self.was_behind = is_behind && !self.was_behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wall clock that people set, beside a machine that counts.
    struct Bench {
        reading: Reading,
        counted: i64,
        drift: i64,
    }

    const START: i64 = 1_800_000_000_000;

    impl Bench {
        fn new() -> Self {
            let mut bench = Self { reading: Reading::default(), counted: 0, drift: 0 };
            bench.read();
            bench
        }

        fn read(&mut self) -> i64 {
            let (drift, second) = (self.drift, self.counted.unsigned_abs() / 1000);
            self.reading.at(Timestamp::from_millis(START + self.counted), second, || drift).millis()
        }

        fn wall(&self) -> i64 {
            START + self.counted + self.drift
        }

        /// How far the time is ahead of the wall clock.
        fn ahead(&mut self) -> i64 {
            self.read() - self.wall()
        }

        /// Reads a hundred times a second, and returns the longest step back.
        fn pass(&mut self, seconds: i64) -> i64 {
            let (mut last, mut back) = (self.read(), 0);
            for _ in 0..seconds * 100 {
                self.counted += 10;
                let now = self.read();
                back = back.max(last - now);
                last = now;
            }
            back
        }
    }

    #[test]
    fn a_wall_clock_that_is_set_back_a_little_is_waited_for() {
        for set_back in [1000, 2000, 5000] {
            let mut bench = Bench::new();
            bench.pass(3);
            bench.drift -= set_back;

            assert_eq!(bench.pass(12), 0, "the time never runs backwards for {set_back} ms");
            assert!(bench.ahead() < IGNORED, "{} ms ahead after {set_back} ms", bench.ahead());
        }
    }

    #[test]
    fn a_wall_clock_that_is_set_back_by_much_is_followed() {
        for set_back in [5001, 600_000, 86_400_000, 10 * 365 * 86_400_000] {
            let mut bench = Bench::new();
            bench.pass(3);
            bench.drift -= set_back;

            let back = bench.pass(3);

            assert!(back > set_back - 1000 && back <= set_back, "{back} ms back for {set_back} ms");
            assert!(bench.ahead().abs() < IGNORED, "{} ms ahead", bench.ahead());
            assert_eq!(bench.pass(30), 0, "and then it goes on");
        }
    }

    #[test]
    fn a_wall_clock_that_is_ahead_takes_the_time_along() {
        for ahead in [1000, 1500, 600_000, 86_400_000] {
            let mut bench = Bench::new();
            bench.pass(1);
            bench.drift += ahead;

            assert_eq!(bench.pass(2), 0);
            assert!(bench.ahead().abs() < IGNORED, "{} ms ahead", bench.ahead());
        }
    }

    #[test]
    fn a_clock_that_started_ahead_comes_back() {
        let mut bench = Bench::new();
        bench.pass(1);
        bench.drift -= 600_000;
        bench.pass(2);

        assert!(bench.ahead().abs() < IGNORED);
    }

    #[test]
    fn one_wrong_look_changes_nothing() {
        let mut bench = Bench::new();
        bench.pass(2);
        bench.drift -= 3_600_000;
        assert_eq!(bench.pass(1), 0);
        bench.drift += 3_600_000;

        assert_eq!(bench.pass(5), 0);
        assert_eq!(bench.ahead(), 0);
    }

    #[test]
    fn steps_in_both_directions_end_where_the_wall_clock_is() {
        let mut bench = Bench::new();
        for step in [3000, -3000, -600_000, 1200, -4000, 7_200_000, -7_200_000, -900, 900, -5000] {
            bench.drift += step;
            bench.pass(15);
            assert!(bench.ahead().abs() <= IGNORED, "{} ms ahead behind a step of {step} ms", bench.ahead());
        }
    }

    #[test]
    fn what_drifts_slowly_is_ignored_until_it_is_a_second() {
        let mut bench = Bench::new();
        for _ in 0..900 {
            bench.drift -= 1;
            assert_eq!(bench.pass(1), 0);
        }
        assert_eq!(bench.ahead(), 900);
    }
}
