//! When requests are due in an open loop, fixed before any of them is answered.
//!
//! People come when they like, not when the server has time for them. Each
//! request has its time, drawn in advance; if it begins later because every
//! connection is busy, its latency counts from that time all the same.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// The times at which requests are due, as spans since the start: a Poisson process.
#[derive(Debug)]
pub struct Arrivals {
    mean_gap: f64,
    random: StdRng,
    last: f64,
}

impl Arrivals {
    /// So many a second on average; the same seed gives the same times.
    #[must_use]
    pub fn new(per_second: f64, seed: u64) -> Self {
        Self { mean_gap: per_second.recip(), random: StdRng::seed_from_u64(seed), last: 0.0 }
    }

    /// Hands out each time when it has come, until `until` or until nobody takes any more.
    ///
    /// It runs on its own thread: timers of the runtime are a thousand times coarser than these times.
    pub fn announce(self, start: Instant, until: Option<Instant>, due: &async_channel::Sender<Instant>) {
        for at in self.map(|span| start + span) {
            if until.is_some_and(|until| at >= until) || due.is_closed() {
                break;
            }
            // What is due within a moment is handed out together, rather than woken for one by one.
            let wait = at.saturating_duration_since(Instant::now());
            if wait > MOMENT {
                std::thread::sleep(wait);
            }
            if due.send_blocking(at).is_err() {
                break;
            }
        }
    }
}

const MOMENT: Duration = Duration::from_micros(50);

impl Iterator for Arrivals {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        // 1 - u is above zero, so its logarithm exists.
        let u: f64 = self.random.random();
        self.last -= (1.0 - u).ln() * self.mean_gap;
        Some(Duration::from_secs_f64(self.last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_times_and_another_seed_others() {
        let times = |seed| Arrivals::new(1000.0, seed).take(100).collect::<Vec<_>>();

        assert_eq!(times(1), times(1));
        assert_ne!(times(1), times(2));
    }

    #[test]
    fn the_rate_is_kept_on_average_and_time_never_runs_back() {
        let times: Vec<_> = Arrivals::new(5000.0, 7).take(50_000).collect();

        assert!(times.is_sorted());
        let seconds = times.last().unwrap().as_secs_f64();
        assert!((9.8..10.2).contains(&seconds), "{seconds}");
    }

    #[test]
    fn people_come_at_random_and_not_by_the_clock() {
        let times: Vec<_> = Arrivals::new(1000.0, 3).take(10_001).collect();
        let short = times.windows(2).filter(|pair| pair[1] - pair[0] < Duration::from_micros(500)).count();

        // Of exponential gaps, 1 - e^(-1/2) are shorter than half the mean.
        assert!((3800..4100).contains(&short), "{short}");
    }

    #[test]
    fn nothing_is_due_after_the_end() {
        let (due, times) = async_channel::unbounded();
        let start = Instant::now();
        let until = start + Duration::from_millis(20);
        Arrivals::new(1000.0, 1).announce(start, Some(until), &due);
        drop(due);

        let mut count = 0;
        while let Ok(at) = times.recv_blocking() {
            assert!(at < until);
            count += 1;
        }
        assert_eq!(count, Arrivals::new(1000.0, 1).take_while(|span| *span < Duration::from_millis(20)).count());
    }
}
