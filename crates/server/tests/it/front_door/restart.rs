//! A service that restarts in order fails no request.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures::future::{join, join_all};
use serde_json::json;
use ticketing_conformance::sample::free_address;

use super::backend::front_door;
use crate::app::{PASSWORD, TestApp};
use crate::process::Program;

/// So many requests each way, before and after.
const SOME: usize = 40;

/// Asks without a pause, until it is told to stop; tells what was not answered as it should be.
async fn ask(app: &TestApp, (number, done): (usize, &AtomicUsize), stop: &AtomicBool) -> Vec<String> {
    let mut failures = Vec::new();
    for turn in 0.. {
        if stop.load(Ordering::SeqCst) {
            return failures;
        }
        let email = format!("somebody-{number}-{turn}@example.org");
        let read = app.get("/api/tickets").send().await;
        let change = app.post("/api/users/signup").json(&json!({"email": email, "password": PASSWORD})).send().await;
        if (read.status.as_u16(), change.status.as_u16()) != (200, 201) {
            failures.push(format!("{read:?} {change:?}"));
        }
        done.fetch_add(1, Ordering::SeqCst);
    }
    failures
}

async fn reach(done: &AtomicUsize, count: usize) {
    while done.load(Ordering::SeqCst) < count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_restart_fails_no_request() {
    let program = Program::start_at(&free_address().to_string());
    let address = program.address.clone();
    let app = front_door(TestApp::start().await, &address, |_| {});
    let (done, stop) = (AtomicUsize::new(0), AtomicBool::new(false));

    let requests = join_all((0..6).map(|number| ask(&app, (number, &done), &stop)));
    let restart = async {
        reach(&done, SOME).await;
        let again = tokio::task::spawn_blocking(move || {
            program.signal("TERM");
            let (code, log) = program.end();
            assert_eq!(code, Some(0), "{log}");
            Program::start_at(&address)
        });
        let again = again.await.expect("a restart");
        reach(&done, done.load(Ordering::SeqCst) + SOME).await;
        stop.store(true, Ordering::SeqCst);
        again
    };
    let (failures, program) = join(requests, restart).await;

    assert_eq!(failures.concat(), [""; 0]);
    program.signal("TERM");
    assert_eq!(program.end().0, Some(0));
}
