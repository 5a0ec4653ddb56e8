//! What the processes wrote into their logs.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Serialize;

use crate::ledger::Violation;
use crate::services::Fleet;

/// So many errors are shown of each process.
const SHOWN: usize = 3;

/// What one process wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogCount {
    pub(crate) process: &'static str,
    pub(crate) panics: u64,
    pub(crate) errors: u64,
    pub(crate) warnings: u64,
    /// The first panics and errors.
    pub(crate) first: Vec<String>,
}

impl LogCount {
    /// A process that panics is broken, even if all ends well.
    pub(super) fn violation(&self) -> Violation {
        Violation::new("panicked", format!("{}: {} times: {:?}", self.process, self.panics, self.first))
    }

    fn line(&mut self, line: String) {
        let is_panic = line.contains("panicked at");
        let is_error = line.contains(" ERROR ");
        self.panics += u64::from(is_panic);
        self.errors += u64::from(is_error);
        self.warnings += u64::from(line.contains(" WARN "));
        if (is_panic || is_error) && self.first.len() < SHOWN {
            self.first.push(line);
        }
    }
}

/// Counts the lines of every process.
pub(super) fn read(fleet: &mut Fleet) -> Vec<LogCount> {
    fleet.all().map(|process| count(process.name.text(), &process.log)).collect()
}

fn count(process: &'static str, log: &Path) -> LogCount {
    let mut counted = LogCount { process, ..LogCount::default() };
    match File::open(log) {
        Ok(file) => BufReader::new(file).lines().map_while(Result::ok).for_each(|line| counted.line(line)),
        Err(error) => counted.first.push(format!("{}: {error}", log.display())),
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_errors_and_warnings_are_told_apart() {
        let mut counted = LogCount::default();
        for line in [
            "2030-01-01T00:00:00Z  INFO ticketing: all is well",
            "2030-01-01T00:00:00Z  WARN ticketing: a broker is gone",
            "2030-01-01T00:00:00Z ERROR ticketing: parked",
            "thread 'main' panicked at src/main.rs:1:1:",
        ] {
            counted.line(line.to_owned());
        }

        assert_eq!((counted.panics, counted.errors, counted.warnings, counted.first.len()), (1, 1, 1, 2));
    }
}
