//! What an audit reports, at its end and on its way.

use std::fmt;

use super::finding::Finding;

/// So many findings are printed; a list has them all.
const SHOWN: usize = 100;

/// How many records a pass read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of the tickets service.
    pub listings: u64,
    /// Of the orders service.
    pub stocks: u64,
    /// Of the orders service.
    pub orders: u64,
    /// Of the payments service.
    pub payables: u64,
    /// Of the payments service.
    pub payments: u64,
    /// Of the gateway.
    pub charges: u64,
    /// Of the admissions service.
    pub admissions: u64,
    /// Of the admissions service.
    pub entrances: u64,
    /// Replicas of orders and tickets, of the notifications service.
    pub told: u64,
}

impl Counts {
    /// All of them.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.listings
            + self.stocks
            + self.orders
            + self.payables
            + self.payments
            + self.charges
            + self.admissions
            + self.entrances
            + self.told
    }
}

/// How far an audit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Which pass, from 1 on.
    pub pass: u32,
    /// What this pass read so far.
    pub counts: Counts,
    /// How much was suspect in the pass before.
    pub suspects: usize,
}

/// How an audit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReport {
    /// What the last pass read.
    pub counts: Counts,
    /// What stood for as long as the audit was patient, by invariant and by what it is about.
    pub findings: Vec<Finding>,
    /// How much was found by the last pass and moved, or appeared, while the audit was patient.
    pub moving: usize,
    /// How often everything was read.
    pub passes: u32,
}

impl AuditReport {
    /// Whether nothing stood.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { listings, stocks, orders, payables, payments, charges, admissions, entrances, told } = self;
        write!(
            f,
            "{listings} listings, {stocks} stocks, {orders} orders, {payables} payables, {payments} payments, \
             {charges} charges, {admissions} admissions, {entrances} entrances, \
             {told} replicas of letters"
        )
    }
}

impl fmt::Display for AuditReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "read in pass {}: {}", self.passes, self.counts)?;
        for finding in self.findings.iter().take(SHOWN) {
            writeln!(f, "invariant {}: {finding}", finding.invariant())?;
        }
        if self.findings.len() > SHOWN {
            writeln!(f, "and {} more", self.findings.len() - SHOWN)?;
        }
        if self.moving > 0 {
            writeln!(f, "{} differences moved while they were looked at: audit again once it is quieter", self.moving)?;
        }
        match self.findings.len() {
            0 => f.write_str("every invariant holds"),
            1 => f.write_str("1 finding"),
            many => write!(f, "{many} findings"),
        }
    }
}
