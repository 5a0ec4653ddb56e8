//! What repeats goes on after failures, and stops in order with nothing left half done.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use ticketing_core::domain::order::OrderStatus;
use ticketing_core::flow::shutdown::shutdown;
use ticketing_memory::FaultPlan;

use crate::market::{Engines, account, in_time};

fn spawn(task: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
    let task = tokio::spawn(task);
    async move { task.await.expect("a loop does not panic") }.boxed()
}

#[tokio::test]
async fn a_running_marketplace_needs_nobody_to_step_it_and_stops_clean() {
    let engines = Engines::new();
    let process = engines.start_running(&FaultPlan::none());
    let (stop, stopped) = shutdown();
    let running = tokio::spawn(process.loops.run(engines.world.clone(), stopped, &spawn));
    let origin = || ticketing_core::wire::Origin::new(uuid::Uuid::nil());

    let listing = in_time(&engines.clock, process.tickets.create_ticket(engines.create(7, 1), origin())).await.unwrap();
    let command = engines.place(1, listing.ticket.id);
    let order = in_time(&engines.clock, process.orders.place_order(command, origin())).await.unwrap();
    let paid = in_time(&engines.clock, process.payments.pay_order(engines.pay(1, order.id), origin())).await.unwrap();
    stop.request();
    in_time(&engines.clock, running).await.unwrap();

    assert!(paid.version == 1 && engines.payments.outbox().is_empty() && engines.orders.outbox().is_empty());
}

#[tokio::test]
async fn a_loop_that_failed_goes_on() {
    let engines = Engines::new();
    let faults = FaultPlan::counting(std::sync::Arc::new(engines.clock.clone()));
    let process = engines.start_running(&faults);
    let (_stop, stopped) = shutdown();
    tokio::spawn(process.loops.run(engines.world.clone(), stopped, &spawn));
    let origin = || ticketing_core::wire::Origin::new(uuid::Uuid::nil());
    let listing = in_time(&engines.clock, process.tickets.create_ticket(engines.create(7, 1), origin())).await.unwrap();
    faults.crash();
    in_time(&engines.clock, pass(&engines, 100)).await;
    faults.revive();
    in_time(&engines.clock, pass(&engines, 20)).await;

    let command = engines.place(1, listing.ticket.id);
    let order = in_time(&engines.clock, process.orders.place_order(command, origin())).await.unwrap();
    in_time(&engines.clock, pass(&engines, 1000)).await;

    let order = process.orders.order(order.id, account(1)).await.unwrap();
    assert!(matches!(order.status, OrderStatus::Cancelled { .. }), "its timer fired: {order:?}");
}

/// Lets seconds pass, one by one, and everybody do what they do in each.
async fn pass(engines: &Engines, seconds: u64) {
    for _ in 0..seconds {
        engines.clock.advance(Duration::from_secs(1));
        for _ in 0..32 {
            tokio::task::yield_now().await;
        }
    }
}
