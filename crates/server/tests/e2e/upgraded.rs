//! The release before this one is upgraded on its own data while people buy, and is put back.

use std::sync::atomic::{AtomicBool, AtomicUsize};

use futures::future::{join, join_all};
use serde_json::Value;

use crate::market::{Market, User};
use crate::programs::{Program, Programs, SIGNED, each_by};
use crate::restart::{PATIENT, ask, restart_in_turn};

/// Readers before writers: who follows the events of another service is upgraded before it.
const IN_TURN: [&str; 5] = ["expiration", "payments", "orders", "tickets", "accounts"];

/// One process after another becomes the program of that release while somebody buys; no request fails.
async fn replace_all(market: &Market, programs: &Programs, binary: &str, bought: (&User, &Value)) {
    let (done, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let find = |service| programs.of(service);
    let requests = join_all((0..2).map(|_| ask(market, bought, (&done, &stop))));
    let restarts = restart_in_turn(binary, IN_TURN.map(find), (&done, &stop));
    assert_eq!(join(requests, restarts).await.0.concat(), [""; 0]);
    // Two front doors would fail no request either.
    find("web").restart_by(binary).await;
}

/// Nothing is wrong, unreadable or parked for either release.
fn is_sound(program: &Program, old: &str) {
    for binary in [Program::CURRENT, old] {
        let audit = program.operate_by(binary, &["audit"], &[]);
        assert!(audit.status.success(), "{binary}: {audit:?}");
    }
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "who runs the tests has to know that this one did not run")]
async fn a_release_is_upgraded_and_rolled_back_while_people_buy() {
    let Ok(old) = std::env::var("TICKETING_OLD_BINARY") else {
        eprintln!("NOT RUN: the upgrade from the last release; .ci/upgrade builds that release and runs this");
        return;
    };
    let programs = each_by(&old, &PATIENT, &[SIGNED]).await.warmed_up().await;
    programs
        .prove(async |market: &Market| {
            let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
            let ticket = market.sell(&sally, 1000).await;
            let first = market.buy(&ben, &ticket).await;

            for binary in [Program::CURRENT, &old] {
                replace_all(market, &programs, binary, (&ben, &ticket)).await;
                assert_eq!(market.order(&ben, &first).await["id"], first["id"], "{binary}");
                is_sound(&programs.all[1], &old);
            }
        })
        .await;
}
