//! A report as a table.

use std::fmt::{Display, Formatter, Result};

use super::{KindReport, Report};

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(
            f,
            "{:<8} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
            "", "answers", "per s", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms"
        )?;
        self.kinds.iter().try_for_each(|kind| row(f, kind))?;
        writeln!(f)?;
        self.kinds.iter().try_for_each(|kind| answers(f, kind))?;
        if self.unsent > 0 {
            writeln!(f, "{} requests were due and never sent", self.unsent)?;
        }
        processor(f, self)?;
        self.complaints.iter().try_for_each(|complaint| writeln!(f, "NOT VALID: {complaint}"))
    }
}

fn row(f: &mut Formatter<'_>, report: &KindReport) -> Result {
    let latency = &report.latency_micros;
    write!(f, "{:<8} {:>10} {:>9.0}", name(report), report.answered, report.rate)?;
    for micros in [50.0, 90.0, 99.0, 99.9].map(|percentile| latency.at(percentile)).into_iter().chain([latency.max]) {
        write!(f, " {:>9.3}", micros as f64 / 1000.0)?;
    }
    writeln!(f)
}

fn answers(f: &mut Formatter<'_>, report: &KindReport) -> Result {
    for count in &report.answers {
        let code = count.said.code.as_deref().unwrap_or_default();
        writeln!(f, "{:<8} {:>10}  {} {code}", name(report), count.count, count.said.status)?;
    }
    for (error, count) in &report.errors {
        writeln!(f, "{:<8} {count:>10}  no answer: {error}", name(report))?;
    }
    Ok(())
}

fn name(report: &KindReport) -> String {
    format!("{:?}", report.kind).to_lowercase()
}

fn processor(f: &mut Formatter<'_>, report: &Report) -> Result {
    let answers = report.kinds.iter().map(|kind| kind.answered).sum::<u64>().max(1) as f64;
    let each = |seconds: f64| seconds * 1e6 / answers;
    if let Some(here) = report.cpu_seconds_here {
        writeln!(f, "\n{:.1} s measured; processor here {here:.2} s, {:.1} µs an answer", report.seconds, each(here))?;
    }
    if let Some(server) = report.cpu_seconds_server {
        let share = report.cpu_seconds_here.map_or(0.0, |here| here / (here + server) * 100.0);
        writeln!(
            f,
            "processor of the server {server:.2} s, {:.1} µs an answer; share of this program {share:.0} %",
            each(server)
        )?;
    }
    Ok(())
}
