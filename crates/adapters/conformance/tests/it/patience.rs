//! How long a rule waits for what must happen.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ticketing_conformance::limits::a_denied_try_costs_nothing;
use ticketing_conformance::report;
use ticketing_core::ports::limits::{LimitError, Quota, RateLimiter, Verdict};

use crate::world::World;

mod as_set {
    use super::{Duration, World};

    ticketing_conformance::limits!(World::default(), patience = Duration::from_secs(60));
}

/// A limiter that never answers.
#[derive(Debug)]
struct Silent;

#[async_trait]
impl RateLimiter for Silent {
    async fn check(&self, _key: &str, _quota: Quota) -> Result<Verdict, LimitError> {
        pending().await
    }
}

#[test]
fn a_rule_gives_up_when_its_patience_ends() {
    let world = World { limiter: Arc::new(Silent), ..World::default() };
    let patience = Duration::from_millis(50);
    let began = Instant::now();

    let rule = async { a_denied_try_costs_nothing(&world).await };
    let run = || report::test("limits", "a_denied_try_costs_nothing", patience, rule);
    let told = catch_unwind(AssertUnwindSafe(run)).expect_err("nothing answers");

    let told = told.downcast_ref::<String>().expect("a message");
    assert_eq!(told, "broken: waited 50ms in vain for this: the limiter answers");
    assert!((patience..Duration::from_secs(20)).contains(&began.elapsed()), "it waited {:?}", began.elapsed());
}
