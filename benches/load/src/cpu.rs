//! How much of the processor a process used.

use std::time::Duration;

/// The kernel counts in hundredths of a second, whatever its own clock is.
const TICK: Duration = Duration::from_millis(10);

/// What a process used since it began, in its own code and in the kernel; `None` where that cannot be known.
#[must_use]
pub fn used_by(process: &str) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    ticks(&stat).map(|ticks| TICK * ticks)
}

fn ticks(stat: &str) -> Option<u32> {
    // The name of a program stands in brackets and may contain anything, brackets too.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_be_called_anything() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 12345 0 0";

        assert_eq!(ticks(stat), Some(300));
        assert_eq!(ticks("42 (a"), None);
    }
}
