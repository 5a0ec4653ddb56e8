//! Puts two measurements of one run beside each other.

use std::fs;
use std::path::PathBuf;

/// Pairs of measurements, and what is asked of their ratio.
pub(crate) struct Ratios {
    output: PathBuf,
    pairs: Vec<Pair>,
}

struct Pair {
    what: &'static str,
    ours: &'static str,
    baseline: &'static str,
    goal: Goal,
}

/// What a ratio should be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// Our rate is at least this share of the baseline's.
    RateAtLeast(f64),
    /// Our time is at most this many times the baseline's.
    TimeAtMost(f64),
    /// No goal; the figure helps people who change the code.
    None,
}

impl Ratios {
    pub(crate) const fn new(output: PathBuf) -> Self {
        Self { output, pairs: Vec::new() }
    }

    /// Compares two measurements by their criterion names, `group/function`.
    pub(crate) fn compare(&mut self, what: &'static str, names: [&'static str; 2], goal: Goal) {
        let [ours, baseline] = names;
        self.pairs.push(Pair { what, ours, baseline, goal });
    }

    #[expect(clippy::print_stdout, reason = "a benchmark prints its results")]
    pub(crate) fn print(&self) {
        println!("\n{:<44} {:>12} {:>12} {:>7}  goal", "what", "ours", "baseline", "ratio");
        for pair in &self.pairs {
            let (Some(ours), Some(baseline)) = (self.nanos(pair.ours), self.nanos(pair.baseline)) else {
                println!("{:<44} was not measured in this run", pair.what);
                continue;
            };
            let (ratio, verdict) = match pair.goal {
                Goal::RateAtLeast(goal) => (baseline / ours, verdict("≥", goal, baseline / ours >= goal)),
                Goal::TimeAtMost(goal) => (ours / baseline, verdict("≤", goal, ours / baseline <= goal)),
                Goal::None => (baseline / ours, String::new()),
            };
            println!("{:<44} {ours:>9.0} ns {baseline:>9.0} ns {ratio:>7.2}  {verdict}", pair.what);
        }
    }

    /// The mean time of one iteration, as criterion wrote it down.
    fn nanos(&self, name: &str) -> Option<f64> {
        let file = self.output.join(name).join("new/estimates.json");
        let estimates: serde_json::Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
        estimates.get("mean")?.get("point_estimate")?.as_f64()
    }
}

fn verdict(sign: &str, goal: f64, met: bool) -> String {
    format!("{sign} {goal} {}", if met { "met" } else { "MISSED" })
}
