//! A process may die at any await: what it committed stays, what it did not is gone, and the next one goes on.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use ticketing_core::domain::event_facts::EventFacts;
use ticketing_core::domain::ticket::{Schedule, TicketStatus};
use ticketing_core::ports::clock::Clock;
use ticketing_core::usecase::admissions::{CheckIn, ShownPass};
use ticketing_core::usecase::tickets::{CallOffTicket, RescheduleTicket, UpdateTicket, WithdrawTicket};
use ticketing_memory::FaultPlan;

use crate::invariants::Told;
use crate::market::{Engines, HOLD, Process, account, key, offer};

/// What one process does before it dies; it notes what it was told.
type Scenario = for<'a> fn(&'a mut Process, &'a mut Told) -> BoxFuture<'a, ()>;

/// A ticket on sale and an order of it, known to every service.
async fn prepared() -> (Engines, Told) {
    let engines = Engines::new();
    let mut market = engines.start(&FaultPlan::none());
    let ticket = market.sell(7, 3).await.expect("a ticket").ticket.id;
    market.settle().await.expect("no faults");
    let order = market.order(1, ticket, 1).await.expect("a place").id;
    market.settle().await.expect("no faults");
    (engines, Told { tickets: vec![ticket], orders: vec![order], paid: Vec::new() })
}

/// Runs a scenario once to count its steps, then crashes at each of them and starts a second process.
async fn survives_a_crash_anywhere(scenario: Scenario) {
    let (engines, mut told) = prepared().await;
    let counting = FaultPlan::counting(Arc::new(engines.clock.clone()));
    scenario(&mut engines.start(&counting), &mut told).await;
    assert!(counting.steps() > 1, "the scenario does something");

    for step in 0..counting.steps() {
        let (engines, mut told) = prepared().await;
        let crash = FaultPlan::crash_at(Arc::new(engines.clock.clone()), step);
        scenario(&mut engines.start(&crash), &mut told).await;
        engines.check_always(&told).await;

        engines.start(&FaultPlan::none()).recover().await;
        engines.check_at_rest(&told).await;
    }
}

/// Every event that the process can still move is moved; a crash on the way is what this is about.
async fn settle_or_die(market: &mut Process) {
    if let Err(death) = market.settle().await {
        assert!(death.contains("fault"), "it died of something else: {death}");
    }
}

