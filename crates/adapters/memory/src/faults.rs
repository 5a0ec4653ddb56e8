//! Makes adapters fail on purpose, so that tests see what a bad day does.

mod dice;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ticketing_core::ports::clock::Clock;
use ticketing_core::ports::gateway::GatewayError;
use ticketing_core::ports::identity::IdentityError;
use ticketing_core::ports::limits::LimitError;
use ticketing_core::ports::store::StoreError;
use ticketing_core::ports::timers::TimerError;
use ticketing_core::ports::transport::TransportError;

use crate::lock::Lock;

use dice::Dice;
pub use dice::FaultRates;

/// What an adapter was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Read a store, a parking lot or sessions.
    Read,
    /// Write a store, a parking lot or sessions.
    Commit,
    /// Lease, read or mark an outbox.
    Outbox,
    /// Publish events.
    Publish,
    /// Subscribe, or receive deliveries.
    Receive,
    /// Settle a delivery.
    Settle,
    /// Set, cancel, claim or complete timers.
    Timers,
    /// Capture, look up or refund.
    Gateway,
    /// Count against a quota.
    Limit,
    /// Send a mail.
    Mail,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing was done, and the caller gets an error as if nothing responded.
    FailBefore,
    /// All was done, and the caller gets an error as if nothing responded.
    FailAfter,
    /// The effect comes later by a span; for anything but [`Operation::Settle`].
    Delay(Duration),
    /// The caller believes that it settled; the delivery comes again. For [`Operation::Settle`].
    LoseSettlement,
    /// A delivery comes twice in its batch. For [`Operation::Receive`].
    Duplicate,
    /// A batch comes in another order, but for each subject in its own. For [`Operation::Receive`].
    Reorder,
}

/// Says which operations go wrong, and how. A clone is a handle to the same plan.
///
/// Every operation of an adapter takes two steps of its plan: one before its effect and one after. A fault before means
/// that nothing happened; a fault after means that it happened and the caller does not learn so. So a test can crash at
/// each step of a run:
///
/// 1. run once with [`counting`](Self::counting), and read [`steps`](Self::steps);
/// 2. for each `n` below it, run again with [`crash_at`](Self::crash_at)`(n)` or [`crash_after`](Self::crash_after)`(n)`,
///    start another process on the same engines, and look at what is left.
///
/// Give each simulated process its own plan, shared by all its adapters:
/// a crash then stops that process and leaves what the engines hold.
///
/// # Examples
///
/// A crash at each step of a command, and what is left of it:
///
/// ```
/// use std::sync::Arc;
/// use ticketing_core::ports::account_store::AccountStore;
/// use ticketing_core::ports::store::{UnitOfWork, Write};
/// use ticketing_memory::{FaultPlan, ManualClock, MemoryAccountStore};
/// # use ticketing_core::domain::{account::{Account, PasswordHash}, ids::AccountId, time::Timestamp};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (id, hash) = (AccountId::from_u128(1), PasswordHash::new("…".to_owned()));
/// # let account = Account::register(id, "ada@example.org".parse()?, hash, Timestamp::EPOCH).0;
/// let clock = Arc::new(ManualClock::default());
/// let register = |store: MemoryAccountStore| {
///     let work = UnitOfWork::default().with(Write::insert(account.clone()));
///     async move { store.commit(work).await.is_ok() }
/// };
/// let counting = FaultPlan::counting(clock.clone());
/// assert!(register(MemoryAccountStore::new(clock.clone()).with_faults(counting.clone())).await);
///
/// for step in 0..counting.steps() {
///     let store = MemoryAccountStore::new(clock.clone());
///     let is_told = register(store.with_faults(FaultPlan::crash_at(clock.clone(), step))).await;
///     assert!(!is_told || store.account(id).await?.is_some(), "what was acknowledged is there");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct FaultPlan {
    plan: Option<Arc<Plan>>,
    /// Which group of consumers this handle is for, if it is for one.
    group: Option<Arc<str>>,
}

struct Plan {
    clock: Arc<dyn Clock>,
    state: Lock<PlanState>,
}

#[derive(Default)]
struct PlanState {
    steps: u64,
    crash_at: Option<u64>,
    scripted: VecDeque<Scripted>,
    dice: Option<Dice>,
}

/// A fault that was injected, and did not happen yet.
struct Scripted {
    operation: Operation,
    fault: Fault,
    /// The only group of consumers that it befalls.
    group: Option<Arc<str>>,
}

impl FaultPlan {
    /// Nothing goes wrong, and nothing is counted.
    #[must_use]
    pub const fn none() -> Self {
        Self { plan: None, group: None }
    }

    /// Nothing goes wrong until a test [injects](Self::inject) it; steps are counted.
    #[must_use]
    pub fn counting(clock: Arc<dyn Clock>) -> Self {
        Self::of(clock, PlanState::default())
    }

    /// From step `step` on, counted from 0, every operation fails.
    #[must_use]
    pub fn crash_at(clock: Arc<dyn Clock>, step: u64) -> Self {
        Self::of(clock, PlanState { crash_at: Some(step), ..PlanState::default() })
    }

    /// Faults happen by chance; the same seed and the same calls bring the same faults.
    #[must_use]
    pub fn random(clock: Arc<dyn Clock>, seed: u64, rates: FaultRates) -> Self {
        Self::of(clock, PlanState { dice: Some(Dice::new(seed, rates)), ..PlanState::default() })
    }

