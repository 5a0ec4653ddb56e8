//! Runs rules and prints which are kept.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::outcome::Outcome;
use crate::time::with_patience;

/// The version of the rules: an adapter that keeps them "conforms to kit 1".
pub const KIT: u32 = 1;

/// One promise, as code that checks whether it is kept.
pub struct Rule<F: ?Sized> {
    /// Its name, as the contract of the port spells it.
    pub name: &'static str,
    /// Runs it with its own fixture; panics if the promise is broken.
    pub run: for<'a> fn(&'a F) -> BoxFuture<'a, Outcome>,
}

/// The rules of one port, or of ports that one adapter implements together.
pub struct Family<F: ?Sized + 'static> {
    /// Its name; the macro that runs it is called the same.
    pub name: &'static str,
    /// The module of this crate that has its rules.
    pub module: &'static str,
    /// The traits whose contracts it proves.
    pub ports: &'static [&'static str],
    /// Its rules, in reading order.
    pub rules: &'static [Rule<F>],
}

/// How one rule ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The promise is kept.
    Kept,
    /// The promise is broken, and how it showed.
    Broken(String),
    /// The rule does not apply, and why.
    NotClaimed(&'static str),
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The family of the rule.
    pub family: &'static str,
    /// The rule.
    pub rule: &'static str,
    /// How it ended.
    pub finding: Finding,
}

/// Which rules an adapter keeps. Printed as a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// One for each rule that was run.
    pub lines: Vec<Line>,
}

impl<F: ?Sized> Rule<F> {
    /// Runs the rule and catches its panic.
    pub async fn check(&self, fixture: &F) -> Finding
    where
        F: Sync,
    {
        match AssertUnwindSafe((self.run)(fixture)).catch_unwind().await {
            Ok(Outcome::Kept) => Finding::Kept,
            Ok(Outcome::NotClaimed(why)) => Finding::NotClaimed(why),
            Err(panic) => Finding::Broken(message(&*panic)),
        }
    }
}

impl Report {
    /// Adds a line.
    pub fn add(&mut self, family: &'static str, rule: &'static str, finding: Finding) {
        self.lines.push(Line { family, rule, finding });
    }

    /// Whether no promise is broken.
    #[must_use]
    pub fn conforms(&self) -> bool {
        self.broken().next().is_none()
    }

    /// The lines of broken promises.
    pub fn broken(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| matches!(line.finding, Finding::Broken(_)))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |text: fn(&Line) -> &str| self.lines.iter().map(|line| text(line).len()).max().unwrap_or(0);
        let (families, rules) = (width(|line| line.family).max(6), width(|line| line.rule).max(4));
        writeln!(f, "{:families$} | {:rules$} | finding", "family", "rule")?;
        writeln!(f, "{:-<families$}-|-{:-<rules$}-|--------", "", "")?;
        for Line { family, rule, finding } in &self.lines {
            writeln!(f, "{family:families$} | {rule:rules$} | {finding}")?;
        }
        let count = |is: fn(&Finding) -> bool| self.lines.iter().filter(|line| is(&line.finding)).count();
        let kept = count(|finding| matches!(finding, Finding::Kept));
        let broken = count(|finding| matches!(finding, Finding::Broken(_)));
        let verdict = if broken == 0 { "conforms" } else { "does not conform" };
        writeln!(f, "{kept} kept, {broken} broken, {} not claimed", self.lines.len() - kept - broken)?;
        write!(f, "{verdict} to kit {KIT}")
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept => f.write_str("kept"),
            Self::Broken(how) => write!(f, "BROKEN: {how}"),
            Self::NotClaimed(why) => write!(f, "NOT CLAIMED: {why}"),
        }
    }
}

impl<F: ?Sized> fmt::Debug for Rule<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<F: ?Sized> fmt::Debug for Family<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.name, self.rules)
    }
}

/// Runs one rule as a separate test, which waits at most `patience` for each thing; for the macros of this crate.
///
/// # Panics
///
/// If the promise is broken.
#[doc(hidden)]
pub fn test(family: &str, rule: &str, patience: Duration, run: impl Future<Output = Outcome>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("the test runtime starts");
    if let Outcome::NotClaimed(why) = runtime.block_on(with_patience(patience, run)) {
        // Not `eprintln!`, because a test that passes would hide it.
        let shown = writeln!(std::io::stderr(), "NOT CLAIMED: {family}, {rule}: {why}");
        shown.expect("standard error takes a line");
    }
    runtime.shutdown_background();
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a message").lines().collect::<Vec<_>>().join(" ")
}
