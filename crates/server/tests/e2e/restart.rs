//! Services that restart one after the other, in order, fail no request.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures::future::{join, join_all};

use crate::market::{Market, User, eventually};
use crate::programs::each_for_itself;

/// So many rounds of requests between two restarts.
const SOME: usize = 20;

/// Asks without a pause, until it is told to stop; tells what was not answered as it should be.
async fn ask(
    market: &Market,
    (buyer, ticket): (&User, &serde_json::Value),
    (done, stop): (&AtomicUsize, &AtomicBool),
) -> Vec<String> {
    let mut failures = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let read = market.get("/api/tickets").send().await;
        let change = market.try_to_order(buyer, ticket).await;
        if (read.status.as_u16(), change.status.as_u16()) != (200, 201) {
            failures.push(format!("{read:?} {change:?}"));
        }
        done.fetch_add(1, Ordering::SeqCst);
    }
    failures
}

#[tokio::test]
async fn a_restart_fails_no_request() {
    let programs = each_for_itself().await.warmed_up().await;
    programs
        .prove(async |market: &Market| {
            let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
            let ticket = market.sell(&sally, 1000).await;
            market.order(&ben, &ticket).await;
            let (done, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
            let reach =
                async |count: usize| eventually(async || done.load(Ordering::SeqCst), |done| *done >= count).await;

            let requests = join_all((0..4).map(|_| ask(market, (&ben, &ticket), (&done, &stop))));
            let restarts = async {
                for service in ["tickets", "orders", "accounts"] {
                    reach(done.load(Ordering::SeqCst) + SOME).await;
                    let program = programs.all.iter().find(|program| program.name == service);
                    program.expect("a process").restart().await;
                }
                reach(done.load(Ordering::SeqCst) + SOME).await;
                stop.store(true, Ordering::SeqCst);
            };

            assert_eq!(join(requests, restarts).await.0.concat(), [""; 0]);
        })
        .await;
}