macro_rules! survives {
    ($(#[$doc:meta])* $name:ident, |$market:ident, $told:ident| $scenario:block) => {
        $(#[$doc])*
        #[tokio::test]
        async fn $name() {
            fn scenario<'a>($market: &'a mut Process, $told: &'a mut Told) -> BoxFuture<'a, ()> {
                Box::pin(async move {
                    $scenario
                    settle_or_die($market).await;
                })
            }
            survives_a_crash_anywhere(scenario).await;
        }
    };
}

survives!(selling_survives_a_crash_anywhere, |market, told| {
    if let Ok(listing) = market.sell(7, 5).await {
        told.tickets.push(listing.ticket.id);
    }
});

survives!(updating_survives_a_crash_anywhere, |market, told| {
    let ticket = told.ticket();
    let command = UpdateTicket::new(ticket, account(7), offer(2, 1500)).expected(vec![1]);
    let updated = market.tickets.update_ticket(command, market.origin()).await;
    assert!(updated.is_err() || updated.is_ok_and(|listing| listing.ticket.version == 2));
});

survives!(withdrawing_survives_a_crash_anywhere, |market, told| {
    let command = WithdrawTicket::new(told.ticket(), account(7));
    let withdrawn = market.tickets.withdraw_ticket(command, market.origin()).await;
    let listing = market.engines.clone().start(&FaultPlan::none()).tickets.ticket(told.ticket()).await;
    // Told or not, it is wholly withdrawn or wholly on sale.
    assert!(withdrawn.is_err() || listing.is_ok_and(|listing| listing.available() == 0));
});

survives!(ordering_survives_a_crash_anywhere, |market, told| {
    if let Ok(order) = market.order_as(2, Some(key("k")), told.ticket(), 2).await {
        told.orders.push(order.id);
    }
});

survives!(cancelling_survives_a_crash_anywhere, |market, told| {
    let cancelled = market.cancel(1, told.order()).await.is_ok();
    let orders = market.engines.all_orders().await;
    assert!(!cancelled || orders.iter().all(|order| order.pay_by().is_err()));
});

survives!(paying_survives_a_crash_anywhere, |market, told| {
    if market.pay(1, told.order(), "tok_visa").await.is_ok_and(|payment| payment.version > 0) {
        told.paid.push(told.order());
    }
});

survives!(a_declined_card_survives_a_crash_anywhere, |market, told| {
    assert!(
        market.pay(1, told.order(), "tok_chargeDeclined").await.is_err() || market.engines.gateway.charges().is_empty()
    );
});

survives!(a_silent_gateway_survives_a_crash_anywhere, |market, told| {
    if market.pay(1, told.order(), "tok_timeout").await.is_ok() {
        market.engines.clock.advance(Duration::from_secs(40));
    }
});

survives!(expiring_survives_a_crash_anywhere, |market, told| {
    assert_eq!(told.orders.len(), 1);
    market.engines.clock.advance(HOLD);
    settle_or_die(market).await;
});

survives!(a_whole_purchase_survives_a_crash_anywhere, |market, told| {
    if let Ok(order) = market.order(3, told.ticket(), 1).await {
        told.orders.push(order.id);
        settle_or_die(market).await;
        if market.pay(3, order.id, "tok_visa").await.is_ok_and(|payment| payment.version > 0) {
            told.paid.push(order.id);
        }
    }
});

survives!(calling_off_survives_a_crash_anywhere, |market, told| {
    // The prepared order stays held; this one is paid.
    if let Ok(order) = market.order(3, told.ticket(), 1).await {
        told.orders.push(order.id);
        settle_or_die(market).await;
        if market.pay(3, order.id, "tok_visa").await.is_ok_and(|payment| payment.version > 0) {
            told.paid.push(order.id);
        }
        settle_or_die(market).await;
    }
    let command = CallOffTicket::new(told.ticket(), account(7));
    let called_off = market.tickets.call_off_ticket(command, market.origin()).await.is_ok();
    settle_or_die(market).await;
    let listing = market.engines.clone().start(&FaultPlan::none()).tickets.ticket(told.ticket()).await;
    assert!(!called_off || listing.is_ok_and(|listing| listing.ticket.status == TicketStatus::CalledOff));
});

survives!(ending_the_orders_of_a_call_off_that_was_missed_survives_a_crash_anywhere, |market, told| {
    // The prepared order stays held; this one is paid.
    if let Ok(order) = market.order(3, told.ticket(), 1).await {
        told.orders.push(order.id);
        settle_or_die(market).await;
        if market.pay(3, order.id, "tok_visa").await.is_ok_and(|payment| payment.version > 0) {
            told.paid.push(order.id);
        }
        settle_or_die(market).await;
    }
    market.call_off_unheard(7, told.ticket()).await;
});

survives!(rescheduling_and_giving_back_survives_a_crash_anywhere, |market, told| {
    if market.pay(1, told.order(), "tok_visa").await.is_ok_and(|payment| payment.version > 0) {
        told.paid.push(told.order());
    }
    settle_or_die(market).await;
    let elsewhere = EventFacts { title: "Opera".into(), venue: Some("Arena".into()), ..EventFacts::default() };
    let to = Schedule { event: elsewhere.into(), sales_end_at: None };
    let rescheduled = RescheduleTicket::new(told.ticket(), account(7), to);
    drop(market.tickets.reschedule_ticket(rescheduled, market.origin()).await);
    settle_or_die(market).await;
    let given_back = market.orders.give_back_order(told.order(), account(1), market.origin()).await;
    assert!(given_back.is_err() || given_back.is_ok_and(|order| order.payment().is_err()));
});

survives!(a_check_in_survives_a_crash_anywhere, |market, told| {
    if market.pay(1, told.order(), "tok_visa").await.is_ok_and(|payment| payment.version > 0) {
        told.paid.push(told.order());
    }
    settle_or_die(market).await;
    let passes = market.admissions.passes_of(told.order(), account(1)).await.unwrap_or_default();
    let Some(pass) = passes.first() else { return };
    let check_in = || CheckIn::new(account(7), told.ticket(), ShownPass::Code(pass.coded.code));
    let let_in = market.admissions.check_in(check_in(), market.origin()).await.is_ok();
    let after = market.engines.clone().start(&FaultPlan::none());
    let again = after.admissions.check_in(check_in(), after.origin()).await;
    // Told or not, one person is let in; nobody is let in twice.
    assert!(!let_in || again.is_err());
});

/// The clock of a crashed process does not stand still for the others.
#[tokio::test]
async fn a_lease_of_a_dead_relay_runs_out() {
    let (engines, told) = prepared().await;
    let crash = FaultPlan::counting(Arc::new(engines.clock.clone()));
    let mut dying = engines.start(&crash);
    dying.cancel(1, told.order()).await.expect("no faults yet");
    crash.crash();
    settle_or_die(&mut dying).await;
    let before = engines.clock.now();

    engines.start(&FaultPlan::none()).recover().await;

    assert!(engines.clock.now() > before);
    engines.check_at_rest(&told).await;
}
