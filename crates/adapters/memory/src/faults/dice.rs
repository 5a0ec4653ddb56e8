//! Faults by chance, repeatable by seed.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{Fault, Operation};

/// How likely each fault is, from 0 (never) to 1 (always). At most one befalls an operation.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FaultRates {
    /// Of [`Fault::FailBefore`].
    pub fail_before: f64,
    /// Of [`Fault::FailAfter`].
    pub fail_after: f64,
    /// Of [`Fault::Delay`], by up to `longest_delay`.
    pub delay: f64,
    /// The longest delay.
    pub longest_delay: Duration,
    /// Of [`Fault::LoseSettlement`].
    pub lose_settlement: f64,
    /// Of [`Fault::Duplicate`].
    pub duplicate: f64,
    /// Of [`Fault::Reorder`].
    pub reorder: f64,
}

pub(super) struct Dice {
    chance: StdRng,
    rates: FaultRates,
}

impl Dice {
    pub(super) fn new(seed: u64, rates: FaultRates) -> Self {
        Self { chance: StdRng::seed_from_u64(seed), rates }
    }

    pub(super) fn roll(&mut self, operation: Operation) -> Option<Fault> {
        // Order matters: each roll draws two numbers, whatever comes of it, so that one fault does not shift the next.
        let mut left: f64 = self.chance.random();
        let share: f64 = self.chance.random();
        self.likely(operation, share).into_iter().find_map(|(rate, fault)| {
            left -= rate;
            (left < 0.0).then_some(fault)
        })
    }

    fn likely(&self, operation: Operation, share: f64) -> Vec<(f64, Fault)> {
        let rates = &self.rates;
        let mut likely = vec![(rates.fail_before, Fault::FailBefore)];
        match operation {
            Operation::Settle => likely.push((rates.lose_settlement, Fault::LoseSettlement)),
            Operation::Receive => likely.extend([
                (rates.delay, Fault::Delay(rates.longest_delay.mul_f64(share))),
                (rates.duplicate, Fault::Duplicate),
                (rates.reorder, Fault::Reorder),
            ]),
            _ => likely.extend([
                (rates.fail_after, Fault::FailAfter),
                (rates.delay, Fault::Delay(rates.longest_delay.mul_f64(share))),
            ]),
        }
        likely
    }
}
