//! Processes that restart one after the other, in order, fail no request.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures::future::{join, join_all};

use crate::market::{Market, User, eventually};
use crate::programs::{Program, each_for_itself};

/// So many rounds of requests between two restarts.
const SOME: usize = 20;

/// Restarts one process after the other while requests are made, and then has the requests stop.
pub(crate) async fn restart_in_turn(
    binary: &str,
    programs: impl IntoIterator<Item = &Program>,
    (done, stop): (&AtomicUsize, &AtomicBool),
) {
    let some_more = async || {
        let wanted = done.load(Ordering::SeqCst) + SOME;
        eventually(async || done.load(Ordering::SeqCst), |done| *done >= wanted).await;
    };
    for program in programs {
        some_more().await;
        program.restart_by(binary).await;
    }
    some_more().await;
    stop.store(true, Ordering::SeqCst);
}

/// Asks without a pause, until it is told to stop; tells what was not answered as it should be.
pub(crate) async fn ask(
    market: &Market,
    (buyer, ticket): (&User, &serde_json::Value),
    (done, stop): (&AtomicUsize, &AtomicBool),
) -> Vec<String> {
    let mut failures = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let read = market.get("/api/tickets").send().await;
        let order = market.try_to_buy(buyer, ticket).await;
        let payment = market.pay(buyer, &order.body).await;
        if [&read, &order, &payment].map(|reply| reply.status.as_u16()) != [200, 201, 201] {
            failures.push(format!("{read:?} {order:?} {payment:?}"));
        }
        done.fetch_add(1, Ordering::SeqCst);
    }
    failures
}

/// Requests wait for a restart however long it takes on this machine.
pub(crate) const PATIENT: [(&str, &str); 3] =
    [("TICKETING_RESTART_WAIT", "10m"), ("TICKETING_REPLICA_WAIT", "10m"), ("TICKETING_REQUEST_TIMEOUT", "15m")];

#[tokio::test]
async fn a_restart_fails_no_request() {
    let programs = each_for_itself(&PATIENT).await.warmed_up().await;
    programs
        .prove(async |market: &Market| {
            let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
            let ticket = market.sell(&sally, 1000).await;
            market.buy(&ben, &ticket).await;
            let (done, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
            let in_turn =
                ["tickets", "orders", "payments", "expiration", "accounts"].map(|service| programs.of(service));

            let requests = join_all((0..4).map(|_| ask(market, (&ben, &ticket), (&done, &stop))));
            let restarts = restart_in_turn(Program::CURRENT, in_turn, (&done, &stop));

            assert_eq!(join(requests, restarts).await.0.concat(), [""; 0]);
        })
        .await;
}

/// A load balancer before two doors hands a request to the second if the first does not take it.
async fn ask_either(
    doors: [&Market; 2],
    (buyer, ticket): (&User, &serde_json::Value),
    (done, stop): (&AtomicUsize, &AtomicBool),
) {
    for [first, other] in [doors, [doors[1], doors[0]]].into_iter().cycle() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let reply = match first.ordering(buyer, ticket).send_if_taken().await {
            Some(reply) => reply,
            None => other.ordering(buyer, ticket).send_if_taken().await.expect("one of two doors is open"),
        };
        assert_eq!(reply.status, 201, "{reply:?}");
        done.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn front_doors_restart_one_after_the_other() {
    let programs = each_for_itself(&PATIENT).await.warmed_up().await;
    let second = programs.another_front_door().await;
    programs
        .prove(async |market: &Market| {
            let (sally, ben) = (market.sign_up("sally").await, market.sign_up("ben").await);
            let ticket = market.sell(&sally, 1000).await;
            market.buy(&ben, &ticket).await;
            let other = Market::at(&second.address());
            let (done, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
            let doors = [programs.all.last().expect("a front door"), &second];

            let requests = join_all((0..4).map(|_| ask_either([market, &other], (&ben, &ticket), (&done, &stop))));

            join(requests, restart_in_turn(Program::CURRENT, doors, (&done, &stop))).await;
        })
        .await;
}