    /// Whether nothing can go wrong, ever.
    pub(crate) const fn is_none(&self) -> bool {
        self.plan.is_none()
    }

    fn of(clock: Arc<dyn Clock>, state: PlanState) -> Self {
        Self { plan: Some(Arc::new(Plan { clock, state: Lock::new(state) })), group: None }
    }

    /// A handle to the same plan for one group of consumers, such as `app.mailer`: what is injected by it befalls that
    /// group alone. A group subscribes, receives and settles; other operations belong to no group.
    #[must_use]
    pub fn of_group(&self, group: &str) -> Self {
        Self { group: Some(group.into()), ..self.clone() }
    }

    /// The next operation of this kind, that no earlier call spoke of, goes wrong like this.
    ///
    /// A plan that counts nothing forgets it.
    pub fn inject(&self, operation: Operation, fault: Fault) {
        if let Some(plan) = &self.plan {
            let group = self.group.clone();
            plan.state.lock().scripted.push_back(Scripted { operation, fault, group });
        }
    }

    /// From the next step on, every operation fails.
    pub fn crash(&self) {
        self.crash_after(0);
    }

    /// After so many more steps, every operation fails.
    pub fn crash_after(&self, steps: u64) {
        if let Some(plan) = &self.plan {
            let mut state = plan.state.lock();
            state.crash_at = Some(state.steps + steps);
        }
    }

    /// Ends a crash. Random and injected faults go on.
    pub fn revive(&self) {
        if let Some(plan) = &self.plan {
            plan.state.lock().crash_at = None;
        }
    }

    /// How many steps were taken.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.plan.as_ref().map_or(0, |plan| plan.state.lock().steps)
    }

    /// Whether every operation fails now.
    #[must_use]
    pub fn is_crashed(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.state.lock().is_crashed())
    }

    /// Does something, unless the plan has it fail before or after.
    pub(crate) async fn run<T, E: From<Injected>>(
        &self,
        operation: Operation,
        effect: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        if self.is_none() {
            return effect();
        }
        let fault = self.enter(operation).await?;
        let done = effect()?;
        self.leave(fault)?;
        Ok(done)
    }

    /// The step before an effect; returns which fault the effect or the step after has to cause.
    pub(crate) async fn enter(&self, operation: Operation) -> Result<Option<Fault>, Injected> {
        let Some(plan) = &self.plan else { return Ok(None) };
        let fault = self.step(operation)?;
        match fault {
            Some(Fault::FailBefore) => return Err(Injected(Fault::FailBefore)),
            Some(Fault::Delay(span)) => plan.clock.sleep(span).await,
            _ => {}
        }
        Ok(fault)
    }

    /// The step before an effect that cannot wait.
    pub(crate) fn step(&self, operation: Operation) -> Result<Option<Fault>, Injected> {
        let Some(plan) = &self.plan else { return Ok(None) };
        let mut state = plan.state.lock();
        state.walk()?;
        Ok(state.fault(operation, self.group.as_deref()))
    }

    /// The step after an effect.
    pub(crate) fn leave(&self, fault: Option<Fault>) -> Result<(), Injected> {
        let Some(plan) = &self.plan else { return Ok(()) };
        plan.state.lock().walk()?;
        match fault {
            Some(Fault::FailAfter) => Err(Injected(Fault::FailAfter)),
            _ => Ok(()),
        }
    }
}

impl PlanState {
    fn is_crashed(&self) -> bool {
        self.crash_at.is_some_and(|step| self.steps >= step)
    }

    fn walk(&mut self) -> Result<(), Injected> {
        if self.is_crashed() {
            return Err(Injected(Fault::FailBefore));
        }
        self.steps += 1;
        Ok(())
    }

    fn fault(&mut self, operation: Operation, group: Option<&str>) -> Option<Fault> {
        let befalls = |scripted: &Scripted| {
            scripted.operation == operation && (scripted.group.is_none() || scripted.group.as_deref() == group)
        };
        match self.scripted.iter().position(befalls).and_then(|at| self.scripted.remove(at)) {
            Some(Scripted { fault, .. }) => Some(fault),
            None => self.dice.as_mut().and_then(|dice| dice.roll(operation)),
        }
    }
}

impl fmt::Debug for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultPlan").field("steps", &self.steps()).field("crashed", &self.is_crashed()).finish()
    }
}

/// A failure that a plan asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fault was injected: {0:?}")]
pub(crate) struct Injected(Fault);

impl From<Injected> for StoreError {
    fn from(injected: Injected) -> Self {
        Self::Unavailable(injected.into())
    }
}

impl From<Injected> for TransportError {
    fn from(injected: Injected) -> Self {
        Self::Unavailable(injected.into())
    }
}

impl From<Injected> for TimerError {
    fn from(injected: Injected) -> Self {
        Self(injected.into())
    }
}

impl From<Injected> for GatewayError {
    fn from(injected: Injected) -> Self {
        Self::Unavailable(injected.into())
    }
}

impl From<Injected> for IdentityError {
    fn from(injected: Injected) -> Self {
        Self::Unavailable(injected.into())
    }
}

impl From<Injected> for LimitError {
    fn from(injected: Injected) -> Self {
        Self(injected.into())
    }
}

#[cfg(test)]
mod tests;
