//! Timers in memory.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ticketing_core::domain::ids::OrderId;
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::timers::{DueTimer, Timer, TimerError, TimerQueue};
use uuid::Uuid;

use crate::faults::{FaultPlan, Operation};
use crate::lock::Lock;

/// Keeps timers in memory. A clone is a handle to the same timers.
#[derive(Debug, Clone)]
pub struct MemoryTimers {
    clock: Arc<dyn Clock>,
    timers: Arc<Lock<Timers>>,
    faults: FaultPlan,
}

#[derive(Debug, Default)]
struct Timers {
    by_order: HashMap<OrderId, State>,
    /// Those that nobody claimed, by when they are due.
    waiting: BTreeSet<(Timestamp, OrderId)>,
    /// Those on loan, by when the loan ends.
    lent: BTreeSet<(Timestamp, OrderId)>,
    claims: u128,
}

#[derive(Debug, Clone, Copy)]
struct State {
    due: Timestamp,
    loan: Option<Loan>,
}

#[derive(Debug, Clone, Copy)]
struct Loan {
    token: Uuid,
    until: Timestamp,
}

impl MemoryTimers {
    /// No timers yet; the clock says which are due.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, timers: Arc::default(), faults: FaultPlan::none() }
    }

    /// A handle to the same timers that fails by this plan.
    #[must_use]
    pub fn with_faults(&self, faults: FaultPlan) -> Self {
        Self { faults, ..self.clone() }
    }

    /// How many timers there are, claimed or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.timers.lock().by_order.len()
    }

    /// Whether there are no timers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    async fn run<T>(&self, effect: impl FnOnce(&mut Timers) -> T) -> Result<T, TimerError> {
        self.faults.run(Operation::Timers, || Ok(effect(&mut self.timers.lock()))).await
    }
}

#[async_trait]
impl TimerQueue for MemoryTimers {
    async fn schedule(&self, timers: &[Timer]) -> Result<(), TimerError> {
        self.run(|state| timers.iter().for_each(|timer| state.set(*timer))).await
    }

    async fn cancel(&self, orders: &[OrderId]) -> Result<(), TimerError> {
        self.run(|state| orders.iter().for_each(|order| state.forget(*order))).await
    }

    async fn claim_due(&self, max: usize, span: Duration) -> Result<Vec<DueTimer>, TimerError> {
        self.run(|state| state.claim(max, self.clock.now(), span)).await
    }

    async fn complete(&self, claimed: &[DueTimer]) -> Result<usize, TimerError> {
        let now = self.clock.now();
        self.run(|state| claimed.iter().filter(|due| state.complete(due, now)).count()).await
    }
}

impl Timers {
    fn set(&mut self, timer: Timer) {
        self.forget(timer.order);
        self.by_order.insert(timer.order, State { due: timer.due, loan: None });
        self.waiting.insert((timer.due, timer.order));
    }

    fn forget(&mut self, order: OrderId) {
        let Some(State { due, loan }) = self.by_order.remove(&order) else { return };
        match loan {
            Some(Loan { until, .. }) => self.lent.remove(&(until, order)),
            None => self.waiting.remove(&(due, order)),
        };
    }

    fn claim(&mut self, max: usize, now: Timestamp, span: Duration) -> Vec<DueTimer> {
        self.take_back(now);
        let mut claimed = Vec::new();
        while claimed.len() < max {
            let Some((due, order)) = self.waiting.first().copied().filter(|(due, _)| *due <= now) else { break };
            self.waiting.pop_first();
            claimed.push(self.lend(Timer { order, due }, now.after(span)));
        }
        claimed
    }

    /// Ends the loans that ran out.
    fn take_back(&mut self, now: Timestamp) {
        while let Some((_, order)) = self.lent.first().copied().filter(|(until, _)| *until <= now) {
            self.lent.pop_first();
            if let Some(state) = self.by_order.get_mut(&order) {
                state.loan = None;
                self.waiting.insert((state.due, order));
            }
        }
    }

    fn lend(&mut self, timer: Timer, until: Timestamp) -> DueTimer {
        self.claims += 1;
        let token = Uuid::from_u128(self.claims);
        self.by_order.insert(timer.order, State { due: timer.due, loan: Some(Loan { token, until }) });
        self.lent.insert((until, timer.order));
        DueTimer { timer, token }
    }

    fn complete(&mut self, claimed: &DueTimer, now: Timestamp) -> bool {
        let order = claimed.timer.order;
        let loan = self.by_order.get(&order).and_then(|state| state.loan);
        let is_held = loan.is_some_and(|loan| loan.token == claimed.token && now < loan.until);
        if is_held {
            self.forget(order);
        }
        is_held
    }
}
