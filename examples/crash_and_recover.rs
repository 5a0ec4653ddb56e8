//! Kills a process at every single step of a purchase, and shows that the next one puts everything right.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use ticketing_core::assembly::{Loops, Settings};
use ticketing_core::domain::ids::AccountId;
use ticketing_core::domain::order::OrderStatus;
use ticketing_core::domain::ticket::{Offer, OfferInput};
use ticketing_core::domain::time::Timestamp;
use ticketing_core::ports::clock::ClockAndIds;
use ticketing_core::ports::gateway::CardToken;
use ticketing_core::ports::order_store::OrderStore;
use ticketing_core::ports::store::Page;
use ticketing_core::usecase::orders::{Orders, PlaceOrder};
use ticketing_core::usecase::payments::{PayOrder, Payments};
use ticketing_core::usecase::tickets::{CreateTicket, Tickets};
use ticketing_core::wire::Origin;
use ticketing_memory::{FaultPlan, ManualClock, MemoryEngines, SandboxGateway, SequentialIds};
use tokio::task::JoinSet;
use uuid::Uuid;

type Failure = Box<dyn Error + Send + Sync>;

/// One process on engines that outlive it.
struct Process {
    tickets: Tickets,
    orders: Orders,
    payments: Payments,
    loops: Loops,
    _batchers: JoinSet<()>,
}

fn start(engines: &MemoryEngines, faults: &FaultPlan) -> Result<Process, Failure> {
    let mine = engines.with_faults(faults);
    let market = mine.service_context(Settings::default());
    let (tickets, ticket_loops) = market.tickets(mine.ticket_ports())?;
    let (orders, order_loops) = market.orders(mine.order_ports())?;
    let (payments, payment_loops) = market.payments(mine.payment_ports(), Arc::new(mine.gateway.clone()))?;
    let expiration_loops = market.expiration(mine.expiration_ports())?;
    let mut loops = ticket_loops.and(order_loops).and(payment_loops).and(expiration_loops);
    let mut batchers = JoinSet::new();
    for batcher in loops.take_batchers() {
        batchers.spawn(batcher.run());
    }
    Ok(Process { tickets, orders, payments, loops, _batchers: batchers })
}

/// Sells one place and pays it; stops at the first failure, as a dying process does.
async fn purchase(process: &mut Process) -> Result<(), Failure> {
    let [seller, buyer] = [1, 2].map(|n| AccountId::new(Uuid::from_u128(n)));
    let origin = || Origin::new(Uuid::nil());
    let opera =
        OfferInput { title: "Così fan tutte", amount: 4500, currency: "EUR", quantity: 1, ..OfferInput::default() };
    let offer = Offer::parse(opera)?;
    let ticket = process.tickets.create_ticket(CreateTicket::new(seller, offer), origin()).await?.ticket.id;
    process.loops.settle().await?;
    let place = PlaceOrder::new(buyer, ticket);
    let order = process.orders.place_order(place, origin()).await?.id;
    process.loops.settle().await?;
    let pay = PayOrder::new(buyer, order, CardToken::new(SandboxGateway::VISA));
    process.payments.pay_order(pay, origin()).await?;
    Ok(process.loops.settle().await?)
}

/// Runs a second process until nothing is left open.
async fn recover(engines: &MemoryEngines, clock: &ManualClock) -> Result<(), Failure> {
    let mut process = start(engines, &FaultPlan::none())?;
    for _ in 0..20 {
        clock.advance(Duration::from_secs(60));
        process.loops.settle().await?;
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let (mut step, mut completed) = (0, 0);
    loop {
        let clock = ManualClock::new(Timestamp::from_millis(1_800_000_000_000));
        let env = ClockAndIds { clock: Arc::new(clock.clone()), ids: Arc::new(SequentialIds::new()) };
        let engines = MemoryEngines::new(env);
        let crash = FaultPlan::crash_at(Arc::new(clock.clone()), step);
        let survived = purchase(&mut start(&engines, &crash)?).await.is_ok();
        recover(&engines, &clock).await?;

        let orders = engines.orders.orders_of(AccountId::new(Uuid::from_u128(2)), Page::first(9)).await?;
        assert!(orders.iter().all(|order| order.pay_by().is_err()), "no order waits for ever");
        let sold = orders.iter().filter(|order| matches!(order.status, OrderStatus::Completed { .. })).count();
        let kept = engines.gateway.total_captured() - engines.gateway.total_refunded();
        assert_eq!(kept, 4500 * sold as u64, "the bank holds what the completed orders cost");
        completed += sold;
        if survived {
            println!("killed at each of {step} steps: {completed} purchases completed, the rest left nothing behind");
            return Ok(());
        }
        step += 1;
    }
}
