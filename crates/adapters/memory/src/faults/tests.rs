//! A plan does what it says, step by step and by chance.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::clock::ManualClock;

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::default())
}

async fn outcomes(plan: &FaultPlan) -> Vec<bool> {
    let mut outcomes = Vec::new();
    for _ in 0..200 {
        outcomes.push(plan.run::<_, StoreError>(Operation::Commit, || Ok(())).await.is_ok());
    }
    outcomes
}

#[tokio::test]
async fn one_seed_brings_the_same_faults_and_another_seed_others() {
    let rates = FaultRates { fail_before: 0.2, fail_after: 0.2, ..FaultRates::default() };
    let first = outcomes(&FaultPlan::random(clock(), 7, rates)).await;

    assert_eq!(first, outcomes(&FaultPlan::random(clock(), 7, rates)).await);
    assert_ne!(first, outcomes(&FaultPlan::random(clock(), 8, rates)).await);
    assert!(first.contains(&true) && first.contains(&false));
}

#[tokio::test]
async fn a_crash_lasts_until_it_is_revived() {
    let plan = FaultPlan::crash_at(clock(), 3);
    let alive = outcomes(&plan).await;
    plan.revive();

    assert_eq!(alive.iter().filter(|ok| **ok).count(), 1);
    assert_eq!(plan.steps(), 3);
    assert!(outcomes(&plan).await.iter().all(|ok| *ok));
}

#[tokio::test]
async fn each_operation_takes_a_step_before_and_a_step_after_its_effect() {
    let mut done = Vec::new();
    for step in 0..3 {
        let plan = FaultPlan::crash_at(clock(), step);
        let effect = AtomicBool::new(false);
        let told = plan.run::<_, StoreError>(Operation::Commit, || Ok(effect.swap(true, Ordering::Relaxed))).await;
        done.push((effect.into_inner(), told.is_ok()));
    }

    assert_eq!(done, [(false, false), (true, false), (true, true)]);
}

#[tokio::test]
async fn an_injected_fault_befalls_the_next_operation_of_its_kind_alone() {
    let plan = FaultPlan::counting(clock());
    plan.inject(Operation::Publish, Fault::FailBefore);

    assert_eq!(plan.enter(Operation::Commit).await, Ok(None));
    assert_eq!(plan.enter(Operation::Publish).await, Err(Injected(Fault::FailBefore)));
    assert_eq!(plan.enter(Operation::Publish).await, Ok(None));
}
