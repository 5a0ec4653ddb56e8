//! What came of a run, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter, Result};

use serde::Serialize;

use crate::faults::Outcome;
use crate::ledger::Violation;
use crate::settings::Settings;
use crate::tally::Answers;
use crate::verify::{LogCount, MailCount};

/// What came of a run. Printed, it is a table.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) settings: Settings,
    /// Draws the same faults again.
    pub(crate) seed: u64,
    /// From the first fault to the last recovery.
    pub(crate) seconds: f64,
    /// Every fault, in order.
    pub(crate) faults: Vec<Outcome>,
    pub(crate) answers: Answers,
    pub(crate) acknowledged: Acknowledged,
    /// Purchases that were not begun, because too many were under way.
    pub(crate) turned_away: u64,
    /// From the end of the load until all had come to rest.
    pub(crate) seconds_to_rest: f64,
    pub(crate) mails: MailCount,
    pub(crate) logs: Vec<LogCount>,
    /// What is odd, and may be right.
    pub(crate) notes: Vec<Violation>,
    /// What must not be.
    pub(crate) violations: Vec<Violation>,
}

/// How much was acknowledged.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Acknowledged {
    pub(crate) accounts: usize,
    pub(crate) tickets: usize,
    pub(crate) orders: usize,
    pub(crate) cancellations: usize,
    /// Orders that a buyer gave back or a seller refunded.
    pub(crate) refunds: usize,
    /// Events that were called off.
    pub(crate) call_offs: usize,
    pub(crate) payments: usize,
    /// Payments whose answer said that the money was taken.
    pub(crate) taken: usize,
}

/// So many violations and notes are printed of each rule; the file has them all.
const SHOWN: usize = 20;

impl Report {
    /// Whether every promise was kept.
    pub(crate) fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }

    /// All faults of a kind.
    fn kinds(&self) -> BTreeMap<&'static str, Vec<&Outcome>> {
        let mut kinds: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for fault in &self.faults {
            kinds.entry(fault.kind.name()).or_default().push(fault);
        }
        kinds
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "seed {}: {} faults in {:.0} s\n", self.seed, self.faults.len(), self.seconds)?;
        writeln!(
            f,
            "{:<16} {:>5}  {:>18}  {:>18}  {:>18}",
            "seconds", "count", "no order p50/max", "orders again", "all again"
        )?;
        for (kind, faults) in self.kinds() {
            let column = |seconds: fn(&Outcome) -> Option<f64>| Spread::of(faults.iter().map(|fault| seconds(fault)));
            writeln!(
                f,
                "{kind:<16} {:>5}  {:>18}  {:>18}  {:>18}",
                faults.len(),
                column(|fault| Some(fault.silent)).to_string(),
                column(|fault| fault.orders_after).to_string(),
                column(|fault| fault.all_after).to_string()
            )?;
        }
        self.answers(f)?;
        self.end(f)
    }
}

impl Report {
    fn answers(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f)?;
        for (what, answers) in &self.answers {
            writeln!(f, "{what:<16} {:>8}", answers.values().sum::<u64>())?;
            for (said, count) in answers {
                writeln!(f, "{:<16} {count:>8}  {said}", "")?;
            }
        }
        if self.turned_away > 0 {
            writeln!(f, "{} purchases were not begun: too many were under way", self.turned_away)?;
        }
        let Acknowledged { accounts, tickets, orders, cancellations, refunds, call_offs, payments, taken } =
            self.acknowledged;
        writeln!(
            f,
            "\nacknowledged: {orders} orders, {payments} payments ({taken} with money taken), \
             {cancellations} cancellations, {refunds} refunds, {call_offs} call-offs, {accounts} accounts, \
             {tickets} tickets; at rest after {:.0} s",
            self.seconds_to_rest
        )?;
        let MailCount { letters, arrived, again, under_way } = self.mails;
        writeln!(
            f,
            "mail: {letters} letters, {arrived} arrived, {again} of them more than once, {under_way} perhaps under way"
        )
    }

    fn end(&self, f: &mut Formatter<'_>) -> Result {
        for LogCount { process, panics, errors, warnings, first } in &self.logs {
            writeln!(f, "log of {process}: {panics} panics, {errors} errors, {warnings} warnings")?;
            first.iter().try_for_each(|line| writeln!(f, "    {line}"))?;
        }
        list(f, "note", &self.notes)?;
        list(f, "VIOLATION", &self.violations)?;
        match self.violations.len() {
            0 => writeln!(f, "\nevery promise was kept"),
            count => writeln!(f, "\nVIOLATIONS: {count}"),
        }
    }
}

fn list(f: &mut Formatter<'_>, word: &str, all: &[Violation]) -> Result {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for Violation { rule, detail } in all {
        let count = seen.entry(rule).or_default();
        *count += 1;
        if *count <= SHOWN {
            writeln!(f, "{word} {rule}: {detail}")?;
        }
    }
    let hidden = seen.iter().filter(|(_, count)| **count > SHOWN);
    hidden.into_iter().try_for_each(|(rule, count)| writeln!(f, "{word} {rule}: {count} in all"))
}

/// The median and the longest of some spans; a fault without a span never ended.
#[derive(Debug, PartialEq)]
struct Spread {
    middle: f64,
    greatest: f64,
}

impl Spread {
    fn of(seconds: impl Iterator<Item = Option<f64>>) -> Self {
        let mut all: Vec<f64> = seconds.map(|seconds| seconds.unwrap_or(f64::INFINITY)).collect();
        all.sort_by(f64::total_cmp);
        let at = |place: usize| all.get(place).copied().unwrap_or(f64::NAN);
        Self { middle: at(all.len().saturating_sub(1) / 2), greatest: at(all.len().saturating_sub(1)) }
    }
}

impl Display for Spread {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let one = |seconds: f64| if seconds.is_finite() { format!("{seconds:.2}") } else { "never".to_owned() };
        write!(f, "{} / {}", one(self.middle), one(self.greatest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_without_recovery_is_the_greatest() {
        let spread = |seconds: &[Option<f64>]| Spread::of(seconds.iter().copied()).to_string();

        assert_eq!(spread(&[Some(3.0), Some(1.0), Some(2.0)]), "2.00 / 3.00");
        assert_eq!(spread(&[Some(1.0), None]), "1.00 / never");
    }
}
