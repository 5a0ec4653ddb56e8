//! Figures beside their baselines.

use std::time::{Duration, Instant};

/// What was measured, line by line.
#[derive(Default)]
pub(crate) struct Table(Vec<Line>);

struct Line {
    name: String,
    ours: f64,
    bare: f64,
    goal: Option<f64>,
}

impl Table {
    /// Notes two rates a second, and the least ratio that is wanted.
    pub(crate) fn add(&mut self, name: &str, [ours, bare]: [f64; 2], goal: Option<f64>) {
        self.0.push(Line { name: name.to_owned(), ours, bare, goal });
    }

    #[expect(clippy::print_stdout, reason = "a benchmark prints its results")]
    pub(crate) fn print(&self) {
        println!("{:<58} {:>10} {:>10} {:>6}  goal", "", "ours/s", "bare/s", "ratio");
        for Line { name, ours, bare, goal } in &self.0 {
            let ratio = ours / bare;
            let goal = goal
                .map_or_else(String::new, |goal| format!("≥ {goal} {}", if ratio >= goal { "met" } else { "MISSED" }));
            println!("{name:<58} {ours:>10.0} {bare:>10.0} {ratio:>6.2}  {goal}");
        }
    }
}

/// How many a second, if `work` returns how many it did.
pub(crate) async fn rate(work: impl Future<Output = usize>) -> f64 {
    let began = Instant::now();
    let done = work.await;
    done as f64 / began.elapsed().max(Duration::from_micros(1)).as_secs_f64()
}
